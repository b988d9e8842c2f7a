// libevent-client - downloads poems with events and recv, and prints them: the smallest useful
// client on libevent.
#include <cerrno>
#include <deque>
#include <event2/event.h>
#include <iostream>
#include <string>

#include "bench/peers.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

namespace {

struct Download {
    twist::FileDescriptor socket;
    event* readable = nullptr;
    std::string poem = {};
    bool complete = false;
};

void receive(evutil_socket_t fd, short, void* argument) {
    static char buffer[65536];
    auto& download = *static_cast<Download*>(argument);
    const ssize_t size = ::recv(fd, buffer, sizeof buffer, 0);
    if (size > 0) {
        download.poem.append(buffer, static_cast<std::size_t>(size));
        return;
    }
    if (size == -1 && twist::would_block(errno))
        return;
    download.complete = size == 0;
    event_free(download.readable);
    download.socket.close();
}

int client_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[[host]:]port ...", "Downloads poems by bare libevent.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);
    event_base* const base = event_base_new();
    std::deque<Download> downloads; // a deque never moves them
    for (const twist::Address& address : addresses) {
        const twist::SocketAddress server = twist::numeric(address).at(0);
        Download& download = downloads.emplace_back(twist::FileDescriptor(
            ::socket(server.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
        const int fd = download.socket.get();
        if (::connect(fd, server.data(), server.size()) == -1 && errno != EINPROGRESS)
            throw twist::SystemError("Can't connect", twist::last_error());
        download.readable = event_new(base, fd, EV_READ | EV_PERSIST, receive, &download);
        event_add(download.readable, nullptr);
    }
    event_base_dispatch(base); // until no event is left
    event_base_free(base);

    bool complete = true;
    for (const Download& download : downloads) {
        std::cout << download.poem << '\n';
        complete = complete && download.complete;
    }
    return complete ? 0 : 1;
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, client_main);
}
