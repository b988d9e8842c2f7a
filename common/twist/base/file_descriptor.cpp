#include "twist/base/file_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "twist/base/error.hpp"

namespace twist {

void FileDescriptor::close() {
    if (fd_ != -1)
        ::close(std::exchange(fd_, -1));
}

void FileDescriptor::set_nonblocking() {
    const int flags = ::fcntl(fd_, F_GETFL);
    if (flags == -1 || ::fcntl(fd_, F_SETFL, flags | O_NONBLOCK) == -1)
        throw_last_error("Could not make a descriptor non-blocking");
}

} // namespace twist
