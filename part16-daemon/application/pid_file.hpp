// A file that holds a daemon's process number, and keeps a second daemon from starting.
// Replaces twistd's --pidfile.
#pragma once

#include <string>

#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"

namespace twist {

/// The pid file belongs to a running process.
struct AlreadyRunningError : Exception {
    explicit AlreadyRunningError(const std::string& pid)
        : Exception("Another server is running, PID " + pid + ".") {}
};

/// While it lives, the file has the number of this process and a lock. The kernel drops the lock
/// when the process and all children that it forked have ended, however they end. A file without
/// a lock is stale and is replaced, even if another process has its number now.
class PidFile {
  public:
    /// Throws AlreadyRunningError; SystemError if the file can't be made; Exception if there is a
    /// file that is not ours: it contains something other than a number, or is not a regular file.
    explicit PidFile(std::string path);

    /// Removes the file if it is still ours; empties it if it may not be removed.
    ~PidFile();
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

  private:
    bool is_ours() const;

    std::string path_;
    FileDescriptor file_;
};

} // namespace twist
