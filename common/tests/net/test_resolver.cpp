// The resolver that looks names up in threads; here it asks the test. test_names.py has real ones.
#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/door.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/resolving.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/resolver.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

/// Replaces the C library's look-up. A thread may be its last user.
class Names {
  public:
    using Zone = std::map<std::string, std::vector<std::string>>; // the numeric addresses of a name
    explicit Names(Zone zone = {}) : zone_(std::move(zone)) {}

    Addresses ask(const Address& address) {
        door.wait();
        const auto found = zone_.find(address.host);
        if (found == zone_.end())
            throw DNSLookupError(address.host);
        Addresses addresses;
        for (const std::string& number : found->second)
            addresses.push_back(numeric({number, address.port}).at(0));
        return addresses;
    }

    Door door; // where each look-up waits

  private:
    const Zone zone_;
};

/// A reactor whose resolver asks `names`.
struct Net {
    explicit Net(const Names::Zone& zone) : names(std::make_shared<Names>(zone)) {
        install_resolver(reactor, resolver);
    }
    void open() const { names->door.open(); }

    Reports reports;
    Diary diary;
    std::shared_ptr<Names> names;
    Reactor reactor;
    std::shared_ptr<ThreadedResolver> resolver = std::make_shared<ThreadedResolver>(
        reactor, [names = names](const Address& address) { return names->ask(address); });
    std::shared_ptr<Client> client = std::make_shared<Client>(diary, "client");
};

/// "127.0.0.1:80 127.0.0.2:80", or the name of the error.
std::string text(const Result<Addresses>& result) {
    if (result.is_failure())
        return name_of(result.failure());
    std::string all;
    for (const SocketAddress& address : result.value())
        all += (all.empty() ? "" : " ") + to_string(address.address());
    return all;
}

/// Fails the test if it is asked.
class NobodyAsks final : public DeferredResolver {
    Deferred<Addresses> answer(const Address& address) override {
        FAIL_CHECK("asked for " << address);
        return fail<Addresses>(DNSLookupError(address.host));
    }
};

/// A port that is open at 127.0.0.2; the same port at 127.0.0.1 refuses connections.
struct TwoHosts {
    explicit TwoHosts(Reactor& reactor, const std::shared_ptr<ServerFactory>& factory) {
        while (true) { // until a port is free at both addresses
            port = listen_tcp(reactor, {"127.0.0.2", 0}, factory);
            refusing = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const SocketAddress same = numeric({"127.0.0.1", port->get_host().port}).at(0);
            if (::bind(refusing.get(), same.data(), same.size()) == 0)
                return;
            port->stop_listening();
        }
    }
    std::shared_ptr<Port> port;
    FileDescriptor refusing;
};

} // namespace

TEST_CASE("the addresses keep their order, even those of both families") {
    std::string expected;
    std::vector<std::string> numbers;
    SUBCASE("one address") {
        numbers = {"127.0.0.1"};
        expected = "127.0.0.1:80";
    }
    SUBCASE("several addresses") {
        numbers = {"127.0.0.3", "127.0.0.1", "::1", "127.0.0.2"};
        expected = "127.0.0.3:80 127.0.0.1:80 [::1]:80 127.0.0.2:80";
    }
    Net net(Names::Zone{{"poems.test", numbers}});
    net.open();
    std::string answer;
    resolved(net.reactor, {"poems.test", 80}).add_both([&](const Result<Addresses>& result) {
        answer = text(result);
        net.reactor.stop();
    });
    CHECK(answer.empty()); // the look-up begins when the reactor runs
    run(net.reactor);
    CHECK(answer == expected);
}

TEST_CASE("R37: if the first address refuses, the second is used") {
    Reports reports;
    Diary diary;
    Reactor reactor;
    const auto server = std::make_shared<Server>();
    server->on.connection_made = [](const TransportPtr& transport) {
        transport->lose_connection();
    };
    const TwoHosts hosts(reactor, server);
    install_resolver(reactor, std::make_shared<ThreadedResolver>(reactor, [](const Address& a) {
                         return Addresses{numeric({"127.0.0.1", a.port}).at(0),
                                          numeric({"127.0.0.2", a.port}).at(0)};
                     }));
    const auto client = std::make_shared<Client>(diary, "client");
    client->on.connection_made = [&](const TransportPtr& transport) {
        CHECK(transport->get_peer() == hosts.port->get_host());
    };
    client->on.stop_factory = [&] { reactor.stop(); };
    connect_tcp(reactor, {"poems.test", hosts.port->get_host().port}, client);
    CHECK(diary.text() == "client start_factory, client started_connecting");
    run(reactor);
    CHECK(diary.text() == "client start_factory, client started_connecting, "
                          "client build_protocol, client connection_made, "
                          "client connection_lost ConnectionDone, "
                          "client client_connection_lost ConnectionDone, client stop_factory");
}

TEST_CASE("R37: a name that does not exist or has no address fails with DNSLookupError") {
    Net net(Names::Zone{{"empty.test", {}}});
    net.open();
    std::string host;
    SUBCASE("no such name") {
        host = "nowhere.test";
    }
    SUBCASE("no address") {
        host = "empty.test";
    }
    net.client->on.client_connection_failed = [&](Connector&, const Failure& reason) {
        CHECK(reason.text() == "[Failure: DNSLookupError: DNS lookup failed: " + host + ".]");
    };
    net.client->on.stop_factory = [&] { net.reactor.stop(); };
    connect_tcp(net.reactor, {host, 80}, net.client);
    run(net.reactor);
    CHECK(net.diary.has("client client_connection_failed DNSLookupError, client stop_factory"));
}

TEST_CASE("R37: if name servers never answer, the reason is ConnectTimeoutError") {
    Net net(Names::Zone{{"poems.test", {"127.0.0.1"}}});
    net.client->on.stop_factory = [&] {
        net.open(); // too late
        when(
            net.reactor, [&] { return net.resolver->running() == 0; }, [&] { net.reactor.stop(); });
    };
    connect_tcp(net.reactor, {"poems.test", 80}, net.client, 50ms);
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client client_connection_failed ConnectTimeoutError, "
                              "client stop_factory");
}

TEST_CASE("256 look-ups run at once, the others wait; each gets its own answer") {
    constexpr std::size_t all = 1000;
    Names::Zone zone;
    const auto host = [](std::size_t i) { return "host" + std::to_string(i) + ".test"; };
    const auto number = [](std::size_t i) {
        return "127.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    };
    for (std::size_t i = 0; i < all; ++i)
        zone[host(i)] = {number(i)};
    Net net(zone);
    std::size_t answered = 0;
    net.reactor.call_when_running([&] {
        for (std::size_t i = 0; i < all; ++i)
            resolved(net.reactor, {host(i), 80}).add_both([&, i](const Result<Addresses>& result) {
                CHECK(text(result) == number(i) + ":80");
                if (++answered == all)
                    net.reactor.stop();
            });
        CHECK(net.resolver->running() == 256);
        CHECK(net.resolver->waiting() == all - 256);
        when(
            net.reactor, [&] { return net.names->door.came() == 256; },
            [&] {
                CHECK(answered == 0);
                net.open();
            });
    });
    run(net.reactor);
    CHECK(answered == all);
    CHECK(net.resolver->running() == 0);
    CHECK(net.resolver->waiting() == 0);
}

// Cancelling --------------------------------------------------------------------------------------

TEST_CASE("a look-up that is cancelled ends with CancelledError; its late answer has no effect") {
    Net net(Names::Zone{{"poems.test", {"127.0.0.1"}}});
    std::string answers;
    net.reactor.call_when_running([&] {
        const auto looking_up = resolved(net.reactor, {"poems.test", 80});
        looking_up.add_both([&](const Result<Addresses>& r) { answers += text(r) + " "; });
        when(
            net.reactor, [&] { return net.names->door.came() == 1; },
            [&, looking_up] {
                looking_up.cancel();
                looking_up.cancel();
                CHECK(answers == "CancelledError ");
                net.open();
                when(
                    net.reactor, [&] { return net.resolver->running() == 0; },
                    [&] { net.reactor.stop(); });
            });
    });
    run(net.reactor);
    CHECK(answers == "CancelledError ");
}

TEST_CASE("a look-up that is cancelled while it waits never runs") {
    Net net(Names::Zone{{"first.test", {"127.0.0.1"}}});
    std::string answers;
    std::vector<Deferred<Addresses>> waiting;
    const auto ask = [&](const std::string& host) {
        waiting.push_back(resolved(net.reactor, {host, 80}).add_both([&](const auto& result) {
            answers += text(result) + " ";
            return Addresses();
        }));
    };
    net.reactor.call_when_running([&] {
        for (int i = 0; i < 256; ++i)
            resolved(net.reactor, {"first.test", 80});
        for (int i = 0; i < 3; ++i)
            ask("second.test");
        CHECK(net.resolver->waiting() == 3);
        for (const auto& look_up : std::exchange(waiting, {}))
            look_up.cancel();
        CHECK(answers == "CancelledError CancelledError CancelledError ");
        CHECK(net.resolver->waiting() == 0);
        net.open();
        when(
            net.reactor, [&] { return net.resolver->running() == 0; }, [&] { net.reactor.stop(); });
    });
    run(net.reactor);
    CHECK(net.names->door.came() == 256);
}

TEST_CASE("the answer to one look-up cancels another that also has its answer") {
    Net net(Names::Zone{{"poems.test", {"127.0.0.1"}}});
    std::string answers;
    net.reactor.call_when_running([&] {
        const auto first = resolved(net.reactor, {"poems.test", 80});
        const auto second = resolved(net.reactor, {"poems.test", 80});
        const auto note = [&](const Deferred<Addresses>& other) {
            return [&answers, other](const Result<Addresses>& result) {
                answers += text(result) + " ";
                other.cancel();
            };
        };
        first.add_both(note(second));
        second.add_both(note(first));
        net.open();
        when(
            net.reactor, [&] { return net.resolver->running() == 0; },
            [&] { after_turns(net.reactor, 1, [&] { net.reactor.stop(); }); });
    });
    run(net.reactor);
    CHECK(answers == "127.0.0.1:80 CancelledError ");
}

// The end of the reactor, or of the resolver ------------------------------------------------------

TEST_CASE("a reactor's destructor drops open look-ups; it does not wait, and calls nothing") {
    Reports reports;
    const auto held = std::make_shared<int>();
    const auto names = std::make_shared<Names>();
    const auto client = std::make_shared<Client>();
    client->on.client_connection_failed = [](auto&, auto&) { FAIL_CHECK("it was called"); };
    std::optional<Deferred<Addresses>> kept;
    {
        Reactor reactor;
        install_resolver(
            reactor, std::make_shared<ThreadedResolver>(
                         reactor, [names](const Address& address) { return names->ask(address); }));
        for (int i = 0; i < 300; ++i)
            resolved(reactor, {"poems.test", 80}).add_both([held](const Result<Addresses>&) {
                FAIL_CHECK("it was called");
            });
        const auto waiting = [](Reactor& r, std::shared_ptr<int>) -> Deferred<void> {
            Deferred<Addresses> looking_up = resolved(r, {"poems.test", 80});
            co_await looking_up;
            FAIL_CHECK("it was called");
        };
        waiting(reactor, held);
        kept = resolved(reactor, {"kept.test", 80});
        connect_tcp(reactor, {"poems.test", 80}, client);
        SUBCASE("before a run") {}
        SUBCASE("after a run") {
            reactor.call_when_running([&] {
                when(
                    reactor, [&] { return names->door.came() == 256; }, [&] { reactor.stop(); });
            });
            run(reactor);
        }
        CHECK(held.use_count() == 302);
        CHECK_FALSE(client.use_count() == 1);
    }
    CHECK(held.use_count() == 1);
    CHECK(client.use_count() == 1);
    CHECK_FALSE(kept->called());
    kept->add_errback([](const Failure&) { return Addresses(); });
    kept->cancel(); // has no effect
    names->door.open();
}

TEST_CASE("another resolver can be installed while one is still asking") {
    Net net(Names::Zone{});
    const auto held = std::make_shared<int>();
    resolved(net.reactor, {"poems.test", 80}).add_both([held](const Result<Addresses>&) {
        FAIL_CHECK("it was called");
    });
    net.reactor.call_when_running([&] {
        when(
            net.reactor, [&] { return net.names->door.came() == 1; },
            [&] {
                const Addresses answer = numeric({"127.0.0.7", 80});
                net.resolver = std::make_shared<ThreadedResolver>(
                    net.reactor, [answer](const Address&) { return answer; });
                install_resolver(net.reactor, net.resolver);
                CHECK(held.use_count() == 1);
                resolved(net.reactor, {"poems.test", 80}).add_both([&](const auto& result) {
                    CHECK(text(result) == "127.0.0.7:80");
                    net.open();
                    net.reactor.stop();
                });
            });
    });
    run(net.reactor);
}

TEST_CASE("the resolver is not asked for numbers, localhost or the empty name") {
    Reports reports;
    for (const std::string host : {"127.0.0.1", "localhost", "", "::1"}) {
        CAPTURE(host);
        Reactor reactor;
        install_resolver(reactor, std::make_shared<NobodyAsks>());
        std::string answer;
        resolved(reactor, {host, 80}).add_both([&](const Result<Addresses>& result) {
            answer = text(result);
        });
        CHECK(answer == (host == "::1" ? "[::1]:80" : "127.0.0.1:80"));
        const auto client = std::make_shared<Client>();
        const BareServer refusing(BareServer::Does::refuse);
        client->on.stop_factory = [&] { reactor.stop(); };
        connect_tcp(reactor, {host, refusing.address().port}, client);
        run(reactor);
    }
}
