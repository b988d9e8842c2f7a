// The timers, on a clock that stands still: R7, R9 to R12, R47.
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/clock.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace twist;
using namespace std::chrono_literals;

TEST_CASE("R47: advance runs the calls that are due by then, in order of time") {
    FakeClock clock;
    std::string seen;
    clock.call_later(3s, [&] { seen += "three "; });
    clock.call_later(1s, [&] { seen += "one "; });
    clock.call_later(2s, [&] { seen += "two "; });
    clock.advance(0.5s);
    CHECK(seen == "");
    clock.advance(1.5s);
    CHECK(seen == "one two ");
    CHECK(clock.seconds() == 2s);
    clock.advance(10s);
    CHECK(seen == "one two three ");
}

TEST_CASE("R47, R7: a call_later(0) made meanwhile waits for the next advance") {
    FakeClock clock;
    std::string seen;
    clock.call_later(1s, [&] {
        seen += "first ";
        clock.call_later(0s, [&] { seen += "second "; });
    });
    clock.advance(5s);
    CHECK(seen == "first ");
    clock.advance(0s);
    CHECK(seen == "first second ");
}

TEST_CASE("R7: equal times keep their order, and nothing runs inside call_later") {
    FakeClock clock;
    std::string seen;
    for (const char* name : {"a", "b", "c", "d"})
        clock.call_later(0s, [&, name] { seen += name; });
    CHECK(seen == "");
    clock.advance(0s);
    CHECK(seen == "abcd");
}

TEST_CASE("R2: an exception from a call is reported, and the others run") {
    Reports reports;
    FakeClock clock;
    bool ran = false;
    clock.call_later(1s, [] { throw Exception("first"); });
    clock.call_later(1s, [&] { ran = true; });
    clock.advance(1s);
    CHECK(ran);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: first]");
}

TEST_CASE("R9, R10: a cancelled call never runs, and can't be changed") {
    FakeClock clock;
    DelayedCall call = clock.call_later(1s, [] { FAIL("it was cancelled"); });
    CHECK(call.active());
    CHECK(call.time() == 1s);
    call.cancel();
    CHECK_FALSE(call.active());
    clock.advance(2s);
    CHECK_THROWS_AS(call.cancel(), AlreadyCancelled);
    CHECK_THROWS_AS(call.reset(1s), AlreadyCancelled);
    CHECK_THROWS_AS(call.delay(1s), AlreadyCancelled);
}

TEST_CASE("R10: a call that runs, or has run, can't be changed") {
    FakeClock clock;
    DelayedCall call;
    CHECK_FALSE(call.active());
    call = clock.call_later(1s, [&] {
        CHECK_FALSE(call.active());
        CHECK_THROWS_AS(call.cancel(), AlreadyCalled);
    });
    clock.advance(1s);
    CHECK_THROWS_AS(call.cancel(), AlreadyCalled);
    CHECK_THROWS_AS(call.reset(1s), AlreadyCalled);
    CHECK_THROWS_AS(call.delay(1s), AlreadyCalled);
}

TEST_CASE("R11: reset counts from now, delay from the planned time") {
    FakeClock clock;
    std::string seen;
    DelayedCall reset = clock.call_later(10s, [&] { seen += "reset "; });
    DelayedCall later = clock.call_later(10s, [&] { seen += "later "; });
    DelayedCall earlier = clock.call_later(10s, [&] { seen += "earlier "; });
    clock.advance(2s);
    reset.reset(3s);
    later.delay(5s);
    earlier.delay(-6s);
    CHECK(reset.time() == 5s);
    CHECK(later.time() == 15s);
    CHECK(earlier.time() == 4s);
    clock.advance(2s);
    CHECK(seen == "earlier ");
    clock.advance(1s);
    CHECK(seen == "earlier reset ");
    clock.advance(9.5s);
    CHECK(seen == "earlier reset ");
    clock.advance(0.5s);
    CHECK(seen == "earlier reset later ");
}

TEST_CASE("R11: a call moved to a time in the past is due now, after those already due") {
    FakeClock clock;
    std::string seen;
    clock.advance(10s);
    DelayedCall reset = clock.call_later(5s, [&] { seen += "reset "; });
    DelayedCall delayed = clock.call_later(5s, [&] { seen += "delayed "; });
    clock.call_later(0s, [&] { seen += "due "; });
    delayed.delay(-20s);
    reset.reset(0s);
    CHECK(delayed.time() == 10s);
    clock.advance(0s);
    CHECK(seen == "due delayed reset ");
}

TEST_CASE("R11: a call moved to NaN is due now, and does not hold up the others") {
    FakeClock clock;
    std::string seen;
    const Seconds nan(std::numeric_limits<double>::quiet_NaN());
    for (const char* name : {"a ", "b "}) {
        DelayedCall call = clock.call_later(1s, [&seen, name] { seen += name; });
        call.delay(nan);
    }
    clock.call_later(2s, [&] { seen += "c"; });
    clock.advance(2s);
    CHECK(seen == "a b c");
}

TEST_CASE("R11: a call that another call moves to now waits for the next advance") {
    FakeClock clock;
    std::string seen;
    DelayedCall moved;
    clock.call_later(1s, [&] { moved.reset(0s); });
    moved = clock.call_later(1s, [&] { seen += "moved"; });
    clock.advance(1s);
    CHECK(seen == "");
    clock.advance(0s);
    CHECK(seen == "moved");
}

TEST_CASE("R10: a call that was moved and has run counts as run, even when its clock is gone") {
    DelayedCall call;
    {
        FakeClock clock;
        clock.call_later(5s, [] {}); // not the last in the queue
        call = clock.call_later(10s, [] {});
        call.reset(1s);
        clock.advance(1s);
        CHECK_THROWS_AS(call.cancel(), AlreadyCalled);
    }
    CHECK_THROWS_AS(call.cancel(), AlreadyCalled);
}

TEST_CASE("R47: advance inside a call runs the calls due by then, including those the call made") {
    FakeClock clock;
    std::string seen;
    clock.call_later(1s, [&] {
        seen += "outer ";
        clock.call_later(0s, [&] { seen += "made "; });
        clock.advance(2s);
        seen += "end ";
    });
    clock.call_later(2s, [&] { seen += "two "; });
    clock.call_later(9s, [&] { seen += "nine "; });
    clock.advance(1s);
    CHECK(seen == "outer made two end ");
}

TEST_CASE("R11: delayed_calls lists each pending call once") {
    FakeClock clock;
    DelayedCall cancelled = clock.call_later(1s, [] {});
    DelayedCall moved = clock.call_later(2s, [] {});
    clock.call_later(0s, [] {});
    cancelled.cancel();
    moved.reset(7s);
    clock.advance(0s);
    const std::vector<DelayedCall> calls = clock.delayed_calls();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0] == moved);
}

TEST_CASE("R12: a negative delay and an empty function are refused") {
    FakeClock clock;
    CHECK_THROWS_AS(clock.call_later(-1s, [] {}), std::invalid_argument);
    CHECK_THROWS_AS(clock.call_later(Seconds(NAN), [] {}), std::invalid_argument);
    CHECK_THROWS_AS(clock.call_later(1s, nullptr), std::invalid_argument);
    CHECK(clock.delayed_calls().empty());
    DelayedCall call = clock.call_later(5s, [] {});
    CHECK_THROWS_AS(call.reset(-1s), std::invalid_argument);
    CHECK_THROWS_AS(call.reset(Seconds(NAN)), std::invalid_argument);
    CHECK(call.time() == 5s);
}

TEST_CASE("calls can cancel one another while they run") {
    FakeClock clock;
    std::string seen;
    std::vector<DelayedCall> calls;
    for (int i = 0; i < 100; ++i)
        calls.push_back(clock.call_later(1s, [&, i] {
            seen += std::to_string(i) + " ";
            for (int other = i + 1; other < 99; ++other)
                if (calls[static_cast<std::size_t>(other)].active())
                    calls[static_cast<std::size_t>(other)].cancel();
        }));
    clock.advance(1s);
    CHECK(seen == "0 99 ");
}

TEST_CASE("many cancelled or moved calls do not slow a clock down") {
    FakeClock clock;
    std::size_t ran = 0;
    std::vector<DelayedCall> calls;
#ifdef _GLIBCXX_DEBUG
    constexpr int many = 2'000; // each step goes through all the others
#else
    constexpr int many = 20'000;
#endif
    for (int i = 0; i < many; ++i)
        calls.push_back(clock.call_later(Seconds(i % 100), [&] { ++ran; }));
    for (std::size_t i = 0; i < calls.size(); ++i)
        if (i % 4 != 0)
            calls[i].cancel();
        else
            calls[i].reset(Seconds(200));
    CHECK(clock.delayed_calls().size() == calls.size() / 4);
    clock.advance(199s);
    CHECK(ran == 0);
    clock.advance(1s);
    CHECK(ran == calls.size() / 4);
}

TEST_CASE("a closure is destroyed when its call has run or was cancelled, or its clock is gone") {
    auto held = std::make_shared<int>(1);
    DelayedCall outlives;
    {
        FakeClock clock;
        clock.call_later(1s, [held] {});
        DelayedCall cancelled = clock.call_later(2s, [held] {});
        outlives = clock.call_later(3s, [held] {});
        CHECK(held.use_count() == 4);
        clock.advance(1s);
        CHECK(held.use_count() == 3);
        cancelled.cancel();
        CHECK(held.use_count() == 2);
    }
    CHECK(held.use_count() == 1);
    CHECK_FALSE(outlives.active());
    CHECK_THROWS_AS(outlives.cancel(), AlreadyCancelled);
}

TEST_CASE("a closure may make a call and cancel another in its destructor") {
    FakeClock clock;
    std::string seen;
    DelayedCall other = clock.call_later(1s, [&] { seen += "other "; });
    struct LastWords {
        std::function<void()> say;
        ~LastWords() { say(); }
    };
    const auto words = [&](const char* next) {
        return std::make_shared<LastWords>([&, next] {
            clock.call_later(0s, [&seen, next] { seen += next; });
            if (other.active())
                other.cancel();
        });
    };
    DelayedCall cancelled = clock.call_later(5s, [w = words("after cancel ")] {});
    cancelled.cancel();
    CHECK_FALSE(other.active());
    clock.call_later(0s, [w = words("after run ")] {});
    clock.advance(0s);
    CHECK(seen == "after cancel ");
    clock.advance(0s);
    CHECK(seen == "after cancel after run ");
}

TEST_CASE("a closure destroyed with its clock may still make a call") {
    struct LastWords {
        Clock& clock;
        int& made;
        ~LastWords() {
            if (++made < 10)
                clock.call_later(1s, [] { FAIL("the clock is gone"); });
        }
    };
    int made = 0;
    {
        FakeClock clock;
        auto words = std::make_shared<LastWords>(clock, made);
        clock.call_later(1s, [words = std::move(words)] {});
    }
    CHECK(made == 1);
}
