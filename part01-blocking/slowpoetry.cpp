// slowpoetry - serves a poem, a few bytes at a time, to one client after the other.
// Answers blocking-server/slowpoetry.py
#include "twist/base/file_descriptor.hpp"
#include "twist/base/seconds.hpp"
#include "twist/net/address.hpp"
#include "twist/net/error.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>

twist::FileDescriptor listen_on(const twist::Address& address) {
    auto addresses = twist::numeric(address, "0.0.0.0");
    if (addresses.empty())
        addresses = twist::look_up(address);
    const twist::SocketAddress& here = addresses.front();
    twist::FileDescriptor sock(::socket(here.family(), SOCK_STREAM, 0));
    const int yes = 1;
    if (!sock || ::setsockopt(sock.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == -1 ||
        ::bind(sock.get(), here.data(), here.size()) == -1 || ::listen(sock.get(), SOMAXCONN) == -1)
        throw twist::CannotListenError(twist::to_string(address), twist::last_error());
    return sock;
}

// Returns when everything is sent, or when a send fails because the client has left. The first send
// to a client that has left still succeeds: only the answer to it tells the kernel.
void send_poetry(const twist::FileDescriptor& sock, const std::string& poetry_file,
                 std::size_t num_bytes, twist::Seconds delay) {
    const std::string poem = twist::read_file(poetry_file);
    for (std::string_view rest = poem; !rest.empty();) {
        const std::string_view bytes = rest.substr(0, num_bytes);
        std::cout << "Sending " << bytes.size() << " bytes" << std::endl;
        const ssize_t sent = ::send(sock.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent == -1)
            return;
        rest.remove_prefix(static_cast<std::size_t>(sent));
        std::this_thread::sleep_for(delay);
    }
}

[[noreturn]] void serve(const twist::FileDescriptor& listen_socket, const std::string& poetry_file,
                        std::size_t num_bytes, twist::Seconds delay) {
    for (;;) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        auto* const address = reinterpret_cast<sockaddr*>(&peer);
        const twist::FileDescriptor sock(::accept(listen_socket.get(), address, &size));
        if (!sock)
            continue; // the client left while it waited
        std::cout << "Somebody at " << twist::SocketAddress(address, size).address()
                  << " wants poetry!" << std::endl;
        try {
            send_poetry(sock, poetry_file, num_bytes, delay);
        } catch (const twist::SystemError& error) {
            std::cerr << "slowpoetry: " << error.what() << std::endl;
        }
    }
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    twist::Seconds delay(0.1);
    std::size_t num_bytes = 10;
    twist::CommandLine command_line("[options] poetry-file",
                                    "Serves a poem slowly, to one client at a time.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    command_line.option("delay", delay, "the wait after every chunk (default: 0.1)");
    command_line.option("num-bytes", num_bytes, "the bytes in a chunk (default: 10)");
    const std::string poetry_file = twist::parse_poetry_file(command_line, argc, argv);
    twist::read_file(poetry_file); // reports an unreadable file now, not at the first client

    const twist::FileDescriptor sock = listen_on({iface, port});
    std::cout << "Serving " << poetry_file << " on port "
              << twist::SocketAddress::local(sock.get()).address().port << '.' << std::endl;
    serve(sock, poetry_file, num_bytes, delay);
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
