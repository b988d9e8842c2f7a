// A log with timestamps: "2026-11-21 10:00:00+0000 [-] message".
// Replaces twisted.python.log's startLogging and FileLogObserver.
#pragma once

#include <string>
#include <string_view>

#include "twist/base/file_descriptor.hpp"
#include "twist/base/log.hpp"

namespace twist::log {

/// Writes a line to the newest LogFile, if there is one. Never throws. (log.msg)
void msg(std::string_view text) noexcept;

/// While it lives, messages and reports go to it (startLogging). LogFiles nest like Redirects.
class LogFile {
  public:
    /// Appends to the file `path`, and creates it if needed. Never waits for another program: it
    /// refuses a FIFO and a socket, and a terminal that accepts nothing loses lines. "-" is
    /// stdout, which may wait for its reader. Throws SystemError.
    explicit LogFile(std::string path);
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    /// One message: a line, or several lines, of which all but the first begin with a tab. It is
    /// written at once, in one piece. If it can't be written, it is lost.
    void write(std::string_view text);

    /// Opens the path again, after the file was moved away. If that fails, throws SystemError and
    /// keeps the old file.
    void reopen();

    int fileno() const { return file_ ? file_.get() : 1; }

  private:
    std::string path_;
    FileDescriptor file_; // none: stdout
    LogFile* before_;
    Redirect reports_;
};

} // namespace twist::log
