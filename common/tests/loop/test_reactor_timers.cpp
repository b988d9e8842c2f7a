// R7 to R12: the loop's timers and its turns.
#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;
using namespace std::chrono_literals;

TEST_CASE("R7: call_later never calls inside the call; the order is by time, then as made") {
    Reactor reactor;
    std::string seen;
    reactor.call_when_running([&] {
        DelayedCall late = reactor.call_later(20s, [&] {
            seen += "late ";
            reactor.stop();
        });
        for (const char* name : {"a ", "b ", "c "})
            reactor.call_later(0s, [&seen, name] { seen += name; });
        reactor.call_later(1ms, [&, late]() mutable {
            seen += "early ";
            late.reset(0s);
        });
        CHECK(seen == "");
    });
    run(reactor);
    CHECK(seen == "a b c early late ");
}

TEST_CASE("R7: a timer is never early") {
    Reactor reactor;
    Seconds least{1};
    int left = 20;
    for (int i = 0; i < left; ++i) {
        const Seconds due = reactor.seconds() + i * 1ms;
        reactor.call_later(i * 1ms, [&, due] {
            least = std::min(least, reactor.seconds() - due);
            if (--left == 0)
                reactor.stop();
        });
    }
    run(reactor);
    CHECK(least >= 0s);
}

TEST_CASE("R7: a nearer timer, made or moved while the loop waits for a far one, runs in time") {
    Reactor reactor;
    std::string seen;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    DelayedCall moved = reactor.call_later(20s, [&] { seen += "moved "; });
    reactor.call_later(25s, [&] { reactor.stop(); });
    reader.on_read = [&]() -> std::optional<Failure> {
        seen += read_now(pair.here) + " ";
        moved.reset(1ms);
        reactor.call_later(3ms, [&] {
            seen += "made";
            reactor.stop();
        });
        return {};
    };
    reactor.add_reader(reader);
    reactor.call_later(1ms, [&] { send_to(pair.there, "read"); });
    run(reactor);
    CHECK(seen == "read moved made");
}

TEST_CASE("R8: between two call_later(0) the loop serves the descriptors") {
    Reactor reactor;
    std::string seen;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    reader.on_read = [&]() -> std::optional<Failure> {
        seen += read_now(pair.here);
        return {};
    };
    reactor.add_reader(reader);
    reactor.call_later(0s, [&] {
        send_to(pair.there, "read ");
        reactor.call_later(0s, [&] {
            seen += "timer ";
            reactor.stop();
        });
    });
    run(reactor);
    CHECK(seen == "read timer ");
}

TEST_CASE("R8: an endless series of call_later(0) starves nothing else") {
    Reactor reactor;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    reader.on_read = [&]() -> std::optional<Failure> {
        reactor.stop();
        return connection_done();
    };
    reactor.add_reader(reader);
    int rounds = 0;
    std::function<void()> again = [&] {
        if (++rounds == 10)
            send_to(pair.there, "enough");
        reactor.call_later(0s, again);
    };
    again();
    run(reactor);
    CHECK(rounds >= 10);
    CHECK(rounds <= 12);
}

TEST_CASE("R9, R10: a cancelled call never runs, and has a state") {
    Reactor reactor;
    DelayedCall cancelled = reactor.call_later(0s, [] { FAIL_CHECK("it was cancelled"); });
    cancelled.cancel();
    CHECK_FALSE(cancelled.active());
    CHECK_THROWS_AS(cancelled.cancel(), AlreadyCancelled);
    CHECK_THROWS_AS(cancelled.reset(1s), AlreadyCancelled);
    DelayedCall called;
    called = reactor.call_later(0s, [&] {
        CHECK_FALSE(called.active());
        CHECK_THROWS_AS(called.cancel(), AlreadyCalled);
        reactor.stop();
    });
    CHECK(called.active());
    run(reactor);
    CHECK_THROWS_AS(called.delay(1s), AlreadyCalled);
}

TEST_CASE("R9: a timer can cancel another that is due in the same turn") {
    Reactor reactor;
    DelayedCall second;
    reactor.call_later(0s, [&] { second.cancel(); });
    second = reactor.call_later(0s, [] { FAIL_CHECK("it was cancelled"); });
    reactor.call_later(0s, [&] { reactor.stop(); });
    run(reactor);
    CHECK_FALSE(second.active());
}

TEST_CASE("R11: a call can be moved earlier and later; cancelled calls are not listed") {
    Reactor reactor;
    std::string seen;
    DelayedCall earlier = reactor.call_later(20s, [&] { seen += "earlier "; });
    DelayedCall later = reactor.call_later(0s, [&] {
        seen += "later ";
        reactor.stop();
    });
    earlier.delay(-20s);
    later.delay(5ms);
    reactor.call_later(1s, [] {}).cancel();
    CHECK(reactor.delayed_calls().size() == 2);
    run(reactor);
    CHECK(seen == "earlier later ");
    CHECK(reactor.delayed_calls().empty());
}

TEST_CASE("R12: a negative delay or an empty function is refused at once") {
    Reactor reactor;
    CHECK_THROWS_AS(reactor.call_later(-1s, [] {}), std::invalid_argument);
    CHECK_THROWS_AS(reactor.call_later(0s, nullptr), std::invalid_argument);
}

TEST_CASE("a turn ends after its descriptors; work added at its end waits until the next end") {
    Reactor reactor;
    std::string seen;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    send_to(pair.there, "x");
    reader.on_read = [&]() -> std::optional<Failure> {
        seen += "read ";
        reactor.call_at_end_of_turn([&] { seen += "its end "; });
        return {};
    };
    reactor.add_reader(reader);
    reactor.call_later(0s, [&] {
        seen += "timer ";
        reactor.call_at_end_of_turn([&] {
            seen += "end ";
            reactor.call_at_end_of_turn([&] {
                seen += "next end ";
                reactor.stop();
            });
        });
    });
    run(reactor);
    CHECK(seen == "timer read end its end read next end its end ");
}

TEST_CASE("work for the end of the turn runs even if nothing else happens") {
    Reactor reactor;
    reactor.call_at_end_of_turn([&] { reactor.call_at_end_of_turn([&] { reactor.stop(); }); });
    run(reactor);
}
