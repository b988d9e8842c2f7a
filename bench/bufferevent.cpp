// bufferevent - poetry servers in the usual style of libevent's bufferevents: one that serves a
// file, a proxy that keeps the poem, and a proxy that fetches it anew for each client.
#include <cstdint>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <iostream>
#include <string>
#include <vector>

#include "bench/peers.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

namespace {

event_base* base = nullptr;
std::string poem;
twist::SocketAddress upstream;
std::vector<bufferevent*> waiting; // the proxy's clients, until it has the first poem

bufferevent* new_bufferevent(evutil_socket_t fd) {
    return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
}

// Sending everything, then closing ---------------------------------------------------------------

void free_when_sent(bufferevent* client, void*) {
    if (evbuffer_get_length(bufferevent_get_output(client)) == 0)
        bufferevent_free(client);
}

void free_at_event(bufferevent* client, short, void*) {
    bufferevent_free(client);
}

void close_when_sent(bufferevent* client) {
    bufferevent_setcb(client, nullptr, free_when_sent, free_at_event, nullptr);
    bufferevent_disable(client, EV_READ);
    bufferevent_enable(client, EV_WRITE);
}

void send_poem(bufferevent* client) {
    bufferevent_write(client, poem.data(), poem.size());
    close_when_sent(client);
}

// The server -------------------------------------------------------------------------------------

void serve(evconnlistener*, evutil_socket_t fd, sockaddr*, int, void*) {
    send_poem(new_bufferevent(fd));
}

// The proxy that keeps the poem ------------------------------------------------------------------

void keep_poem(bufferevent* server, short events, void*) {
    if (!(events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
        return;
    evbuffer* const input = bufferevent_get_input(server);
    if (events & BEV_EVENT_EOF)
        poem.assign(reinterpret_cast<char*>(evbuffer_pullup(input, -1)),
                    evbuffer_get_length(input));
    bufferevent_free(server);
    for (bufferevent* const client : std::exchange(waiting, {}))
        send_poem(client);
}

void serve_kept(evconnlistener*, evutil_socket_t fd, sockaddr*, int, void*) {
    bufferevent* const client = new_bufferevent(fd);
    if (!poem.empty()) {
        std::cout << "Using cached poem." << std::endl; // as our proxy does
        return send_poem(client);
    }
    std::cout << "Fetching poem from server." << std::endl;
    waiting.push_back(client);
    if (waiting.size() > 1)
        return;
    bufferevent* const server = new_bufferevent(-1);
    bufferevent_setcb(server, nullptr, nullptr, keep_poem, nullptr);
    bufferevent_enable(server, EV_READ);
    bufferevent_socket_connect(server, upstream.data(), static_cast<int>(upstream.size()));
}

// The proxy through which every poem passes ------------------------------------------------------

void pass_on(bufferevent* server, void* client) {
    bufferevent_read_buffer(server, bufferevent_get_output(static_cast<bufferevent*>(client)));
}

void end_of_poem(bufferevent* server, short events, void* client) {
    if (!(events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
        return;
    pass_on(server, client);
    bufferevent_free(server);
    close_when_sent(static_cast<bufferevent*>(client));
    free_when_sent(static_cast<bufferevent*>(client), nullptr);
}

void serve_passing(evconnlistener*, evutil_socket_t fd, sockaddr*, int, void*) {
    bufferevent* const client = new_bufferevent(fd);
    bufferevent* const server = new_bufferevent(-1);
    bufferevent_enable(client, EV_WRITE);
    bufferevent_setcb(server, pass_on, nullptr, end_of_poem, client);
    bufferevent_enable(server, EV_READ);
    bufferevent_socket_connect(server, upstream.data(), static_cast<int>(upstream.size()));
}

int server_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string what = "serve";
    twist::CommandLine command_line("[options] poetry-file | [host:]port",
                                    "Serves a poem, or that of another server.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.choice("as", what, {"serve", "proxy", "pass"}, "what to be (default: serve)");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 1)
        command_line.fail("Provide exactly one poetry file or address.");
    if (what == "serve")
        poem = twist::read_file(arguments[0]);
    else
        upstream = twist::numeric(twist::parse_address(command_line, arguments[0])).at(0);

    const twist::FileDescriptor listener = bench::listening(port);
    base = event_base_new();
    evconnlistener_new(base,
                       what == "serve"   ? serve
                       : what == "proxy" ? serve_kept
                                         : serve_passing,
                       nullptr, LEV_OPT_CLOSE_ON_EXEC, 0, listener.get());
    bench::say_where("Serving " + arguments[0], listener);
    return event_base_dispatch(base);
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, server_main);
}
