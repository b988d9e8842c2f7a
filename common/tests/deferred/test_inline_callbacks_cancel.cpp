// Items 78, 108, 113, 114: a coroutine is cancelled where it waits, and may go on.
#include <string>

#include <doctest/doctest.h>

#include "common/tests/coroutines.hpp"
#include "common/tests/failures.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/timeout.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace twist;

namespace {

// Catches one CancelledError, and then awaits `second`.
Deferred<std::string> stubborn(Deferred<int> first, Deferred<int> second) {
    std::string got;
    try {
        got = std::to_string(co_await first);
    } catch (const CancelledError&) {
        got = "cancelled";
    }
    co_return got + ", then " + std::to_string(co_await second);
}

} // namespace

TEST_CASE("113: cancel() cancels the awaited Deferred; CancelledError is thrown at the co_await") {
    Reports reports;
    std::string seen;
    const Deferred<void> awaited([&](Deferred<void>&) { seen += "canceller "; });
    const auto coroutine = [](Deferred<void> wait, std::string& notes) -> Deferred<void> {
        const Local local(notes);
        try {
            co_await wait;
        } catch (const CancelledError&) {
            notes += "caught ";
            throw;
        }
        notes += "went on ";
    };
    const Deferred<void> d = coroutine(awaited, seen);
    note(d, seen);
    d.cancel();
    CHECK(seen == "canceller caught (gone)" + cancelled);
    CHECK(awaited.called());
}

TEST_CASE("113: cancel() goes through coroutines and returned Deferreds to the innermost one") {
    Reports reports;
    std::string seen;
    const Deferred<int> innermost([&](Deferred<int>&) { seen += "canceller "; });
    const Deferred<int> chained = succeed(0).add_callback([&](int) { return innermost; });
    const Deferred<int> d = plus_one(plus_one(chained));
    note(d, seen);
    d.cancel();
    CHECK(seen == "canceller " + cancelled);
}

TEST_CASE("113: a canceller may supply a value; the body continues with it") {
    Reports reports;
    std::string seen;
    const Deferred<int> awaited([](Deferred<int>& self) { self.callback(6); });
    const Deferred<int> d = plus_one(awaited);
    note(d, seen);
    CHECK(seen == "");
    d.cancel();
    CHECK(seen == "7");
}

TEST_CASE("78: a canceller's exception propagates out of cancel(); the coroutine keeps waiting") {
    Reports reports;
    std::string seen;
    const Deferred<int> awaited([](Deferred<int>&) { throw Exception("can't"); });
    const Deferred<int> d = plus_one(awaited);
    note(d, seen);
    CHECK_THROWS_WITH_AS(d.cancel(), "can't", Exception);
    CHECK_FALSE(d.called());
    awaited.callback(1);
    CHECK(seen == "2");
}

TEST_CASE("113: after the cancel(), one late firing of the awaited Deferred is ignored") {
    Reports reports;
    std::string seen;
    const Deferred<int> awaited;
    const Deferred<int> d = plus_one(awaited);
    note(d, seen);
    d.cancel();
    awaited.callback(1);
    CHECK(seen == cancelled);
    CHECK_THROWS_AS(awaited.callback(2), AlreadyCalledError);
}

TEST_CASE("113: add_timeout on a coroutine cancels the awaited Deferred") {
    Reports reports;
    FakeClock clock;
    std::string seen;
    const Deferred<int> awaited;
    note(add_timeout(plus_one(awaited), std::chrono::seconds(5), clock), seen);
    clock.advance(std::chrono::seconds(5));
    CHECK(awaited.called());
    CHECK(seen == "[Failure: TimeoutError: No result came in time.]");
}

TEST_CASE("114: a body that catches CancelledError continues, and its result is delivered") {
    Reports reports;
    std::string seen;
    const Deferred<int> first, second;
    const Deferred<std::string> d = stubborn(first, second);
    note(d, seen);
    d.cancel();
    CHECK(first.called());
    CHECK_FALSE(second.called());
    CHECK_FALSE(d.called());
    second.callback(2);
    CHECK(seen == "cancelled, then 2");
}

TEST_CASE("114: the second cancel() cancels the next awaited Deferred") {
    Reports reports;
    std::string seen;
    const Deferred<int> first, second;
    const Deferred<std::string> d = stubborn(first, second);
    note(d, seen);
    d.cancel();
    d.cancel();
    CHECK(second.called());
    CHECK(seen == cancelled);
}

TEST_CASE("108: a cancel() while the body runs fires its Deferred; the body's result is dropped") {
    Reports reports;
    std::string seen;
    const Deferred<void> start;
    const auto coroutine = [](Deferred<void> wait, Deferred<int>& self) -> Deferred<int> {
        co_await wait;
        self.cancel();
        co_return 7;
    };
    Deferred<int> self;
    self = coroutine(start, self);
    note(self, seen);
    start.callback();
    CHECK(seen == cancelled);
}

TEST_CASE("108: then the Deferred and the body wait separately: cancel() is for the Deferred") {
    Reports reports;
    std::string seen;
    const Deferred<void> start;
    const Deferred<int> late, recovery;
    const auto coroutine = [](Deferred<void> wait, Deferred<int>& self, Deferred<int> awaited,
                              std::string& notes) -> Deferred<int> {
        co_await wait;
        self.cancel();
        const int value = co_await awaited;
        notes += "body " + std::to_string(value);
        co_return value;
    };
    Deferred<int> self;
    self = coroutine(start, self, late, seen);
    const Deferred<std::string> end =
        self.add_errback([&](const Failure&) { return recovery; }).add_callback([](int value) {
            return std::to_string(value);
        });
    note(end, seen);
    start.callback();
    SUBCASE("while both wait") {
        end.cancel();
        CHECK_FALSE(late.called());
        CHECK(seen == cancelled);
        seen.clear();
        late.callback(1);
        CHECK(seen == "body 1");
    }
    SUBCASE("when the body has ended") {
        late.callback(1);
        CHECK(seen == "body 1");
        end.cancel();
        CHECK(seen == "body 1" + cancelled);
    }
    CHECK(recovery.called());
}

TEST_CASE("A coroutine's Deferred that was fired explicitly no longer holds the body") {
    Reports reports;
    std::string seen;
    {
        const Deferred<int> awaited;
        const Deferred<int> d = plus_one(awaited);
        d.callback(5);
        note(d, seen);
        d.cancel();
        CHECK_FALSE(awaited.called());
        awaited.callback(1);
    }
    CHECK(seen == "5");
    CHECK(reports.take() == "Unhandled error in Deferred: "
                            "[Failure: AlreadyCalledError: A Deferred can be fired only once.]");
}
