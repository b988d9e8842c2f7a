// Items 104 to 114, and what C++ adds: who owns a coroutine's frame, and when it is destroyed.
#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/small_stack.hpp"
#include "twist/async/timeout.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/testing/fake_clock.hpp"

using namespace twist;

namespace {

const std::string boom = "[Failure: Exception: boom]";
const std::string cancelled = "[Failure: CancelledError]";

// A local variable of a coroutine that notes its destruction.
class Local {
  public:
    explicit Local(std::string& seen, std::string name = "gone")
        : seen_(seen), name_(std::move(name)) {}
    Local(const Local&) = delete;
    Local& operator=(const Local&) = delete;
    ~Local() { seen_ += "(" + name_ + ")"; }

  private:
    std::string& seen_;
    std::string name_;
};

// Appends the result, a value or a failure, to `seen`.
template <class T>
void note(const Deferred<T>& d, std::string& seen) {
    d.add_both([&seen](Result<T> result) {
        if (result.is_failure())
            seen += result.failure().text();
        else if constexpr (std::is_void_v<T>)
            seen += "nothing";
        else if constexpr (std::is_same_v<T, std::string>)
            seen += result.value();
        else
            seen += std::to_string(result.value());
    });
}

// Whether a coroutine can co_await a D.
template <class D>
concept Awaitable =
    requires(detail::Promise<void> promise, D&& d) { promise.await_transform(std::forward<D>(d)); };

Deferred<int> plus_one(Deferred<int> before) {
    co_return co_await before + 1;
}

Deferred<void> narrate(std::string& seen, std::string name, Deferred<int> first,
                       Deferred<int> second) {
    const Local local(seen, name + " gone");
    seen += "[" + name + " begins]";
    const int one = co_await first;
    seen += "[" + name + " has " + std::to_string(one) + "]";
    const int two = co_await second;
    seen += "[" + name + " has " + std::to_string(one) + " and " + std::to_string(two) + "]";
}

Deferred<void> throw_after(Deferred<void> wait, std::string& seen) {
    const Local local(seen);
    co_await wait;
    throw Exception("boom");
}

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

// Awaiting ----------------------------------------------------------------------------------------

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

// How a coroutine ends ----------------------------------------------------------------------------

TEST_CASE("108: an exception from the body is the failure; the locals are already destroyed") {
    Reports reports;
    std::string seen;
    note(throw_after(succeed(), seen), seen);
    CHECK(seen == "(gone)" + boom);
    seen.clear();
    const Deferred<void> later;
    note(throw_after(later, seen), seen);
    CHECK(seen == "");
    later.callback();
    CHECK(seen == "(gone)" + boom);
}

TEST_CASE("108: an exception thrown at a co_await passes through the coroutines unchanged") {
    Reports reports;
    const Deferred<int> d;
    const Failure failure(Exception("boom"));
    std::optional<Failure> came;
    plus_one(plus_one(d)).add_errback([&](const Failure& reason) {
        came = reason;
        return 0;
    });
    d.errback(failure);
    CHECK(came == failure);
}

TEST_CASE("109: co_return sets the result, and nothing after it runs") {
    std::string seen;
    const auto coroutine = [](bool early, std::string& notes) -> Deferred<int> {
        if (early)
            co_return 1;
        notes += "went on ";
        co_return 2;
    };
    note(coroutine(true, seen), seen);
    CHECK(seen == "1");
    note(coroutine(false, seen), seen);
    CHECK(seen == "1went on 2");
}

TEST_CASE("109: a Deferred<void> is fired by reaching the end, and by co_return") {
    std::string seen;
    const auto coroutine = [](bool early, Deferred<void> wait) -> Deferred<void> {
        if (early)
            co_return;
        co_await wait;
    };
    const Deferred<void> later;
    note(coroutine(true, later), seen);
    CHECK(seen == "nothing");
    note(coroutine(false, later), seen);
    CHECK(seen == "nothing");
    later.callback();
    CHECK(seen == "nothingnothing");
}

TEST_CASE("109: co_return takes what a Result takes: a convertible value, a Result, a Failure") {
    Reports reports;
    std::string seen;
    const auto coroutine = [](int which) -> Deferred<std::string> {
        if (which == 0)
            co_return "converts ";
        if (which == 1)
            co_return Result<std::string>("Result ");
        co_return Failure(Exception("boom"));
    };
    for (const int which : {0, 1, 2})
        note(coroutine(which), seen);
    CHECK(seen == "converts Result " + boom);
}

TEST_CASE("109: a move-only result can be awaited and returned") {
    using Box = std::unique_ptr<int>;
    const auto coroutine = [](Deferred<Box> d) -> Deferred<Box> {
        Box box = co_await d;
        ++*box;
        co_return box;
    };
    int seen = 0;
    const Deferred<Box> later;
    coroutine(coroutine(later)).add_callback([&](Box box) { seen = *box; });
    later.callback(std::make_unique<int>(5));
    CHECK(seen == 7);
}

TEST_CASE("109: callbacks can be added to a coroutine's Deferred before or after its end") {
    const Deferred<int> later;
    std::string seen;
    const Deferred<int> d = plus_one(later);
    d.add_callback([&](int value) {
        seen += "before ";
        return value * 10;
    });
    later.callback(1);
    d.add_callback([&](int value) { seen += "after " + std::to_string(value); });
    CHECK(seen == "before after 20");
}

TEST_CASE("109: a callback may return a coroutine's Deferred") {
    std::string seen;
    const Deferred<int> later, start;
    note(start.add_callback([later](int) { return plus_one(later); }), seen);
    start.callback(0);
    CHECK(seen == "");
    later.callback(1);
    CHECK(seen == "2");
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

TEST_CASE("Parameters by value live as long as the body") {
    std::string seen;
    const Deferred<void> later;
    const auto coroutine = [](std::string text, Deferred<void> wait) -> Deferred<std::string> {
        co_await wait;
        co_return text;
    };
    {
        std::string text = "too long to be kept inside a string object";
        note(coroutine(text, later), seen);
        text.assign(text.size(), 'x');
    }
    later.callback();
    CHECK(seen == "too long to be kept inside a string object");
}

// Cancelling --------------------------------------------------------------------------------------

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

// Lifetimes ---------------------------------------------------------------------------------------

TEST_CASE("62: if the awaited Deferred is destroyed unfired, so are the coroutine and its locals") {
    Reports reports;
    std::string seen;
    std::optional<Deferred<int>> awaited(std::in_place);
    const Deferred<void> d = narrate(seen, "body", *awaited, Deferred<int>());
    note(d, seen);
    awaited.reset();
    CHECK(seen == "[body begins](body gone)");
    CHECK_FALSE(d.called());
    d.cancel();
    CHECK_MESSAGE(seen == "[body begins](body gone)" + cancelled, "it can still be cancelled");
}

TEST_CASE("A coroutine that awaits a Deferred that nobody can fire is destroyed at once") {
    Reports reports;
    std::string seen;
    const auto coroutine = [](std::string& notes) -> Deferred<int> {
        const Local local(notes);
        co_return co_await Deferred<int>();
    };
    note(coroutine(seen), seen);
    CHECK(seen == "(gone)");
}

TEST_CASE("A coroutine without a handle runs to its end") {
    Reports reports;
    std::string seen;
    const Deferred<int> first, second;
    narrate(seen, "body", first, second);
    first.callback(1);
    second.callback(2);
    CHECK(seen == "[body begins][body has 1][body has 1 and 2](body gone)");
}

TEST_CASE("The failure of a coroutine without a handle is reported") {
    Reports reports;
    std::string seen;
    const Deferred<void> wait;
    throw_after(wait, seen);
    CHECK(reports.take() == "");
    wait.callback();
    CHECK(reports.take() == "Unhandled error in Deferred: " + boom);
    throw_after(succeed(), seen);
    CHECK(reports.take() == "Unhandled error in Deferred: " + boom);
}

TEST_CASE("The locals are destroyed when the body ends, before the Deferred's callbacks run") {
    std::string seen;
    const Deferred<int> first, second;
    note(narrate(seen, "body", first, second), seen);
    first.callback(1);
    seen.clear();
    second.callback(2);
    CHECK(seen == "[body has 1 and 2](body gone)nothing");
}

TEST_CASE("A destructor in the body may drop the Deferred that another coroutine awaits") {
    Reports reports;
    std::string seen;
    std::optional<Deferred<int>> first(std::in_place);
    {
        Deferred<int> second;
        const auto holder = [](Deferred<int> wait, Deferred<int> held,
                               std::string& notes) -> Deferred<int> {
            const Local local(notes, "holder gone");
            co_await wait;
            co_return co_await held;
        };
        holder(*first, second, seen);
        narrate(seen, "other", second, Deferred<int>());
    }
    CHECK(seen == "[other begins]");
    first.reset();
    CHECK(seen == "[other begins](holder gone)(other gone)");
}

TEST_CASE("A coroutine waits for a timer of the reactor, and its result stops the loop") {
    Reports reports;
    Reactor reactor;
    std::string seen;
    const auto coroutine = [](Reactor& loop, std::string& notes) -> Deferred<int> {
        for (int turn = 0; turn < 3; ++turn) {
            Deferred<void> later;
            loop.call_later(Seconds(0), [later] { later.callback(); });
            co_await later;
            notes += "turn ";
        }
        co_return 7;
    };
    coroutine(reactor, seen).add_callback([&](int value) {
        seen += std::to_string(value);
        reactor.stop();
    });
    CHECK(seen == "");
    run(reactor);
    CHECK(seen == "turn turn turn 7");
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
