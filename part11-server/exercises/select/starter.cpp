// slowpoetry - serves a poem to all clients at once, a few bytes at a time, by select(2).
#include "twist/base/error.hpp"
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
#include <sys/select.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

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

struct Client {
    twist::FileDescriptor sock;
    twist::Seconds due; // when its next piece is due, by monotonic_time
    std::size_t sent = 0;
    bool done = false;
};

// Sends the next piece. False if it was the last one, or if the client has left.
bool send_piece(Client& client, const std::string& poem, std::size_t num_bytes) {
    const std::string piece = poem.substr(client.sent, num_bytes);
    const ssize_t size =
        ::send(client.sock.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size == -1)
        return twist::last_error() == std::errc::operation_would_block; // it reads too slowly
    client.sent += static_cast<std::size_t>(size);
    return client.sent < poem.size();
}

timeval as_timeval(twist::Seconds time) {
    const auto whole = static_cast<time_t>(time.count());
    const double rest = time.count() - static_cast<double>(whole);
    return {whole, static_cast<suseconds_t>(rest * 1e6)};
}

[[noreturn]] void serve(const twist::FileDescriptor& listen_socket, const std::string& poem,
                        std::size_t num_bytes, twist::Seconds delay) {
    std::vector<Client> clients;
    for (;;) {
        // TODO: wait until a client connects or a piece is due, and send all pieces that are due.
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(listen_socket.get(), &readable);
        timeval time_out = as_timeval(delay);
        if (::select(listen_socket.get() + 1, &readable, nullptr, nullptr, &time_out) == -1)
            throw twist::Exception("select: " + twist::describe(twist::last_error()) + ".");
        if (!FD_ISSET(listen_socket.get(), &readable))
            continue;
        clients.push_back({twist::FileDescriptor(::accept(listen_socket.get(), nullptr, nullptr)),
                           twist::monotonic_time()});
        while (send_piece(clients.back(), poem, num_bytes))
            std::this_thread::sleep_for(delay);
        clients.pop_back();
    }
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    twist::Seconds delay(0.1);
    std::size_t num_bytes = 10;
    twist::CommandLine command_line("[options] poetry-file",
                                    "Serves a poem slowly, to any number of clients.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    command_line.option("delay", delay, "the wait after every chunk (default: 0.1)");
    command_line.option("num-bytes", num_bytes, "the bytes in a chunk (default: 10)");
    const std::string poetry_file = twist::parse_poetry_file(command_line, argc, argv);

    const std::string poem = twist::read_file(poetry_file);
    const twist::FileDescriptor sock = listen_on({iface, port});
    std::cout << "Serving " << poetry_file << " on port "
              << twist::SocketAddress::local(sock.get()).address().port << '.' << std::endl;
    serve(sock, poem, num_bytes, delay);
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
