// The startup code that the programs of bench/ share. It is not measured.
#pragma once

#include <iostream>
#include <string>
#include <sys/socket.h>

#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/net/address.hpp"

namespace bench {

/// A non-blocking socket that listens on this machine; port 0 means any free port.
inline twist::FileDescriptor listening(std::uint16_t port) {
    twist::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const twist::SocketAddress here = twist::numeric({"localhost", port}).front();
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket.get(), here.data(), here.size()) == -1 ||
        ::listen(socket.get(), SOMAXCONN) == -1)
        throw twist::SystemError("Can't listen", twist::last_error());
    return socket;
}

/// Prints the server's address for the process that started it.
inline void say_where(const std::string& what, const twist::FileDescriptor& socket) {
    std::cout << what << " on " << twist::SocketAddress::local(socket.get()).address() << '.'
              << std::endl;
}

} // namespace bench
