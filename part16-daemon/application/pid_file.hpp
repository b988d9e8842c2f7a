// A file that says which process a daemon is, and keeps a second one from starting beside it.
// Stands for twistd's --pidfile.
#pragma once

#include <string>

#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"

namespace twist {

/// The pid file belongs to a process that lives.
struct AlreadyRunningError : Exception {
    explicit AlreadyRunningError(const std::string& pid)
        : Exception("Another server is running, PID " + pid + ".") {}
};

/// While it lives, the file holds the number of this process and a lock. The kernel drops the lock
/// when the process has ended, however it did, and with it all children that it had forked. A file
/// without one is stale, and is replaced, even if its number has been given to another process
/// since.
class PidFile {
  public:
    /// Throws AlreadyRunningError; SystemError if the file can't be made; Exception if there is one
    /// that is nothing of ours: with something else in it than a number, or no regular file.
    explicit PidFile(std::string path);

    /// Removes the file, if it is still ours; empties it where it may not be removed.
    ~PidFile();
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

  private:
    bool is_ours() const;

    std::string path_;
    FileDescriptor file_;
};

} // namespace twist
