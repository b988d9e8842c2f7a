#include "application/pid_file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "twist/program/file.hpp"

namespace twist {

namespace {

[[noreturn]] void refuse(const std::string& path) {
    throw Exception("Not a pid file, so it is left alone: " + path);
}

[[noreturn]] void cannot_make(const std::string& path) {
    throw_last_error("Can't make the pid file " + path);
}

// The number in the file; "" if the file is empty.
std::string read_pid(const FileDescriptor& file, const std::string& path) {
    std::array<char, 16> text{};
    const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
    if (size == -1)
        cannot_make(path);
    std::string pid(text.data(), static_cast<std::size_t>(size));
    if (pid.ends_with('\n'))
        pid.pop_back();
    if (pid.find_first_not_of("0123456789") != std::string::npos)
        refuse(path);
    return pid;
}

} // namespace

PidFile::PidFile(std::string path) : path_(std::move(path)) {
    do {
        file_ = FileDescriptor(
            ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
        if (!file_)
            cannot_make(path_);
        if (file_type(file_) != S_IFREG)
            refuse(path_);
        if (::flock(file_.get(), LOCK_EX | LOCK_NB) == -1) {
            if (errno != EWOULDBLOCK)
                cannot_make(path_);
            const std::string pid = read_pid(file_, path_);
            throw AlreadyRunningError(pid.empty() ? "not written yet" : pid);
        }
    } while (!is_ours()); // its last owner removed it between our two calls

    read_pid(file_, path_);
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file_.get(), 0) == -1 ||
        ::pwrite(file_.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
        cannot_make(path_);
}

PidFile::~PidFile() {
    if (is_ours() && ::unlink(path_.c_str()) == -1 && ::ftruncate(file_.get(), 0) == -1)
        return; // neither is possible: without the lock the file counts as stale
}

bool PidFile::is_ours() const {
    struct stat opened {
    }, there{};
    return ::fstat(file_.get(), &opened) == 0 && ::lstat(path_.c_str(), &there) == 0 &&
           opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

} // namespace twist
