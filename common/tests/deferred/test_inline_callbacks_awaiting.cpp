// Items 104 to 107, 110 to 112: coroutines await Deferreds, and each other, a million times.
#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

#include "common/tests/coroutines.hpp"
#include "common/tests/failures.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/small_stack.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/inline_callbacks.hpp"

using namespace twist;

namespace {

// Whether a coroutine can co_await a D.
template <class D>
concept Awaitable =
    requires(detail::Promise<void> promise, D&& d) { promise.await_transform(std::forward<D>(d)); };

} // namespace

TEST_CASE("104: the body runs at once, up to the first wait") {
    std::string seen;
    const Deferred<int> first, second;
    const Deferred<void> d = narrate(seen, "body", first, second);
    CHECK(seen == "[body begins]");
    CHECK_FALSE(d.called());
    first.callback(1);
    CHECK(seen == "[body begins][body has 1]");
    CHECK_FALSE(d.called());
    second.callback(2);
    CHECK(seen == "[body begins][body has 1][body has 1 and 2](body gone)");
    CHECK(d.called());
}

TEST_CASE("104: a body that waits for nothing has run to its end and has destroyed its locals") {
    std::string seen;
    const auto coroutine = [](std::string& notes) -> Deferred<int> {
        const Local local(notes);
        co_return 7;
    };
    const Deferred<int> d = coroutine(seen);
    CHECK(seen == "(gone)");
    CHECK(d.called());
    note(d, seen);
    CHECK(seen == "(gone)7");
}

TEST_CASE("105: co_await on anything but a Deferred returns the very same object, at once") {
    struct Unmovable {
        Unmovable() = default;
        Unmovable(const Unmovable&) = delete;
        Unmovable& operator=(const Unmovable&) = delete;
    };
    std::string seen;
    const auto coroutine = [](const Unmovable& object) -> Deferred<std::string> {
        auto&& one = co_await 1;
        auto&& same_object = co_await object;
        static_assert(std::is_same_v<decltype(one), int&&>);
        static_assert(std::is_same_v<decltype(same_object), const Unmovable&>);
        std::string text = "text";
        std::string& same = co_await text;
        same += " and more";
        const std::unique_ptr<int> box = co_await std::make_unique<int>(one + 1);
        co_return text + " " + std::to_string(*box) + (&same_object == &object ? " same" : "");
    };
    const Unmovable object;
    note(coroutine(object), seen);
    CHECK(seen == "text and more 2 same");
}

TEST_CASE("106: the body continues inside the firing, with the value") {
    std::string seen;
    const Deferred<int> d;
    d.add_callback([&](int value) {
        seen += "before ";
        return value;
    });
    note(plus_one(d), seen);
    CHECK(seen == "");
    d.callback(6);
    CHECK(seen == "before 7");
}

TEST_CASE("106: the body continues when the awaited Deferred is unpaused, or its inner one fires") {
    std::string seen;
    const Deferred<int> paused = succeed(1);
    paused.pause();
    note(plus_one(paused), seen);
    CHECK(seen == "");
    paused.unpause();
    CHECK(seen == "2");

    const Deferred<int> inner;
    note(plus_one(succeed(0).add_callback([inner](int) { return inner; })), seen);
    CHECK(seen == "2");
    inner.callback(2);
    CHECK(seen == "23");
}

TEST_CASE("32, 106: the body continues at once though the awaited Deferred's callback paused it") {
    std::string seen;
    const Deferred<int> d;
    d.add_callback([&](int value) {
        d.pause();
        return value;
    });
    note(plus_one(d), seen);
    d.callback(1);
    CHECK(seen == "2");
}

TEST_CASE("106: a Deferred's own callback can start an await; the value comes after the callback") {
    std::string seen;
    const Deferred<int> d;
    Deferred<int> awaits;
    d.add_callback([&](int value) {
        awaits = plus_one(d);
        seen += "callback ";
        return value * 10;
    });
    d.callback(1);
    note(awaits, seen);
    CHECK(seen == "callback 11");
}

TEST_CASE("107: a failure is thrown at the co_await; if it is caught, nothing is reported") {
    Reports reports;
    std::string seen;
    const auto coroutine = [](Deferred<int> d) -> Deferred<std::string> {
        try {
            co_return std::to_string(co_await d);
        } catch (const Exception& error) {
            co_return std::string("caught ") + error.what();
        }
    };
    const Deferred<int> later;
    note(coroutine(later), seen);
    CHECK(seen == "");
    later.errback(Exception("boom"));
    CHECK(seen == "caught boom");
    note(coroutine(fail<int>(Exception("at once"))), seen);
    CHECK(seen == "caught boomcaught at once");
}

TEST_CASE("112: the same Deferred can't be awaited twice, through any handle") {
    Reports reports;
    std::string seen;
    const auto coroutine = [](Deferred<int> d) -> Deferred<int> {
        const Deferred<int> copy = d;
        int sum = co_await d;
        for (Deferred<int> again : {d, copy}) { // an empty handle, and one whose end is spent
            try {
                sum += 100 * co_await again;
            } catch (const std::logic_error&) {
                sum += 10;
            }
        }
        co_return sum;
    };
    note(coroutine(succeed(1)), seen);
    const Deferred<int> later;
    note(coroutine(later), seen);
    later.callback(2);
    CHECK(seen == "2122");
}

TEST_CASE("112: co_await empties the handle, which can't be const; the awaited end is spent") {
    static_assert(Awaitable<Deferred<int>&> && Awaitable<Deferred<int>>);
    static_assert(!Awaitable<const Deferred<int>&>);
    Deferred<int> d;
    const Deferred<int> copy = d;
    const auto coroutine = [](Deferred<int>& lent) -> Deferred<int> { co_return co_await lent; };
    const Deferred<int> waits = coroutine(d);
    CHECK_THROWS_AS(static_cast<void>(d.called()), std::logic_error);
    CHECK_THROWS_AS(copy.add_callback([](int) {}), std::logic_error);
    copy.callback(1); // firing is still allowed
    CHECK(waits.called());
}

TEST_CASE("110: two coroutines interleave, each with its own locals") {
    std::string seen;
    const std::array<Deferred<int>, 2> first, second;
    const Deferred<void> a = narrate(seen, "a", first[0], second[0]);
    const Deferred<void> b = narrate(seen, "b", first[1], second[1]);
    CHECK(seen == "[a begins][b begins]");
    seen.clear();
    first[1].callback(3);
    first[0].callback(1);
    CHECK(seen == "[b has 3][a has 1]");
    seen.clear();
    second[0].callback(2);
    second[1].callback(4);
    CHECK(seen == "[a has 1 and 2](a gone)[b has 3 and 4](b gone)");
}

TEST_CASE("A coroutine that awaits itself fails with an error") {
    Reports reports;
    std::string seen;
    const auto coroutine = [](Deferred<void> start, Deferred<int>& self) -> Deferred<int> {
        co_await start;
        co_return co_await self;
    };
    const Deferred<void> start;
    Deferred<int> self;
    self = coroutine(start, self);
    const Deferred<int> copy = self;
    start.callback();
    note(copy, seen);
    CHECK(seen == "[Failure: Exception: A Deferred can't wait for itself.]");
}

TEST_CASE("Two coroutines that await each other both fail, as soon as the second one waits") {
    Reports reports;
    std::string seen;
    const auto coroutine = [](Deferred<void> start, Deferred<int>& other) -> Deferred<int> {
        co_await start;
        co_return co_await other;
    };
    std::array<Deferred<void>, 2> start;
    std::array<Deferred<int>, 2> d;
    d = {coroutine(start[0], d[1]), coroutine(start[1], d[0])};
    const std::array copies = d;
    start[0].callback();
    start[1].callback();
    note(copies[0], seen);
    CHECK(seen == "[Failure: Exception: A Deferred can't wait for itself.]");
}

// Many --------------------------------------------------------------------------------------------

TEST_CASE("111: a million waits for Deferreds that have fired do not grow the stack") {
    int sum = 0;
    on_small_stack([&] {
        const auto coroutine = [](int times) -> Deferred<int> {
            int ones = 0;
            for (int i = 0; i < times; ++i)
                ones += co_await succeed(1);
            co_return ones;
        };
        coroutine(very_many).add_callback([&](int value) { sum = value; });
    });
    CHECK(sum == very_many);
}

TEST_CASE("111: a million calls of coroutines that end at once do not grow the stack either") {
    int sum = 0;
    on_small_stack([&] {
        const auto coroutine = [](int times) -> Deferred<int> {
            int last = 0;
            for (int i = 0; i < times; ++i)
                last = co_await plus_one(succeed(last));
            co_return last;
        };
        coroutine(very_many).add_callback([&](int value) { sum = value; });
    });
    CHECK(sum == very_many);
}

namespace {

constexpr int row_length = 100'000;

// A row of coroutines, each awaiting the previous one; the first awaits `start`.
Deferred<int> row_that_awaits(Deferred<int> start) {
    Deferred<int> last = std::move(start);
    for (int i = 0; i < row_length; ++i)
        last = plus_one(std::move(last));
    return last;
}

} // namespace

TEST_CASE("A row of 100,000 coroutines, each awaiting the previous one: fired, failed, cancelled") {
    std::string seen;
    on_small_stack([&] {
        Reports reports;
        for (const char* how : {"fire", "fail", "cancel"}) {
            const Deferred<int> start;
            const Deferred<int> end = row_that_awaits(start);
            note(end, seen);
            CHECK_FALSE(end.called());
            if (how == std::string("fire"))
                start.callback(7);
            else if (how == std::string("fail"))
                start.errback(Exception("boom"));
            else
                end.cancel();
        }
    });
    CHECK(seen == "100007" + boom + cancelled);
}

TEST_CASE("A row of 100,000 coroutines that is destroyed unfired, from either end") {
    std::string seen;
    on_small_stack([&] {
        Reports reports;
        for (const bool start_goes_first : {true, false}) {
            std::optional<Deferred<int>> start(std::in_place);
            std::optional<Deferred<int>> end = row_that_awaits(*start);
            note(*end, seen);
            (start_goes_first ? start : end).reset();
            (start_goes_first ? end : start).reset();
        }
    });
    CHECK(seen == "");
}

TEST_CASE("A row of 100,000 whose last handle is destroyed still runs to its end") {
    std::string seen;
    on_small_stack([&] {
        const Deferred<int> start;
        note(row_that_awaits(start), seen);
        start.callback(1);
    });
    CHECK(seen == "100001");
}
