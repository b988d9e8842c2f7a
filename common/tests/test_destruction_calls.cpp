// R14: a reactor that stops or is destroyed tells its raw readers, and drops its pending calls.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "common/tests/last_words.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/timeout.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"

using namespace twist;
using namespace std::chrono_literals;

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
