// Names: the resolver that asks name servers, here one of the test's own.
#include <algorithm>
#include <cctype>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include "common/error.hpp"
#include "common/inline_callbacks.hpp"
#include "common/reactor.hpp"
#include "common/resolver.hpp"
#include "common/tcp.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"

using namespace twist;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

using Addresses = std::vector<SocketAddress>;

constexpr int most_at_once = 50;

/// A name server on a free port of 127.0.0.1, in the test's own loop. It knows
/// what the test puts into `zone`; any other name does not exist.
class NameServer final : public ReadDescriptor {
  public:
    explicit NameServer(Reactor& reactor)
        : reactor_(reactor),
          socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        const SocketAddress here = numeric({"127.0.0.1", 0}).at(0);
        REQUIRE(::bind(socket_.get(), here.data(), here.size()) == 0);
        reactor.add_reader(*this);
    }

    std::string address() const { return to_string(SocketAddress::local(socket_.get()).address()); }

    /// Answers the questions that were held back, not more of them in one turn than the kernel
    /// holds for a socket. From now on none is held back.
    void answer_all() {
        holds_back = false;
        for (int i = 0; i < most_at_once && !held_back_.empty(); ++i) {
            answer(held_back_.front().first, held_back_.front().second);
            held_back_.pop_front();
        }
        if (!held_back_.empty())
            reactor_.call_at_end_of_turn([this] { answer_all(); });
    }
    std::size_t held_back() const { return held_back_.size(); }

    int fileno() const override { return socket_.get(); }

    std::optional<Failure> do_read() override {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        std::string question(512, '\0');
        while (true) {
            auto* const there = reinterpret_cast<sockaddr*>(&from);
            const ssize_t length =
                ::recvfrom(fileno(), question.data(), question.size(), 0, there, &size);
            if (length < 0)
                return {};
            ++questions;
            const std::string asked = question.substr(0, static_cast<std::size_t>(length));
            if (holds_back)
                held_back_.emplace_back(asked, SocketAddress(there, size));
            else
                answer(asked, SocketAddress(there, size));
            if (const auto f = on_question) // which may set another
                f();
        }
    }

    void connection_lost(const Failure&) override {}

    std::map<std::string, std::vector<std::string>> zone; // the numbers of a name
    std::function<void()> on_question;
    bool holds_back = false;
    int questions = 0;

  private:
    // The header has 12 bytes. The name follows, each part after its length; then
    // type and class.
    void answer(std::string message, const SocketAddress& to) const {
        std::string name;
        std::size_t at = 12;
        for (std::size_t length; (length = static_cast<unsigned char>(message.at(at))) != 0;
             at += length + 1)
            name += (name.empty() ? "" : ".") + message.substr(at + 1, length);
        const int family = message.at(at + 2) == 1 ? AF_INET : AF_INET6; // A or AAAA
        message.resize(at + 5); // the question goes back as it came, in capitals here and there
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });

        const auto found = zone.find(name);
        char count = 0;
        if (found != zone.end())
            for (const std::string& number : found->second)
                if (const SocketAddress one = numeric({number, 0}).at(0); one.family() == family) {
                    message +=
                        "\xC0\x0C"s + message.substr(at + 1, 4) + "\0\0\0\0"s + bytes_of(one);
                    ++count;
                }
        message[2] = '\x81';                                // an answer; recursion was asked for,
        message[3] = found == zone.end() ? '\x83' : '\x80'; // and is there; 3: no such name
        message[7] = count;
        ::sendto(fileno(), message.data(), message.size(), 0, to.data(), to.size());
    }

    /// The length of the address, and the address.
    static std::string bytes_of(const SocketAddress& address) {
        const auto bytes = [](const auto& number) {
            return std::string(reinterpret_cast<const char*>(&number), sizeof number);
        };
        if (address.family() == AF_INET)
            return "\0\x04"s +
                   bytes(reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr);
        return "\0\x10"s + bytes(reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr);
    }

    Reactor& reactor_;
    FileDescriptor socket_;
    std::deque<std::pair<std::string, SocketAddress>> held_back_;
};

/// A reactor whose resolver asks a name server of the test.
struct Net {
    Net() { reactor.install_resolver(make_dns_resolver(reactor, {names.address()})); }

    Reports reports;
    Diary diary;
    Reactor reactor;
    NameServer names{reactor};
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

/// What the reactor's resolver says of `host`; waits for it.
std::string look_up_now(Reactor& reactor, const std::string& host) {
    std::string answer;
    reactor.call_when_running([&] {
        resolve(reactor, {host, 80}).add_both([&](const Result<Addresses>& result) {
            answer = text(result);
            reactor.stop();
        });
    });
    run(reactor);
    return answer;
}

/// Fails the test when it is asked.
class NobodyAsks final : public Resolver {
    Deferred<Addresses> look_up(const Address& address) override {
        FAIL_CHECK("somebody has asked for " << address);
        return fail<Addresses>(DNSLookupError(address.host));
    }
};

/// A port that is open at 127.0.0.2; at 127.0.0.1 the same port refuses.
struct TwoHosts {
    explicit TwoHosts(Reactor& reactor, const std::shared_ptr<Factory>& factory) {
        while (true) { // until the port that was free at the one is free at the other
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

// Answers
// -----------------------------------------------------------------------------------------

TEST_CASE("a name has one address, several, or those of both families") {
    Net net;
    std::string expected;
    SUBCASE("one") {
        net.names.zone["poems.test"] = {"127.0.0.1"};
        expected = "127.0.0.1:80";
    }
    SUBCASE("several, in the server's order") {
        net.names.zone["poems.test"] = {"127.0.0.3", "127.0.0.1", "127.0.0.2"};
        expected = "127.0.0.3:80 127.0.0.1:80 127.0.0.2:80";
    }
    SUBCASE("both families") {
        net.names.zone["poems.test"] = {"127.0.0.1", "::1"};
        expected = "127.0.0.1:80 [::1]:80";
    }
    SUBCASE("IPv6 alone") {
        net.names.zone["poems.test"] = {"2001:db8::7"};
        expected = "[2001:db8::7]:80";
    }
    CHECK(look_up_now(net.reactor, "poems.test") == expected);
    CHECK(net.names.questions == 2); // for A and for AAAA
}

TEST_CASE("R37: the first address refuses, and the second is used") {
    Net net;
    const auto server = std::make_shared<Server>();
    server->on.connection_made = [](const TransportPtr& transport) {
        transport->lose_connection();
    };
    const TwoHosts hosts(net.reactor, server);
    net.names.zone["poems.test"] = {"127.0.0.1", "127.0.0.2"};
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        CHECK(transport->get_peer() == hosts.port->get_host());
    };
    net.client->on.stop_factory = [&] { net.reactor.stop(); };
    connect_tcp(net.reactor, {"poems.test", hosts.port->get_host().port}, net.client);
    CHECK(net.diary.text() == "client start_factory, client started_connecting");
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client build_protocol, client connection_made, "
                              "client connection_lost ConnectionDone, "
                              "client client_connection_lost ConnectionDone, client stop_factory");
}

TEST_CASE("R37: a name that does not exist: DNSLookupError") {
    Net net;
    net.client->on.client_connection_failed = [](Connector&, const Failure& reason) {
        CHECK(reason.text() == "[Failure: DNSLookupError: DNS lookup failed: nowhere.test.]");
    };
    net.client->on.stop_factory = [&] { net.reactor.stop(); };
    connect_tcp(net.reactor, {"nowhere.test", 80}, net.client);
    run(net.reactor);
    CHECK(net.diary.has("client client_connection_failed DNSLookupError, client stop_factory"));
    CHECK(net.names.questions > 0);
}

TEST_CASE("a name that exists and has no address: DNSLookupError") {
    Net net;
    net.names.zone["poems.test"] = {};
    CHECK(look_up_now(net.reactor, "poems.test") == "DNSLookupError");
}

TEST_CASE("what is no name at all: DNSLookupError") {
    for (const std::string& name : {std::string(300, 'x'), std::string("a..b"), std::string(".")}) {
        CAPTURE(name);
        Net net;
        CHECK(look_up_now(net.reactor, name) == "DNSLookupError");
    }
}

TEST_CASE("R37: a name server that never answers: ConnectTimeoutError") {
    Net net;
    net.names.holds_back = true;
    net.client->on.stop_factory = [&] {
        net.names.zone["poems.test"] = {"127.0.0.1"};
        net.names.answer_all(); // too late
        after_turns(net.reactor, 3, [&] { net.reactor.stop(); });
    };
    connect_tcp(net.reactor, {"poems.test", 80}, net.client, 50ms);
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client client_connection_failed ConnectTimeoutError, "
                              "client stop_factory");
}

TEST_CASE("three hundred look-ups at once all come back, each with its own answer") {
    Net net;
    net.names.holds_back = true;
    constexpr int all = 300;
    int answered = 0;
    for (int i = 0; i < all; ++i)
        net.names.zone["host" + std::to_string(i) + ".test"] = {"127.0.0." +
                                                                std::to_string(i % 250)};
    std::function<void(int)> ask = [&](int first) {
        for (int i = first; i < first + most_at_once; ++i)
            resolve(net.reactor, {"host" + std::to_string(i) + ".test", 80})
                .add_both([&, i](const Result<Addresses>& result) {
                    CHECK(text(result) == "127.0.0." + std::to_string(i % 250) + ":80");
                    if (++answered == all)
                        net.reactor.stop();
                });
        if (first + most_at_once < all)
            after_turns(net.reactor, 1, [&, first] { ask(first + most_at_once); });
    };
    net.names.on_question = [&] {
        if (net.names.held_back() == 2 * all) {
            CHECK(answered == 0);
            net.names.on_question = nullptr;
            net.names.answer_all();
        }
    };
    net.reactor.call_when_running([&] { ask(0); });
    run(net.reactor);
    CHECK(answered == all);
}

// Giving up
// ---------------------------------------------------------------------------------------

TEST_CASE("a look-up that is cancelled ends with CancelledError; its answer "
          "moves nothing") {
    Net net;
    net.names.zone["poems.test"] = {"127.0.0.1"};
    net.names.holds_back = true;
    std::string answers;
    const auto looking_up = net.reactor.resolver()->look_up({"poems.test", 80});
    looking_up.add_both([&](const Result<Addresses>& result) { answers += text(result) + " "; });
    net.names.on_question = [&] {
        if (net.names.held_back() < 2)
            return;
        looking_up.cancel();
        CHECK(answers == "CancelledError ");
        net.names.on_question = nullptr;
        net.names.answer_all();
        after_turns(net.reactor, 3, [&] { net.reactor.stop(); });
    };
    run(net.reactor);
    CHECK(answers == "CancelledError ");
}

TEST_CASE("a look-up that is cancelled at once, and again, and then with its "
          "reactor destroyed") {
    Reports reports;
    std::string answers;
    {
        Reactor reactor;
        NameServer names(reactor);
        const auto resolver = make_dns_resolver(reactor, {names.address()});
        const auto looking_up = resolver->look_up({"poems.test", 80});
        looking_up.add_both([&](const Result<Addresses>& r) { answers += text(r) + " "; });
        looking_up.cancel();
        looking_up.cancel();
    }
    CHECK(answers == "CancelledError ");
}

TEST_CASE("the answer to one look-up cancels another, which has its answer in "
          "the same turn") {
    Net net;
    net.names.zone["poems.test"] = net.names.zone["verse.test"] = {"127.0.0.1"};
    net.names.holds_back = true;
    std::string answers;
    const auto first = net.reactor.resolver()->look_up({"poems.test", 80});
    const auto second = net.reactor.resolver()->look_up({"verse.test", 80});
    const auto note = [&](const Deferred<Addresses>& other) {
        return [&answers, other](const Result<Addresses>& result) {
            answers += text(result) + " ";
            other.cancel();
        };
    };
    first.add_both(note(second));
    second.add_both(note(first));
    net.names.on_question = [&] {
        if (net.names.held_back() < 4)
            return;
        net.names.on_question = nullptr;
        net.names.answer_all();
        after_turns(net.reactor, 3, [&] { net.reactor.stop(); });
    };
    run(net.reactor);
    CHECK(answers == "127.0.0.1:80 CancelledError ");
}

// The end of the reactor, or of the resolver
// ------------------------------------------------------

TEST_CASE("look-ups that are open when the reactor is destroyed go with it, "
          "and nobody is called") {
    Reports reports;
    const auto held = std::make_shared<int>();
    const auto client = std::make_shared<Client>();
    const auto nobody = [](Connector&, const Failure&) { FAIL_CHECK("nobody is called"); };
    client->on.client_connection_failed = nobody;
    std::optional<Deferred<Addresses>> kept;
    {
        Reactor reactor;
        NameServer names(reactor);
        names.holds_back = true;
        reactor.install_resolver(make_dns_resolver(reactor, {names.address()}));
        for (int i = 0; i < 100; ++i)
            resolve(reactor, {"host" + std::to_string(i) + ".test", 80})
                .add_both([held](const Result<Addresses>&) { FAIL_CHECK("nobody is called"); });
        const auto waiting = [](Reactor& r, std::shared_ptr<int>) -> Deferred<void> {
            Deferred<Addresses> looking_up = resolve(r, {"poems.test", 80});
            co_await looking_up;
            FAIL_CHECK("nobody is called");
        };
        waiting(reactor, held);
        kept = reactor.resolver()->look_up({"kept.test", 80});
        connect_tcp(reactor, {"poems.test", 80}, client);
        SUBCASE("before it has run") {}
        SUBCASE("after") {
            names.on_question = [&] {
                if (names.held_back() == 10)
                    reactor.stop();
            };
            run(reactor);
        }
        CHECK(held.use_count() == 102);
        CHECK_FALSE(client.use_count() == 1);
    }
    CHECK(held.use_count() == 1);
    CHECK(client.use_count() == 1);
    CHECK_FALSE(kept->called());
}

TEST_CASE("another resolver takes the place of one that is asking") {
    Net net;
    net.names.zone["poems.test"] = {"127.0.0.1"};
    net.names.holds_back = true;
    const auto held = std::make_shared<int>();
    resolve(net.reactor, {"poems.test", 80}).add_both([held](const Result<Addresses>&) {
        FAIL_CHECK("nobody is called");
    });
    const auto replace = [&] {
        net.reactor.install_resolver(make_dns_resolver(net.reactor, {net.names.address()}));
        after_turns(net.reactor, 1, [&] {
            CHECK(held.use_count() == 1);
            resolve(net.reactor, {"poems.test", 80}).add_both([&](const Result<Addresses>& result) {
                CHECK(text(result) == "127.0.0.1:80");
                net.reactor.stop();
            });
            net.names.answer_all();
        });
    };
    SUBCASE("from a timer") {
        net.reactor.call_later(1ms, replace);
    }
    SUBCASE("from a descriptor") {
        net.names.on_question = [&] {
            net.names.on_question = nullptr;
            replace();
        };
    }
    run(net.reactor);
    CHECK(held.use_count() == 1);
}

// Nobody to ask
// -----------------------------------------------------------------------------------

TEST_CASE("no name server at all: DNSLookupError at once") {
    Reports reports;
    Diary diary;
    Reactor reactor;
    const auto resolver = make_dns_resolver(reactor, {"not an address"});
    std::string answer;
    resolver->look_up({"poems.test", 80}).add_both([&](const Result<Addresses>& result) {
        answer = text(result);
    });
    CHECK(answer == "DNSLookupError");

    SUBCASE("for connect_tcp, too, but not inside the call") {
        reactor.install_resolver(resolver);
        const auto client = std::make_shared<Client>(diary, "client");
        client->on.stop_factory = [&] { reactor.stop(); };
        connect_tcp(reactor, {"poems.test", 80}, client);
        CHECK(diary.take() == "client start_factory, client started_connecting");
        run(reactor);
        CHECK(diary.text() == "client client_connection_failed DNSLookupError, "
                              "client stop_factory");
    }
    SUBCASE("and the reactor goes") {}
}

TEST_CASE("numbers, localhost and no name at all are not asked of the resolver") {
    Reports reports;
    for (const std::string host : {"127.0.0.1", "localhost", "", "::1"}) {
        CAPTURE(host);
        Reactor reactor;
        reactor.install_resolver(std::make_shared<NobodyAsks>());
        std::string answer;
        resolve(reactor, {host, 80}).add_both([&](const Result<Addresses>& result) {
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

TEST_CASE("a name in /etc/hosts is known without asking") {
    std::ifstream hosts("/etc/hosts");
    for (std::string line; std::getline(hosts, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        std::string number, name;
        if (!(words >> number >> name) || name == "localhost" ||
            number.find(':') != std::string::npos)
            continue;
        CAPTURE(name);
        Net net;
        std::string answer;
        resolve(net.reactor, {name, 80}).add_both([&](const Result<Addresses>& result) {
            answer = text(result);
        });
        CHECK((" " + answer + " ").find(" " + number + ":80 ") != std::string::npos);
        CHECK(net.names.questions == 0);
        return;
    }
    MESSAGE("SKIPPED: /etc/hosts has no name but localhost");
}
