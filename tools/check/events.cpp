#include "tools/check/events.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct event_base;

namespace {

std::string port_of(const sockaddr* address) {
    if (address != nullptr && address->sa_family == AF_INET)
        return std::to_string(ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port));
    return "?";
}

// "recv(5): 10 bytes"; a call that only says "later" is not an event.
ssize_t told(const char* name, int fd, ssize_t size) {
    const int error = errno;
    if (size >= 0 || (error != EAGAIN && error != EWOULDBLOCK))
        check::event(std::string(name) + "(" + std::to_string(fd) +
                     "): " + (size >= 0 ? std::to_string(size) + " bytes" : std::strerror(error)));
    errno = error;
    return size;
}

} // namespace

extern "C" {

int __real_connect(int fd, const sockaddr* address, socklen_t size);
int __wrap_connect(int fd, const sockaddr* address, socklen_t size) {
    check::event("connect(" + std::to_string(fd) + ") to port " + port_of(address));
    return __real_connect(fd, address, size);
}

int __real_accept4(int fd, sockaddr* address, socklen_t* size, int flags);
int __wrap_accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    const int accepted = __real_accept4(fd, address, size, flags);
    const int error = errno;
    if (accepted >= 0)
        check::event("accept4(" + std::to_string(fd) + "): " + std::to_string(accepted));
    errno = error;
    return accepted;
}

ssize_t __real_recv(int fd, void* data, size_t size, int flags);
ssize_t __wrap_recv(int fd, void* data, size_t size, int flags) {
    return told("recv", fd, __real_recv(fd, data, size, flags));
}

ssize_t __real_send(int fd, const void* data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void* data, size_t size, int flags) {
    return told("send", fd, __real_send(fd, data, size, flags));
}

ssize_t __real_sendmsg(int fd, const msghdr* message, int flags);
ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
    return told("sendmsg", fd, __real_sendmsg(fd, message, flags));
}

int __real_close(int fd);
int __wrap_close(int fd) {
    check::event("close(" + std::to_string(fd) + ")");
    return __real_close(fd);
}

int __real_event_base_loop(event_base* base, int flags);
int __wrap_event_base_loop(event_base* base, int flags) {
    check::event("--- the loop looks at the descriptors");
    return __real_event_base_loop(base, flags);
}
}
