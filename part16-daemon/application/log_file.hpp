// A log with time stamps: "2026-11-21 10:00:00+0000 [-] message".
// Stands for twisted.python.log's startLogging and FileLogObserver.
#pragma once

#include <string>
#include <string_view>

#include "twist/base/file_descriptor.hpp"
#include "twist/base/log.hpp"

namespace twist::log {

/// Writes a line into the newest LogFile; where there is none, nothing. Never throws. (log.msg)
void msg(std::string_view text) noexcept;

/// While it lives, messages and reports go to it (startLogging). They nest like Redirects.
class LogFile {
  public:
    /// Appends to the file `path`, which is made if it is not there. Never waits for somebody else:
    /// a FIFO and a socket are refused, and a terminal that takes nothing loses lines. "-" is
    /// stdout, which may wait for its reader. Throws SystemError.
    explicit LogFile(std::string path);
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    /// One message: a line, or several of which all but the first begin with a tab. It is written
    /// at once, in one piece. What can't be written is lost.
    void write(std::string_view text);

    /// Opens the path anew: somebody has moved the file away. Throws SystemError, and stays with
    /// the file that it has.
    void reopen();

    int fileno() const { return file_ ? file_.get() : 1; }

  private:
    std::string path_;
    FileDescriptor file_; // none: stdout
    LogFile* before_;
    Redirect reports_;
};

} // namespace twist::log
