#include "application/log_file.hpp"

#include <array>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <iostream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "twist/base/error.hpp"
#include "twist/program/file.hpp"

namespace twist::log {

namespace {

thread_local LogFile* newest = nullptr;

FileDescriptor open_log(const std::string& path) {
    if (path == "-")
        return {};
    const std::string failed = "Can't open the log " + path;
    // Without O_NONBLOCK, opening a FIFO waits for a reader.
    FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666));
    if (!file && errno != ENXIO) // ENXIO: a FIFO without a reader, or a socket
        throw_last_error(failed);
    if (const mode_t type = file ? file_type(file) : 0; type != S_IFREG && type != S_IFCHR)
        throw SystemError(failed + ": it is neither a regular file nor a device like /dev/null.",
                          std::make_error_code(std::errc::invalid_argument));
    return file;
}

std::string time_stamp() {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    std::array<char, 40> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S%z", &local)};
}

} // namespace

void msg(std::string_view text) noexcept {
    try {
        if (newest != nullptr)
            newest->write(text);
    } catch (...) {
        std::cerr << "A message could not be logged.\n";
    }
}

LogFile::LogFile(std::string path)
    : path_(std::move(path)), file_(open_log(path_)), before_(std::exchange(newest, this)),
      reports_([this](const Report& report) { write(report.why + ": " + report.failure.text()); }) {
}

LogFile::~LogFile() {
    newest = before_;
}

void LogFile::write(std::string_view text) {
    std::string line = time_stamp() + " [-] ";
    for (const char c : text)
        line += c == '\n' ? std::string("\n\t") : std::string(1, c);
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t written = ::write(fileno(), rest.data(), rest.size());
        if (written == -1 && errno != EINTR)
            return;
        if (written > 0)
            rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

void LogFile::reopen() {
    file_ = open_log(path_);
}

} // namespace twist::log
