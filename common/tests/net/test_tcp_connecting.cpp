// R36, R37: an attempt to connect succeeds or fails, and when its result comes.
#include <cstdint>
#include <fstream>
#include <memory>
#include <net/if.h>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/child.hpp"
#include "common/tests/connecting.hpp"
#include "common/tests/network.hpp"
#include "common/tests/resolving.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/resolver.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

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

/// From now on every name has the addresses `all`.
void install_addresses(Reactor& reactor, const std::vector<Address>& all) {
    Addresses addresses;
    for (const Address& address : all)
        addresses.push_back(numeric(address).at(0));
    install_resolver(reactor)->always = addresses;
}

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
