// R41, R42: ports, and the clients that they accept.
#include <algorithm>
#include <fcntl.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/shutdown.hpp"
#include "twist/async/stop_listening.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

bool is_refused(const Address& address) {
    try {
        connect_bare(address);
        return false;
    } catch (const SystemError& error) {
        return error.code() == std::errc::connection_refused;
    }
}

bool has_ipv6() {
    const FileDescriptor socket(::socket(AF_INET6, SOCK_STREAM, 0));
    const SocketAddress here = numeric({"::1", 0}).at(0);
    return socket && ::bind(socket.get(), here.data(), here.size()) == 0;
}

} // namespace

TEST_CASE("R41: a used port throws CannotListenError at once; the factory is not started") {
    Reports reports;
    Reactor reactor;
    Diary diary;
    const BareServer used;
    try {
        listen_tcp(reactor, used.address(), std::make_shared<Server>(diary, "server"));
        FAIL_CHECK("the port was free");
    } catch (const CannotListenError& error) {
        CHECK(error.what() ==
              "Couldn't listen on " + to_string(used.address()) + ": 98: Address already in use.");
        CHECK(error.code() == std::errc::address_in_use);
    }
    CHECK(diary.text() == "");
    CHECK(reactor.descriptors().empty());
}

TEST_CASE("R41: by default a port listens on all interfaces") {
    Reactor reactor;
    const auto port = listen_tcp(reactor, {"", 0}, std::make_shared<Server>());
    CHECK(port->get_host().host == "0.0.0.0");
    CHECK(port->get_host().port != 0);
    connect_bare({"127.0.0.1", port->get_host().port});
    connect_bare({"127.0.0.2", port->get_host().port});
}

TEST_CASE("R41: listen_tcp can be limited to one interface") {
    Reactor reactor;
    const auto port = listen_tcp(reactor, {"localhost", 0}, std::make_shared<Server>());
    CHECK(port->get_host().host == "127.0.0.1");
    CHECK(is_refused({"127.0.0.2", port->get_host().port}));
    CHECK_THROWS_AS(listen_tcp(reactor, {"192.0.2.1", 0}, std::make_shared<Server>()),
                    CannotListenError);
}

TEST_CASE("R41: a name would block the loop, so listen_tcp refuses it there") {
    Reports reports;
    Reactor reactor;
    std::string told;
    reactor.call_when_running([&] {
        try {
            listen_tcp(reactor, {"poems.invalid", 0}, std::make_shared<Server>());
        } catch (const std::logic_error& error) {
            told = error.what();
        }
        CHECK(listen_tcp(reactor, {"localhost", 0}, std::make_shared<Server>()));
        CHECK(listen_tcp(reactor, {"", 0}, std::make_shared<Server>()));
        reactor.stop();
    });
    run(reactor);
    CHECK(told == "listen_tcp: to look up poems.invalid would stop the loop. "
                  "Give its number, or listen before run().");
}

TEST_CASE("R42: stop_listening fires its Deferred; connections stay, new ones are refused") {
    Reports reports;
    Reactor reactor;
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto port = listen_anywhere(reactor, server);
    const Address address = port->get_host();
    const FileDescriptor peer = connect_bare(address);
    server->on.connection_made = [&](auto&) {
        stop_listening(*port).add_callback([&] {
            diary.note("stopped");
            CHECK(is_refused(address));
            send_to(peer, "still here?");
        });
        CHECK_FALSE(diary.has("stopped"));
        const auto again = stop_listening(*port);
        CHECK_FALSE(again.called());
        again.add_callback([&] {
            diary.note("stopped again");
            CHECK(is_refused(address));
        });
        const auto not_any_more = stop_listening(*port);
        not_any_more.add_errback([](const Failure&) {});
        not_any_more.cancel();
    };
    server->on.data_received = [](auto& transport, std::string_view) {
        transport->write("yes");
        transport->lose_connection();
    };
    server->on.connection_lost = [&](auto&, const Failure&) { reactor.stop(); };
    run(reactor);
    CHECK(read_to_end(peer) == "yes");
    CHECK(diary.text() == "server start_factory, server build_protocol, server connection_made, "
                          "server stop_factory, stopped, stopped again, "
                          "server data_received still here?, "
                          "server connection_lost ConnectionDone");
    CHECK(stop_listening(*port).called());
}

TEST_CASE("R42: the factory stops when the last of its ports has closed") {
    Reactor reactor;
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto first = listen_anywhere(reactor, server);
    const auto second = listen_anywhere(reactor, server);
    CHECK(diary.text() == "server start_factory");
    stop_listening(*first).add_callback([&] {
        diary.note("first");
        stop_listening(*second).add_callback([&] {
            diary.note("second");
            reactor.stop();
        });
    });
    run(reactor);
    CHECK(diary.text() == "server start_factory, first, server stop_factory, second");
    CHECK(reactor.descriptors().empty());
    CHECK(server.use_count() == 1);
}

TEST_CASE("R42: a port lives without its handle, and can be closed while many clients wait") {
    Reports reports;
    Reactor reactor;
    int built = 0;
    const auto server = std::make_shared<Server>();
    std::vector<FileDescriptor> peers;
    Address address;
    std::weak_ptr<Port> weak;
    {
        const auto port = listen_anywhere(reactor, server);
        weak = port;
        address = port->get_host();
    }
    for (int i = 0; i < 20; ++i)
        peers.push_back(connect_bare(address));
    server->on.build_protocol = [&](auto&) {
        ++built;
        stop_listening(*weak.lock()).add_callback([&] { reactor.stop(); });
    };
    run(reactor);
    CHECK(built == 1); // the others are turned away
    CHECK(weak.expired());
    CHECK(is_refused(address));
}

TEST_CASE("R42: stop_listening can be a trigger before the shutdown") {
    Reports reports;
    Reactor reactor;
    Diary diary;
    const auto port = listen_anywhere(reactor, std::make_shared<Server>(diary, "server"));
    before_shutdown(reactor, [&] { return stop_listening(*port); });
    reactor.add_system_event_trigger(Reactor::Shutdown::during, [&] { diary.note("during"); });
    reactor.call_later(0s, [&] { reactor.stop(); });
    run(reactor);
    CHECK(diary.text() == "server start_factory, server stop_factory, during");
}

TEST_CASE("a factory that builds no protocol turns its client away") {
    Reports reports;
    Reactor reactor;
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto port = listen_anywhere(reactor, server);
    const FileDescriptor peer = connect_bare(port->get_host());
    server->on.builds = false;
    server->on.build_protocol = [&](auto&) { after_turns(reactor, 1, [&] { reactor.stop(); }); };
    run(reactor);
    CHECK(read_to_end(peer) == "");
    CHECK_FALSE(diary.has("connection_made"));
}

TEST_CASE("thousands of clients may wait; some are accepted in each turn") {
    Reports reports;
    Reactor reactor;
    const auto server = std::make_shared<Server>();
    const auto port = listen_anywhere(reactor, server);
    std::vector<FileDescriptor> peers;
    for (int i = 0; i < 200; ++i)
        peers.push_back(connect_bare(port->get_host()));
    int accepted = 0, this_turn = 0, most = 0;
    server->on.connection_made = [&](auto&) {
        if (++this_turn == 1)
            reactor.call_at_end_of_turn([&] {
                most = std::max(most, this_turn);
                this_turn = 0;
            });
        if (++accepted == 200)
            reactor.stop();
    };
    run(reactor);
    CHECK(accepted == 200);
    CHECK(most <= 8);
}

TEST_CASE("a port can listen on IPv6") {
    if (!has_ipv6()) {
        MESSAGE("SKIPPED: there is no ::1 on this machine");
        return;
    }
    Reports reports;
    Reactor reactor;
    const auto server = std::make_shared<Server>();
    const auto client = std::make_shared<Client>();
    const auto port = listen_tcp(reactor, {"::1", 0}, server);
    CHECK(port->get_host().host == "::1");
    CHECK(to_string(port->get_host()) == "[::1]:" + std::to_string(port->get_host().port));
    std::string got;
    server->on.connection_made = [](auto& transport) {
        CHECK(transport->get_peer().host == "::1");
        transport->write("hello");
        transport->lose_connection();
    };
    client->on.data_received = [&](auto& transport, std::string_view data) {
        CHECK(transport->get_peer() == port->get_host());
        got += data;
    };
    client->on.client_connection_lost = [&](auto&, const Failure&) { reactor.stop(); };
    connect_tcp(reactor, port->get_host(), client);
    run(reactor);
    CHECK(got == "hello");
}

TEST_CASE("adopt_tcp serves on a socket that already listens, and closes it at the end") {
    Reports reports;
    Reactor reactor;
    Diary diary;
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0)); // it blocks, and survives an exec
    REQUIRE(::listen(socket.get(), 16) == 0);
    const int fd = socket.get();
    const Address here("127.0.0.1", SocketAddress::local(fd).address().port);
    const auto early = connect_bare(here); // before the server runs
    const auto factory = std::make_shared<Server>(diary, "server");
    const auto port = adopt_tcp(reactor, std::move(socket), factory);
    CHECK(port->get_host().port == here.port);
    CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    factory->on.connection_made = [&](const TransportPtr& transport) {
        transport->write("hello");
        transport->lose_connection();
    };
    factory->on.connection_lost = [&](auto&, auto&) {
        stop_listening(*port).add_callback([&] { reactor.stop(); });
    };
    run(reactor);
    CHECK(read_to_end(early) == "hello");
    CHECK(is_refused(here));
    CHECK(diary.text() == "server start_factory, server build_protocol, server connection_made, "
                          "server connection_lost ConnectionDone, server stop_factory");
}

TEST_CASE("adopt_tcp refuses a descriptor that does not listen for TCP") {
    Reactor reactor;
    const auto adopt = [&](FileDescriptor fd) {
        adopt_tcp(reactor, std::move(fd), std::make_shared<Server>());
    };
    CHECK_THROWS_AS(adopt(FileDescriptor()), CannotListenError);
    CHECK_THROWS_AS(adopt(FileDescriptor(::open("/dev/null", O_RDONLY))), CannotListenError);
    CHECK_THROWS_AS(adopt(FileDescriptor(::socket(AF_INET, SOCK_STREAM, 0))), CannotListenError);
    CHECK_THROWS_AS(adopt(FileDescriptor(::socket(AF_INET, SOCK_DGRAM, 0))), CannotListenError);
    FileDescriptor local(::socket(AF_UNIX, SOCK_STREAM, 0));
    const sockaddr autobind{AF_UNIX, {}};
    REQUIRE(::bind(local.get(), &autobind, sizeof autobind.sa_family) == 0);
    REQUIRE(::listen(local.get(), 1) == 0);
    CHECK_THROWS_AS(adopt(std::move(local)), CannotListenError);
    CHECK(reactor.descriptors().empty());
}
