// R36 to R40: the results of connect_tcp, and when they come.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <net/if.h>
#include <optional>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/child.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/resolving.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/resolver.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

/// A reactor, and a factory that is about to connect. The reactor stops with the factory.
struct Net {
    Net() {
        client->on.stop_factory = [this] { reactor.stop(); };
    }
    std::shared_ptr<Connector> connect(const Address& address, Seconds timeout = 30s) {
        return connect_tcp(reactor, address, client, timeout);
    }

    Reports reports;
    Diary diary;
    Reactor reactor;
    std::shared_ptr<Client> client = std::make_shared<Client>(diary, "client");
};

/// The diary of a connection that succeeds and is closed.
const std::string a_whole_connection =
    "client start_factory, client started_connecting, client build_protocol, "
    "client connection_made, client connection_lost ConnectionDone, "
    "client client_connection_lost ConnectionDone, client stop_factory";

/// One server closes every connection at once, the other keeps it open.
std::shared_ptr<Port> listen_and_close(Reactor& reactor) {
    const auto server = std::make_shared<Server>();
    server->on.connection_made = [](const TransportPtr& t) { t->lose_connection(); };
    return listen_anywhere(reactor, server);
}
std::shared_ptr<Port> listen_and_hold(Reactor& reactor) {
    return listen_anywhere(reactor, std::make_shared<Server>());
}

/// A port whose queue in the kernel is full: new connections get no answer.
class FullServer {
  public:
    Address address() const { return server_.address(); }

  private:
    BareServer server_{BareServer::Does::listen, 0};
    FileDescriptor only_one_ = connect_bare(server_.address());
};

/// Moves this process into a network of its own, where the kernel picks ports from `first` to
/// `last`. Returns false if that is not allowed.
bool enter_network_with_ports(int first, int last) {
    if (::unshare(CLONE_NEWNET) == -1 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
        return false;
    const FileDescriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{};
    loopback.ifr_name[0] = 'l';
    loopback.ifr_name[1] = 'o';
    loopback.ifr_flags = IFF_UP;
    std::ofstream ports("/proc/sys/net/ipv4/ip_local_port_range");
    ports << first << ' ' << last << std::flush;
    return ::ioctl(any.get(), SIOCSIFFLAGS, &loopback) == 0 && ports.good();
}
constexpr int not_allowed = 200;

/// Answers every name with the result that the test sets, or not at all.
class TestResolver final : public DeferredResolver {
  public:
    Deferred<Addresses> answer(const Address&) override {
        look_ups.emplace_back();
        if (always)
            look_ups.back().callback(*always);
        return look_ups.back();
    }

    std::optional<Result<Addresses>> always;
    std::vector<Deferred<Addresses>> look_ups; // once cancelled, each ignores one answer
};

std::shared_ptr<TestResolver> install_resolver(Reactor& reactor) {
    const auto resolver = std::make_shared<TestResolver>();
    twist::install_resolver(reactor, resolver);
    return resolver;
}

/// From now on every name has the addresses `all`.
void install_addresses(Reactor& reactor, const std::vector<Address>& all) {
    Addresses addresses;
    for (const Address& address : all)
        addresses.push_back(numeric(address).at(0));
    install_resolver(reactor)->always = addresses;
}

const Address unreachable{"255.255.255.255", 9}; // connect(2) refuses it at once
const Address by_name{"poems.test", 80};

} // namespace

// R36 ---------------------------------------------------------------------------------------------

TEST_CASE("R36: success comes later, never inside connect_tcp; the calls come in order") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    net.connect(port->get_host());
    CHECK(net.diary.text() == "client start_factory, client started_connecting");
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
}

TEST_CASE("R36: failure, too, comes later, however soon it is known") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    const auto resolver = install_resolver(net.reactor);
    Address address = by_name;
    std::string error = "ConnectionRefusedError";
    SUBCASE("nobody listens") {
        address = refusing.address();
    }
    SUBCASE("connect(2) fails at once") {
        address = unreachable;
        error = "ConnectError";
    }
    SUBCASE("a name is unknown, and the resolver says so at once") {
        resolver->always = Failure(DNSLookupError("poems.test"));
        error = "DNSLookupError";
    }
    SUBCASE("a name has no address") {
        resolver->always = Addresses();
        error = "DNSLookupError";
    }
    SUBCASE("a name has an address where nobody listens") {
        install_addresses(net.reactor, {refusing.address()});
    }
    net.connect(address);
    CHECK(net.diary.take() == "client start_factory, client started_connecting");
    run(net.reactor);
    CHECK(net.diary.text() == "client client_connection_failed " + error + ", client stop_factory");
}

TEST_CASE("R36: the time limit is 30 s by default") {
    Net net;
    const FullServer full;
    const Seconds now = net.reactor.seconds();
    const auto connector = connect_tcp(net.reactor, full.address(), net.client);
    REQUIRE(net.reactor.delayed_calls().size() == 1);
    const Seconds timeout = net.reactor.delayed_calls().at(0).time() - now;
    CHECK(timeout >= 30s);
    CHECK(timeout < 60s);
    net.client->on.stop_factory = nullptr;
    connector->disconnect();
    CHECK(net.reactor.delayed_calls().empty());
}

TEST_CASE("a negative time-out is refused, and nothing begins") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    CHECK_THROWS_AS(net.connect(refusing.address(), -1s), std::invalid_argument);
    CHECK(net.diary.text() == "");
    CHECK(net.reactor.delayed_calls().empty());
    CHECK(net.client.use_count() == 1);
}

// R37 ---------------------------------------------------------------------------------------------

TEST_CASE("R37: if nobody listens, the reason is ConnectionRefusedError") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    net.client->on.client_connection_failed = [](Connector&, const Failure& reason) {
        CHECK(reason.message() == "Connection was refused by other side: 111: Connection refused.");
        CHECK(reason.check<ConnectError>());
    };
    net.connect(refusing.address());
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client client_connection_failed ConnectionRefusedError, "
                              "client stop_factory");
}

TEST_CASE("R37: a socket that the kernel connects to itself is refused; its port is free again") {
    const int result = in_a_child([] {
        constexpr std::uint16_t port = 40000;
        if (!enter_network_with_ports(port, port + 1))
            return not_allowed;
        FileDescriptor bare = connect_bare({"127.0.0.1", port});
        if (SocketAddress::local(bare.get()).address().port != port)
            return 1; // the kernel did not connect it to itself: there is nothing to test
        const linger at_once{1, 0};
        ::setsockopt(bare.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        bare.close();

        Net net;
        bool is_free = false;
        net.client->on.client_connection_failed = [&](Connector&, const Failure& reason) {
            const FileDescriptor next(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const SocketAddress here = numeric({"127.0.0.1", port}).at(0);
            is_free = reason.message() == "Connection was refused by other side: "
                                          "111: Connection refused." &&
                      ::bind(next.get(), here.data(), here.size()) == 0;
        };
        net.connect({"127.0.0.1", port});
        run(net.reactor);
        if (net.diary.text() != "client start_factory, client started_connecting, "
                                "client client_connection_failed ConnectionRefusedError, "
                                "client stop_factory")
            return 2;
        return is_free ? 0 : 3;
    });
    if (result == not_allowed)
        MESSAGE("SKIPPED: this process may not have a network of its own");
    else
        CHECK(result == 0);
}

TEST_CASE("R37: if nobody answers, the reason is ConnectTimeoutError") {
    Net net;
    const FullServer full;
    net.client->on.client_connection_failed = [](Connector&, const Failure& reason) {
        CHECK(reason.check<ConnectError>());
    };
    const Seconds before = net.reactor.seconds();
    net.connect(full.address(), 20ms);
    run(net.reactor);
    CHECK(net.reactor.seconds() - before >= 20ms);
    CHECK(net.diary.has("client_connection_failed ConnectTimeoutError, client stop_factory"));
    CHECK(net.reactor.descriptors().empty());
}

TEST_CASE("R37: the time limit includes the look-up; it is cancelled, and its answer ignored") {
    Net net;
    const auto port = listen_and_hold(net.reactor);
    const auto resolver = install_resolver(net.reactor);
    net.connect(by_name, 20ms);
    net.client->on.stop_factory = [&] {
        CHECK(resolver->look_ups.at(0).called()); // with a CancelledError
        resolver->look_ups.at(0).callback(numeric(port->get_host()));
        after_turns(net.reactor, 3, [&] { net.reactor.stop(); });
    };
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client client_connection_failed ConnectTimeoutError, "
                              "client stop_factory");
}

TEST_CASE("R37: all addresses of a name share the time") {
    Net net;
    const FullServer full;
    const auto port = listen_and_hold(net.reactor);
    install_addresses(net.reactor, {full.address(), port->get_host()});
    net.connect(by_name, 20ms);
    run(net.reactor);
    CHECK(net.diary.has("client_connection_failed ConnectTimeoutError, client stop_factory"));
}

TEST_CASE("R37: for an unknown name the reason is DNSLookupError, not a ConnectError") {
    Net net;
    const auto resolver = install_resolver(net.reactor);
    net.client->on.client_connection_failed = [](Connector&, const Failure& reason) {
        CHECK(reason.text() == "[Failure: DNSLookupError: DNS lookup failed: poems.test.]");
        CHECK_FALSE(reason.check<ConnectError>());
    };
    net.connect(by_name);
    net.reactor.call_later(0s,
                           [&] { resolver->look_ups.at(0).errback(DNSLookupError("poems.test")); });
    run(net.reactor);
    CHECK(net.diary.has("client_connection_failed DNSLookupError, client stop_factory"));
}

TEST_CASE("R37: the addresses of a name are tried in their order") {
    Net net;
    const BareServer first(BareServer::Does::refuse), second(BareServer::Does::refuse);
    const auto third = listen_and_close(net.reactor);
    const auto fourth = listen_and_close(net.reactor);
    install_addresses(net.reactor, {first.address(), unreachable, second.address(),
                                    third->get_host(), fourth->get_host()});
    net.client->on.build_protocol = [&](const Address& peer) { CHECK(peer == third->get_host()); };
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        CHECK(transport->get_peer() == third->get_host());
    };
    const auto connector = net.connect(by_name);
    CHECK(connector->destination() == by_name);
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
}

TEST_CASE("R37: when all addresses fail, the last error counts") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    std::string last;
    SUBCASE("refused at last") {
        install_addresses(net.reactor, {unreachable, refusing.address()});
        last = "ConnectionRefusedError";
    }
    SUBCASE("unreachable at last") {
        install_addresses(net.reactor, {refusing.address(), unreachable});
        last = "ConnectError";
    }
    net.connect(by_name);
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client client_connection_failed " +
                                  last + ", client stop_factory");
}

TEST_CASE("R37: an exception from a resolver is the reason why there is no connection") {
    class Broken final : public Resolver {
        Cancel look_up(const Address&, Found) override { throw Exception("out of order"); }
    };
    Net net;
    twist::install_resolver(net.reactor, std::make_shared<Broken>());
    net.connect(by_name);
    CHECK(net.diary.take() == "client start_factory, client started_connecting");
    run(net.reactor);
    CHECK(net.diary.text() == "client client_connection_failed Exception, client stop_factory");
}

TEST_CASE("connect_tcp works over IPv6") {
    Net net;
    std::shared_ptr<Port> port;
    try {
        port = listen_tcp(net.reactor, {"::1", 0}, std::make_shared<Server>());
    } catch (const CannotListenError& error) {
        MESSAGE("SKIPPED, there is no ::1 here: " << std::string(error.what()));
        return;
    }
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        CHECK(transport->get_peer() == port->get_host());
        CHECK(to_string(transport->get_peer()).starts_with("[::1]:"));
        CHECK(transport->get_host().host == "::1");
        transport->lose_connection();
    };
    net.connect(port->get_host());
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
}

// R38 ---------------------------------------------------------------------------------------------

TEST_CASE("R38: the end reaches the protocol, then the factory, then stop_factory") {
    Net net;
    const auto server = std::make_shared<Server>();
    std::string reason = "ConnectionDone";
    SUBCASE("the server closes") {
        server->on.connection_made = [](const TransportPtr& t) { t->lose_connection(); };
    }
    SUBCASE("the server aborts") {
        server->on.connection_made = [](const TransportPtr& t) { t->abort_connection(); };
        reason = "ConnectionLost";
    }
    SUBCASE("the client closes") {
        net.client->on.connection_made = [](const TransportPtr& t) { t->lose_connection(); };
    }
    SUBCASE("the client aborts") {
        net.client->on.connection_made = [](const TransportPtr& t) { t->abort_connection(); };
        reason = "ConnectionAborted";
    }
    const auto port = listen_anywhere(net.reactor, server);
    const auto kept = net.connect(port->get_host());
    net.client->on.client_connection_lost = [&](Connector& connector, const Failure&) {
        CHECK(&connector == kept.get());
        CHECK_THROWS_AS(connector.stop_connecting(), NotConnectingError);
        connector.disconnect();
    };
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client build_protocol, client connection_made, "
                              "client connection_lost " +
                                  reason + ", client client_connection_lost " + reason +
                                  ", client stop_factory");
}

TEST_CASE("R38: if build_protocol returns none, the connection is lost at once") {
    Net net;
    const BareServer server;
    net.client->on.builds = false;
    net.connect(server.address());
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client build_protocol, "
                              "client client_connection_lost ConnectionDone, client stop_factory");
    CHECK(read_to_end(server.accept()) == "");
}

TEST_CASE("R38: an exception from build_protocol is reported, and the attempt fails") {
    Net net;
    const BareServer server;
    net.client->on.build_protocol = [](const Address&) { throw Exception("no"); };
    net.client->on.client_connection_failed = [&](Connector& connector, const Failure& reason) {
        CHECK(reason.message() == "An error occurred while connecting: [Failure: Exception: no].");
        CHECK_THROWS_AS(connector.stop_connecting(), NotConnectingError);
        CHECK(read_to_end(server.accept()) == ""); // it is already closed
    };
    net.connect(server.address());
    run(net.reactor);
    CHECK(net.reports.take() == "Unhandled Error: [Failure: Exception: no]");
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client build_protocol, "
                              "client client_connection_failed ConnectError, client stop_factory");
}

TEST_CASE("R38: connect() throws start_factory's exception; the factory is not stopped") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    std::shared_ptr<Connector> kept;
    int starts = 0;
    net.client->on.start_factory = [&] {
        if (++starts < 4 && starts != 2)
            throw Exception("oh");
    };
    const auto stop = std::exchange(net.client->on.stop_factory, nullptr);
    CHECK_THROWS_WITH_AS(net.connect(port->get_host()), "oh", Exception);
    CHECK(net.reactor.delayed_calls().empty());
    CHECK(net.client.use_count() == 1);
    CHECK(net.diary.take() == "client start_factory");

    const auto connector = net.connect(port->get_host());
    connector->stop_connecting();
    CHECK(net.diary.take() == "client start_factory, client started_connecting, "
                              "client client_connection_failed UserError, client stop_factory");
    CHECK_THROWS_WITH_AS(connector->connect(), "oh", Exception); // again
    CHECK_THROWS_AS(connector->stop_connecting(), NotConnectingError);
    CHECK(net.diary.take() == "client start_factory");

    net.client->on.stop_factory = stop;
    connector->connect();
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
}

TEST_CASE("R38: start_factory may give up; then it is stopped, unless it throws") {
    Net net;
    const BareServer server;
    bool throws = false;
    SUBCASE("throws") {
        throws = true;
    }
    SUBCASE("does not") {}
    const auto connector = net.connect(server.address());
    net.client->on.stop_factory = nullptr;
    connector->stop_connecting();
    net.diary.take();
    net.client->on.start_factory = [&] {
        connector->stop_connecting();
        if (throws)
            throw Exception("oh");
    };
    const std::string given_up = "client start_factory, client client_connection_failed UserError";
    if (throws) {
        CHECK_THROWS_WITH_AS(connector->connect(), "oh", Exception);
        CHECK(net.diary.text() == given_up);
    } else {
        connector->connect();
        CHECK(net.diary.text() == given_up + ", client stop_factory");
    }
    CHECK(net.reactor.delayed_calls().empty());
}

TEST_CASE("R38: a factory that two connectors use starts once, and stops after the second") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    const BareServer refusing(BareServer::Does::refuse);
    int ended = 0;
    const auto end = [&](Connector&, const Failure&) { ++ended; };
    net.client->on.client_connection_lost = net.client->on.client_connection_failed = end;
    net.client->on.stop_factory = [&] {
        CHECK(ended == 2);
        net.reactor.stop();
    };
    net.connect(port->get_host());
    net.connect(refusing.address());
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client started_connecting");
    run(net.reactor);
}

TEST_CASE("R38: two hundred attempts at once, with every back end, end separately") {
    for (const std::string backend : {"epoll", "poll", "select"}) {
        CAPTURE(backend);
        Reports reports;
        Reactor reactor(backend);
        const auto port = listen_and_close(reactor);
        const BareServer refusing(BareServer::Does::refuse);
        const auto client = std::make_shared<Client>();
        int made = 0, lost = 0, failed = 0;
        client->on.connection_made = [&](const TransportPtr&) { ++made; };
        client->on.client_connection_lost = [&](Connector&, const Failure&) { ++lost; };
        client->on.client_connection_failed = [&](Connector&, const Failure&) { ++failed; };
        client->on.stop_factory = [&] { reactor.stop(); };
        for (int i = 0; i < 200; ++i)
            connect_tcp(reactor, i % 4 == 0 ? refusing.address() : port->get_host(), client);
        run(reactor);
        CHECK(made == 150);
        CHECK(lost == 150);
        CHECK(failed == 50);
    }
}

TEST_CASE("a connector without a handle is destroyed when its connection or attempt has ended") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    const auto port = listen_and_close(net.reactor);
    const std::weak_ptr<Connector> failing = net.connect(refusing.address());
    const std::weak_ptr<Connector> connecting = net.connect(port->get_host());
    CHECK_FALSE(failing.expired());
    CHECK_FALSE(connecting.expired());
    run(net.reactor);
    CHECK(failing.expired());
    CHECK(connecting.expired());
    CHECK(net.client.use_count() == 1);
    CHECK(net.reactor.delayed_calls().empty());
}

// R39 ---------------------------------------------------------------------------------------------

TEST_CASE("R39: disconnect() while connecting fails with UserError, inside the call") {
    Net net;
    const FullServer full;
    const auto resolver = install_resolver(net.reactor);
    net.client->on.stop_factory = nullptr;
    Address address = by_name;
    SUBCASE("on the way to an address") {
        address = full.address();
    }
    SUBCASE("to an unreachable address") {
        address = unreachable;
    }
    SUBCASE("during the look-up") {}
    SUBCASE("with an unknown name") {
        resolver->always = Failure(DNSLookupError("poems.test"));
    }
    const auto connector = net.connect(address);
    net.client->on.client_connection_failed = [&](Connector& c, const Failure& reason) {
        CHECK(&c == connector.get());
        CHECK(reason.check<ConnectError>());
        CHECK(reason.message() == "User aborted connection.");
    };
    net.diary.take();
    connector->disconnect();
    CHECK(net.diary.text() == "client client_connection_failed UserError, client stop_factory");
    for (const auto& look_up : resolver->look_ups)
        CHECK(look_up.called()); // with a CancelledError
    CHECK(net.reactor.delayed_calls().empty());
    CHECK(net.reactor.descriptors().empty());
    connector->disconnect(); // does nothing now
    after_turns(net.reactor, 3, [&] { net.reactor.stop(); });
    run(net.reactor);
    CHECK(net.diary.text() == "client client_connection_failed UserError, client stop_factory");
}

TEST_CASE("R39: disconnect() while connected loses the connection, later") {
    Net net;
    const BareServer server;
    const auto connector = net.connect(server.address());
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        transport->write("last words");
        connector->disconnect();
        connector->disconnect();
        CHECK_FALSE(net.diary.has("lost"));
    };
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
    CHECK(read_to_end(server.accept()) == "last words");
}

TEST_CASE("R39: in build_protocol, too; connection_made still comes, and its data is sent") {
    Net net;
    const BareServer server;
    const auto connector = net.connect(server.address());
    net.client->on.build_protocol = [&](const Address&) { connector->disconnect(); };
    net.client->on.connection_made = [](const TransportPtr& t) { t->write("last words"); };
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
    CHECK(read_to_end(server.accept()) == "last words");
}

TEST_CASE("R39: disconnect() ends this connection, not the connector's next one") {
    Net net;
    const BareServer server;
    const auto connector = net.connect(server.address());
    bool again = false;
    net.client->on.build_protocol = [&](const Address&) {
        if (!std::exchange(again, true))
            connector->disconnect();
        net.client->on.builds = !net.client->on.builds; // none first, then one
    };
    net.client->on.client_connection_lost = [&](Connector& c, const Failure&) {
        net.client->on.client_connection_lost = nullptr;
        c.disconnect(); // does nothing: there is no connection
        c.connect();
    };
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        after_turns(net.reactor, 3, [transport] { transport->abort_connection(); });
    };
    run(net.reactor);
    CHECK(net.diary.has("build_protocol, client connection_made, "
                        "client connection_lost ConnectionAborted"));
}

TEST_CASE("R39: stop_connecting() when not connecting throws NotConnectingError") {
    Net net;
    const auto port = listen_and_hold(net.reactor);
    const auto connector = net.connect(port->get_host());
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        CHECK_THROWS_AS(connector->stop_connecting(), NotConnectingError);
        transport->lose_connection();
    };
    run(net.reactor);
    CHECK_THROWS_AS(connector->stop_connecting(), NotConnectingError);
    connector->disconnect();
    CHECK(net.diary.text() == a_whole_connection);
}

TEST_CASE("R39: started_connecting may give up at once") {
    Net net;
    const auto port = listen_and_hold(net.reactor);
    net.client->on.started_connecting = [](Connector& connector) { connector.stop_connecting(); };
    net.client->on.stop_factory = nullptr;
    net.connect(port->get_host());
    const std::string all = "client start_factory, client started_connecting, "
                            "client client_connection_failed UserError, client stop_factory";
    CHECK(net.diary.text() == all);
    after_turns(net.reactor, 3, [&] { net.reactor.stop(); });
    run(net.reactor);
    CHECK(net.diary.text() == all);
}

TEST_CASE("R39, R40: giving up may begin another attempt; there is one connection") {
    Net net;
    const auto server = std::make_shared<Server>();
    int accepted = 0, attempts = 0;
    server->on.connection_made = [&](const TransportPtr& transport) {
        ++accepted;
        after_turns(net.reactor, 3, [transport] { transport->lose_connection(); });
    };
    const auto port = listen_anywhere(net.reactor, server);
    net.client->on.started_connecting = [&](Connector& connector) {
        if (++attempts == 1)
            connector.stop_connecting();
    };
    net.client->on.client_connection_failed = [](Connector& connector, const Failure&) {
        connector.connect();
    };
    net.connect(port->get_host());
    run(net.reactor);
    CHECK(accepted == 1);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client client_connection_failed UserError, "
                              "client started_connecting, client build_protocol, "
                              "client connection_made, client connection_lost ConnectionDone, "
                              "client client_connection_lost ConnectionDone, client stop_factory");
}

// R40 ---------------------------------------------------------------------------------------------

TEST_CASE("R40: client_connection_failed may connect again; the factory is not stopped") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    int attempts = 1;
    net.client->on.client_connection_failed = [&](Connector& connector, const Failure&) {
        if (++attempts <= 3)
            connector.connect();
    };
    net.connect(refusing.address());
    run(net.reactor);
    const std::string attempt = "client started_connecting, client client_connection_failed "
                                "ConnectionRefusedError, ";
    CHECK(net.diary.text() ==
          "client start_factory, " + attempt + attempt + attempt + "client stop_factory");
}

TEST_CASE("R40: client_connection_lost may connect again, too") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    int attempts = 1;
    net.client->on.client_connection_lost = [&](Connector& connector, const Failure&) {
        if (++attempts <= 3)
            connector.connect();
    };
    net.connect(port->get_host());
    run(net.reactor);
    const std::string attempt = "client started_connecting, client build_protocol, "
                                "client connection_made, client connection_lost ConnectionDone, "
                                "client client_connection_lost ConnectionDone, ";
    CHECK(net.diary.text() ==
          "client start_factory, " + attempt + attempt + attempt + "client stop_factory");
}

TEST_CASE("R40: the second attempt has its own time limit and its own look-up") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    const auto resolver = install_resolver(net.reactor);
    const auto connector = net.connect(by_name);
    net.client->on.client_connection_failed = [](Connector& c, const Failure&) { c.connect(); };
    connector->disconnect();
    CHECK(net.reactor.delayed_calls().size() == 1);
    net.reactor.call_later(0s, [&] {
        resolver->look_ups.at(0).errback(DNSLookupError("too late"));
        resolver->look_ups.at(1).callback(numeric(port->get_host()));
    });
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client client_connection_failed UserError, "
                              "client started_connecting, client build_protocol, "
                              "client connection_made, client connection_lost ConnectionDone, "
                              "client client_connection_lost ConnectionDone, client stop_factory");
}

TEST_CASE("R40: a thousand attempts that fail at once take a thousand turns, not a deep stack") {
    Net net;
    const auto resolver = install_resolver(net.reactor);
    resolver->always = Failure(DNSLookupError("poems.test"));
    int attempts = 1, depth = 0, deepest = 0;
    net.client->on.client_connection_failed = [&](Connector& connector, const Failure&) {
        deepest = std::max(++depth, deepest);
        if (++attempts <= 1000)
            connector.connect();
        --depth;
    };
    net.connect(by_name);
    run(net.reactor);
    CHECK(resolver->look_ups.size() == 1000);
    CHECK(deepest == 1);
}

TEST_CASE("R40: connect() in any other state than disconnected throws std::logic_error") {
    Net net;
    const auto port = listen_and_hold(net.reactor);
    net.client->on.started_connecting = [](Connector& connector) {
        CHECK_THROWS_AS(connector.connect(), std::logic_error);
    };
    const auto connector = net.connect(port->get_host());
    CHECK_THROWS_AS(connector->connect(), std::logic_error);
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        CHECK_THROWS_AS(connector->connect(), std::logic_error);
        transport->lose_connection();
    };
    net.client->on.connection_lost = [&](const TransportPtr&, const Failure&) {
        CHECK_THROWS_AS(connector->connect(), std::logic_error);
    };
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
}

TEST_CASE("R40: a connector that is kept can be used after its factory has stopped") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    std::shared_ptr<Connector> kept;
    net.client->on.client_connection_failed = [&](Connector& connector, const Failure&) {
        kept = connector.shared_from_this();
    };
    int rounds = 0;
    net.client->on.stop_factory = [&] {
        if (++rounds == 2)
            net.reactor.stop();
        else
            net.reactor.call_later(0s, [&] { kept->connect(); });
    };
    net.connect(refusing.address());
    run(net.reactor);
    const std::string round = "client start_factory, client started_connecting, "
                              "client client_connection_failed ConnectionRefusedError, "
                              "client stop_factory";
    CHECK(net.diary.text() == round + ", " + round);
}

TEST_CASE("R40: a reactor can stop though a factory always reconnects") {
    Net net;
    const auto again = [](Connector& connector, const Failure&) { connector.connect(); };
    net.client->on.client_connection_lost = net.client->on.client_connection_failed = again;
    const auto port = listen_and_hold(net.reactor);
    const BareServer refusing(BareServer::Does::refuse);
    const FullServer full;
    net.client->on.connection_made = [&](const TransportPtr&) { net.reactor.stop(); };
    net.client->on.stop_factory = [] { FAIL_CHECK("stopped, though it always reconnects"); };
    net.connect(port->get_host());
    for (const Address& address : {refusing.address(), unreachable, full.address()})
        net.connect(address);
    run(net.reactor);
    CHECK(net.diary.has("client_connection_lost ConnectionLost, client started_connecting"));
}

// Factories that throw ----------------------------------------------------------------------------

TEST_CASE("an exception from a factory is reported, and everything else happens as usual") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    const BareServer refusing(BareServer::Does::refuse);
    auto& on = net.client->on;
    Address address = port->get_host();
    std::string expected = a_whole_connection;
    SUBCASE("started_connecting") {
        on.started_connecting = [](Connector&) { throw Exception("oh"); };
    }
    SUBCASE("client_connection_failed") {
        on.client_connection_failed = [](Connector&, const Failure&) { throw Exception("oh"); };
        address = refusing.address();
        expected = "client start_factory, client started_connecting, "
                   "client client_connection_failed ConnectionRefusedError, client "
                   "stop_factory";
    }
    SUBCASE("client_connection_lost") {
        on.client_connection_lost = [](Connector&, const Failure&) { throw Exception("oh"); };
    }
    SUBCASE("stop_factory") {
        on.stop_factory = [&] {
            net.reactor.stop();
            throw Exception("oh");
        };
    }
    net.connect(address);
    run(net.reactor);
    CHECK(net.reports.take() == "Unhandled Error: [Failure: Exception: oh]");
    CHECK(net.diary.text() == expected);
}
