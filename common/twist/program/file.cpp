#include "twist/program/file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twist/base/error.hpp"

namespace twist {

mode_t file_type(const FileDescriptor& file) {
    struct stat status {};
    if (::fstat(file.get(), &status) == -1)
        throw_last_error("Can't tell what kind of file this is");
    return status.st_mode & S_IFMT;
}

std::string read_file(const std::string& path) {
    const std::string failed = "Can't read " + path;
    // Without O_NONBLOCK, to open a FIFO is to wait for somebody who writes into it.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file)
        throw_last_error(failed);
    if (file_type(file) != S_IFREG)
        throw SystemError(failed + ": it is not a regular file.",
                          std::make_error_code(std::errc::invalid_argument));
    std::string text;
    std::array<char, 65'536> piece{};
    for (;;) {
        const ssize_t size = ::read(file.get(), piece.data(), piece.size());
        if (size == 0)
            return text;
        if (size > 0)
            text.append(piece.data(), static_cast<std::size_t>(size));
        else if (errno != EINTR)
            throw_last_error(failed);
    }
}

} // namespace twist
