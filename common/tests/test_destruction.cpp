// R14, and the destruction of a reactor: everything that is left is destroyed, and its destructors
// run. Nothing else is called, except to tell of a lost connection.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/last_words.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/resolving.hpp"
#include "twist/async/stop_listening.hpp"
#include "twist/async/timeout.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/resolver.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

/// Held by everything that should be destroyed: use_count() == 1 when all of it is gone.
using Token = std::shared_ptr<int>;
Token make_token() {
    return std::make_shared<int>();
}

/// Makes every call on `transport`; each must be ignored.
void use(Transport& transport) {
    transport.write("x");
    transport.write(std::make_shared<const std::string>("x"));
    transport.pause_producing();
    transport.resume_producing();
    transport.unregister_producer();
    transport.lose_connection();
    transport.abort_connection();
    transport.get_host();
    transport.get_peer();
}

const Address by_name{"poems.test", 80};

} // namespace

// R14: connections --------------------------------------------------------------------------------

TEST_CASE("R14: stop() tells every connection, and then its factory, before run() returns") {
    Reports reports;
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto client = std::make_shared<Client>(diary, "client");
    std::vector<TransportPtr> kept;
    {
        Reactor reactor;
        const auto not_running = [&](const TransportPtr& transport, const Failure&) {
            CHECK_FALSE(reactor.running());
            use(*transport);
        };
        server->on.connection_lost = client->on.connection_lost = not_running;
        server->on.connection_made = [&](const TransportPtr& transport) {
            kept.push_back(transport);
            transport->write("hello");
        };
        client->on.data_received = [&](const TransportPtr& transport, std::string_view) {
            kept.push_back(transport);
            reactor.stop();
        };
        const auto port = listen_anywhere(reactor, server);
        connect_tcp(reactor, port->get_host(), client);
        run(reactor);
        CHECK(diary.has("server connection_lost ConnectionLost"));
        CHECK(diary.has("server stop_factory"));
        CHECK(diary.has("client connection_lost ConnectionLost, "
                        "client client_connection_lost ConnectionLost, client stop_factory"));
        CHECK(reactor.descriptors().empty());
        diary.take();
    }
    CHECK(diary.text() == "");
    CHECK(server.use_count() == 1);
    CHECK(client.use_count() == 1);
    REQUIRE(kept.size() == 2);
    for (const auto& transport : kept)
        use(*transport);
}

TEST_CASE("R14: a reactor's destructor tells its connections, too; their transports stay valid") {
    Reports reports;
    Diary diary;
    TransportPtr kept;
    SocketPair pair;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>(diary, "server");
        server->on.connection_lost = [](const TransportPtr& transport, const Failure&) {
            use(*transport);
        };
        kept = connect_now(reactor, pair, server);
        kept->write("never sent");
        SUBCASE("as it is") {}
        SUBCASE("paused, and so not a reader") {
            kept->pause_producing();
        }
        SUBCASE("about to close") {
            kept->lose_connection();
        }
        SUBCASE("about to be aborted") {
            kept->abort_connection();
        }
        CHECK(diary.take() == "server build_protocol, server connection_made");
    }
    CHECK(diary.text() == "server connection_lost ConnectionLost");
    CHECK(read_to_end(pair.there) == "");
    use(*kept);
}

TEST_CASE("R14: a paused connection gets connection_lost when the reactor stops") {
    Reports reports;
    Diary diary;
    SocketPair pair;
    Reactor reactor;
    const auto server = std::make_shared<Server>(diary, "server");
    server->on.connection_made = [](const TransportPtr& t) { t->pause_producing(); };
    connect_now(reactor, pair, server);
    send_to(pair.there, "unread");
    after_turns(reactor, 2, [&] { reactor.stop(); });
    run(reactor);
    CHECK(diary.text() ==
          "server build_protocol, server connection_made, server connection_lost ConnectionLost");
}

TEST_CASE("R14: an exception from connection_lost is reported, and the others are still told") {
    Reports reports;
    int told = 0;
    SocketPair first, second;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>();
        server->on.connection_lost = [&](const TransportPtr&, const Failure&) {
            ++told;
            throw Exception("oh");
        };
        connect_now(reactor, first, server);
        connect_now(reactor, second, server);
    }
    CHECK(told == 2);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: oh]\n"
                            "Unhandled Error: [Failure: Exception: oh]");
}

TEST_CASE("R14: the end of one connection may end another") {
    Reports reports;
    Diary diary;
    SocketPair first, second;
    std::vector<TransportPtr> both;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>(diary, "server");
        server->on.connection_lost = [&](const TransportPtr&, const Failure&) {
            for (const auto& transport : both)
                std::static_pointer_cast<Connection>(transport)->close(
                    Failure(ConnectionAborted()));
        };
        both.push_back(connect_now(reactor, first, server));
        both.push_back(connect_now(reactor, second, server));
        diary.take();
    }
    CHECK(diary.text() ==
          "server connection_lost ConnectionLost, server connection_lost ConnectionAborted");
}

TEST_CASE("a protocol may write in its destructor") {
    Reports reports;
    SocketPair pair;
    TransportPtr kept;
    int died = 0;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>();
        server->on.protocol_destroyed = [&] {
            ++died;
            use(*kept);
        };
        kept = connect_now(reactor, pair, server);
    }
    CHECK(died == 1);
}

// Ports and attempts ------------------------------------------------------------------------------

TEST_CASE("a port that listens is closed, and its factory stops") {
    Reports reports;
    Diary diary;
    Address address;
    std::shared_ptr<Port> kept;
    {
        Reactor reactor;
        kept = listen_anywhere(reactor, std::make_shared<Server>(diary, "server"));
        address = kept->get_host();
        SUBCASE("as it is") {}
        SUBCASE("while it is stopping") {
            stop_listening(*kept).add_callback([&] { diary.note("stopped"); });
        }
    }
    CHECK(diary.has("server start_factory, server stop_factory"));
    CHECK_THROWS_AS(connect_bare(address), SystemError);
    CHECK(stop_listening(*kept).called());
    Reactor next;
    listen_tcp(next, address, std::make_shared<Server>());
}

TEST_CASE("attempts in progress fail") {
    Reports reports;
    Diary diary;
    const BareServer server;
    const auto client = std::make_shared<Client>(diary, "client");
    {
        Reactor reactor;
        connect_tcp(reactor, server.address(), client);
        diary.take();
    }
    CHECK(diary.text() == "client client_connection_failed ConnectError, client stop_factory");
    CHECK(client.use_count() == 1);
}

TEST_CASE("attempts in progress fail, and do not try the next address") {
    struct TwoAddresses final : DeferredResolver {
        explicit TwoAddresses(const Address& address) : one(numeric(address).at(0)) {}
        Deferred<Addresses> answer(const Address&) override {
            return succeed(std::vector{one, one});
        }
        SocketAddress one;
    };
    Reports reports;
    Diary diary;
    const BareServer server;
    const auto client = std::make_shared<Client>(diary, "client");
    {
        Reactor reactor;
        install_resolver(reactor, std::make_shared<TwoAddresses>(server.address()));
        connect_tcp(reactor, by_name, client);
        diary.take();
    }
    CHECK(diary.text() == "client client_connection_failed ConnectError, client stop_factory");
}

TEST_CASE("an endless look-up is dropped with its connector; a late answer has no effect") {
    struct Never final : DeferredResolver {
        Deferred<Addresses> answer(const Address&) override { return waiting; }
        Deferred<std::vector<SocketAddress>> waiting;
    };
    Reports reports;
    Diary diary;
    const auto never = std::make_shared<Never>();
    const auto client = std::make_shared<Client>(diary, "client");
    {
        Reactor reactor;
        install_resolver(reactor, never);
        connect_tcp(reactor, by_name, client);
        diary.take();
    }
    CHECK(client.use_count() == 1);
    never->waiting.callback(numeric({"127.0.0.1", 80}));
    CHECK(diary.text() == "");
}

TEST_CASE("a factory that always reconnects does not keep a reactor alive") {
    Reports reports;
    const BareServer server;
    const auto client = std::make_shared<Client>();
    int failed = 0, lost = 0;
    {
        Reactor reactor;
        client->on.client_connection_failed = [&](Connector& connector, const Failure&) {
            ++failed;
            connector.connect();
        };
        client->on.client_connection_lost = [&](Connector& connector, const Failure&) {
            ++lost;
            connector.connect();
        };
        connect_tcp(reactor, server.address(), client);
        connect_tcp(reactor, {"255.255.255.255", 9}, client); // fails at the end of each turn
        SUBCASE("destroyed without a run") {}
        SUBCASE("destroyed after a run") {
            client->on.connection_made = [&](const TransportPtr&) { reactor.stop(); };
            run(reactor);
            CHECK(lost == 1);
        }
    }
    CHECK(failed >= 2);
    CHECK(client.use_count() == 1);
}

TEST_CASE("a protocol whose connection_lost connects does not keep a reactor alive") {
    Reports reports;
    SocketPair pair;
    const BareServer server;
    const auto client = std::make_shared<Client>();
    const auto factory = std::make_shared<Server>();
    {
        Reactor reactor;
        factory->on.connection_lost = [&](const TransportPtr&, const Failure&) {
            connect_tcp(reactor, server.address(), client);
            listen_anywhere(reactor, std::make_shared<Server>());
        };
        connect_now(reactor, pair, factory);
    }
    CHECK(client.use_count() == 1);
    CHECK(factory.use_count() == 1);
}

// Raw readers -------------------------------------------------------------------------------------

TEST_CASE("R14: raw readers, created before or after the reactor, get connection_lost") {
    Reports reports;
    std::string told, expected;
    const auto note = [&](const Failure& reason) { told += name_of(reason) + " "; };
    const SocketPair first, second, third;
    TestDescriptor older(first.here.get());
    older.on_lost = note;
    {
        Reactor reactor;
        TestDescriptor younger(second.here.get()), youngest(third.here.get());
        younger.on_lost = youngest.on_lost = note;
        for (TestDescriptor* reader : {&older, &younger, &youngest}) {
            reactor.add_reader(*reader);
            reactor.add_writer(*reader);
        }
        SUBCASE("stopped") {
            after_turns(reactor, 0, [&] { reactor.stop(); });
            run(reactor);
            expected = "ConnectionLost ConnectionLost ConnectionLost ";
        }
        SUBCASE("destroyed after the younger readers") {
            expected = "ConnectionLost ";
        }
    }
    CHECK(told == expected);
    Reactor next;
    next.add_reader(older); // like a new one
    CHECK(next.descriptors().size() == 1);
}

TEST_CASE("a reader may destroy another, register itself again, or add a new one") {
    Reports reports;
    const SocketPair first, second, third;
    TestDescriptor stubborn(first.here.get()), late(third.here.get());
    auto victim = std::make_unique<TestDescriptor>(second.here.get());
    int told = 0;
    late.on_lost = [&](const Failure&) { FAIL_CHECK("it was added too late"); };
    {
        Reactor reactor;
        stubborn.on_lost = [&](const Failure&) {
            ++told;
            victim.reset();
            reactor.add_reader(stubborn);
            reactor.add_reader(late);
        };
        victim->on_lost = [&](const Failure&) { FAIL_CHECK("it was destroyed"); };
        reactor.add_reader(stubborn);
        reactor.add_reader(*victim);
    }
    CHECK(told == 1);
}

TEST_CASE("descriptors that the reactor owns may own others") {
    class Parent final : public ReadDescriptor {
      public:
        Parent(Reactor& reactor, int fd, int child) : fd_(fd), child_(child) {
            reactor.add_reader(child_);
        }
        int fileno() const override { return fd_; }
        std::optional<Failure> do_read() override { return {}; }
        void connection_lost(const Failure&) override {}

      private:
        int fd_;
        TestDescriptor child_;
    };
    const SocketPair first, second, third;
    TestDescriptor last(third.here.get());
    std::weak_ptr<Parent> weak;
    {
        Reactor reactor;
        last.on_lost = [&](const Failure&) { // too late: the new one is dropped, not told
            auto parent = std::make_shared<Parent>(reactor, second.here.get(), second.there.get());
            weak = parent;
            reactor.keep_alive(std::move(parent));
        };
        reactor.keep_alive(std::make_shared<Parent>(reactor, first.here.get(), first.there.get()));
        reactor.add_reader(last);
    }
    CHECK(weak.expired());
}

// Pending calls -----------------------------------------------------------------------------------

TEST_CASE("R14: pending calls of every kind are dropped silently") {
    Reports reports;
    const Token token = make_token();
    DelayedCall kept;
    {
        Reactor reactor;
        const auto call = [token] { FAIL_CHECK("it was called"); };
        SUBCASE("never run") {
            reactor.call_when_running(call);
            for (const auto when :
                 {Reactor::Shutdown::before, Reactor::Shutdown::during, Reactor::Shutdown::after})
                reactor.add_system_event_trigger(when, call);
            reactor.call_from_thread(call);
        }
        SUBCASE("stopped") {
            reactor.call_when_running([&] { reactor.stop(); });
            run(reactor);
            CHECK(token.use_count() == 2);
            reactor.call_when_running(call);
            reactor.call_from_thread(call);
        }
        kept = reactor.call_later(0s, call);
        reactor.call_later(1h, call);
    }
    CHECK(token.use_count() == 1);
    CHECK_FALSE(kept.active());
    CHECK_THROWS_AS(kept.cancel(), AlreadyCancelled);
}

TEST_CASE("a timer's closure that holds a Deferred destroys it, and its callbacks") {
    Reports reports;
    const Token token = make_token();
    {
        Reactor reactor;
        const Deferred<int> waiting;
        waiting.add_callback([token](int) { FAIL_CHECK("it was called"); });
        reactor.call_later(1h, [waiting] { waiting.callback(3); });
        reactor.call_when_running([waiting, token] {});
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("a Deferred that outlives the reactor can be fired, cancelled and added to") {
    Reports reports;
    std::string seen;
    std::optional<Deferred<int>> fired, cancelled, timed;
    {
        Reactor reactor;
        fired.emplace();
        cancelled.emplace();
        timed = add_timeout(Deferred<int>(), 1h, reactor);
        for (const auto& waiting : {*fired, *cancelled})
            reactor.call_later(1h, [waiting] { waiting.callback(1); });
    }
    fired->add_callback([&](int value) { seen += std::to_string(value) + " "; });
    cancelled->add_errback([&](const Failure& reason) {
        seen += name_of(reason) + " ";
        return 0;
    });
    timed->add_both([&](const Result<int>& result) { seen += name_of(result.failure()) + " "; });
    fired->callback(7);
    cancelled->cancel();
    timed->cancel();
    CHECK(seen == "7 CancelledError CancelledError ");
}

TEST_CASE("an unhandled failure is reported when the last closure is destroyed") {
    Reports reports;
    {
        Reactor reactor;
        const auto failed = fail<int>(Exception("oh"));
        reactor.call_later(1h, [failed] {});
    }
    CHECK(reports.take() == "Unhandled error in Deferred: [Failure: Exception: oh]");
}

TEST_CASE("a destructor may add calls, descriptors and connections; they are destroyed, too") {
    Reports reports;
    const Token token = make_token();
    const BareServer server;
    const SocketPair pair;
    TestDescriptor reader(pair.here.get());
    reader.on_lost = [](const Failure&) { FAIL_CHECK("it was called too late"); };
    const auto client = std::make_shared<Client>();
    client->on.client_connection_failed = [](Connector&, const Failure&) {
        FAIL_CHECK("it was called too late");
    };
    int brought = 0;
    auto owner = std::make_unique<Reactor>();
    Reactor& reactor = *owner;
    std::function<void(int)> bring_in = [&](int generations) {
        ++brought;
        if (generations == 0)
            return;
        const auto next = [&bring_in, generations, token] { bring_in(generations - 1); };
        reactor.call_later(0s, never_called(next));
        reactor.call_at_end_of_turn(never_called(next));
        reactor.call_when_running(never_called(next));
        reactor.call_from_thread(never_called(next));
        reactor.add_system_event_trigger(Reactor::Shutdown::before, never_called(next));
        reactor.add_reader(reader);
        connect_tcp(reactor, server.address(), client);
    };
    reactor.call_later(1h, never_called([&] { bring_in(3); }));
    owner.reset();
    CHECK(brought == 1 + 5 + 25 + 125);
    CHECK(token.use_count() == 1);
    CHECK(client.use_count() == 1);
}

TEST_CASE("a destructor may write on a transport, and cancel another call") {
    Reports reports;
    SocketPair pair;
    int died = 0;
    {
        Reactor reactor;
        const auto transport = connect_now(reactor, pair, std::make_shared<Server>());
        DelayedCall other = reactor.call_later(2h, [] {});
        const auto last_words = [&died, transport, other]() mutable {
            ++died;
            use(*transport);
            if (other.active())
                other.cancel();
        };
        reactor.call_later(1h, never_called(last_words));
        reactor.call_when_running(never_called(last_words));
    }
    CHECK(died == 2);
    CHECK(read_to_end(pair.there) == "");
}

// Coroutines --------------------------------------------------------------------------------------

namespace {

Deferred<void> after(Reactor& reactor, Seconds delay) {
    const Deferred<void> done;
    reactor.call_later(delay, [done] { done.callback(); });
    return done;
}

Deferred<void> wait_for_timer(Reactor& reactor, Diary& diary) {
    const LastWords last([&] { diary.note("inner goes"); });
    co_await after(reactor, 1h);
    diary.note("went on");
}

Deferred<int> wait_for_coroutine(Reactor& reactor, Diary& diary, Token token) {
    const LastWords last([&] { diary.note("outer goes"); });
    try {
        co_await wait_for_timer(reactor, diary);
    } catch (...) { // destruction is not an exception
        diary.note("caught");
    }
    co_return token.use_count() > 0;
}

} // namespace

TEST_CASE("coroutines that wait for a timer, or for each other, are destroyed with their locals") {
    Reports reports;
    Diary diary;
    const Token token = make_token();
    std::optional<Deferred<int>> kept;
    {
        Reactor reactor;
        SUBCASE("without a handle on the result") {
            wait_for_coroutine(reactor, diary, token);
        }
        SUBCASE("with a callback on the result") {
            wait_for_coroutine(reactor, diary, token).add_both([token](const Result<int>&) {
                FAIL_CHECK("it was called");
            });
        }
        SUBCASE("with a handle on the result") {
            kept = wait_for_coroutine(reactor, diary, token);
        }
        SUBCASE("stopped") {
            after_turns(reactor, 1, [&] { reactor.stop(); });
            wait_for_coroutine(reactor, diary, token);
            run(reactor);
        }
        CHECK(diary.text() == "");
    }
    CHECK(diary.has("inner goes"));
    CHECK(diary.has("outer goes"));
    CHECK_FALSE(diary.has("went on"));
    CHECK_FALSE(diary.has("caught"));
    CHECK(token.use_count() == 1);
    if (kept) {
        std::string seen;
        kept->add_both([&](const Result<int>& result) { seen = name_of(result.failure()); });
        kept->cancel();
        CHECK(seen == "CancelledError");
    }
}

TEST_CASE("a coroutine that is being destroyed may start another one that waits") {
    Reports reports;
    Diary diary;
    const Token token = make_token();
    {
        Reactor reactor;
        const auto waits = [](Reactor& r, Diary& d, Token t) -> Deferred<void> {
            const LastWords last([&r, &d, t] { wait_for_coroutine(r, d, t); });
            co_await after(r, 1h);
        };
        waits(reactor, diary, token);
        CHECK(token.use_count() > 1);
    }
    CHECK(diary.has("inner goes"));
    CHECK(diary.has("outer goes"));
    CHECK(token.use_count() == 1);
}

TEST_CASE("a thousand coroutines, each waiting for the next, are destroyed one after the other") {
    Reports reports;
    const Token token = make_token();
    {
        Reactor reactor;
        Deferred<void> waiting = after(reactor, 1h);
        const auto wait = [](Deferred<void> other, Token) -> Deferred<void> { co_await other; };
        for (int i = 0; i < 1000; ++i)
            waiting = wait(std::move(waiting), token);
        CHECK(token.use_count() == 1001);
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("a coroutine that waits for a protocol's Deferred is destroyed with it") {
    Reports reports;
    const Token token = make_token();
    SocketPair pair;
    std::string seen;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>();
        const Deferred<void> closed;
        server->on.connection_lost = [closed](const TransportPtr&, const Failure& reason) {
            closed.errback(reason);
        };
        const auto waits = [](Deferred<void> other, std::string& text, Token) -> Deferred<void> {
            try {
                co_await other;
            } catch (const ConnectionLost&) {
                text = "told";
            }
        };
        waits(closed, seen, token);
        connect_now(reactor, pair, server);
    }
    CHECK(seen == "told");
    CHECK(token.use_count() == 1);
}
