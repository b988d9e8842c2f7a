// Items 62, 108, 109: how a coroutine ends, who owns its frame, and when that is destroyed.
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/coroutines.hpp"
#include "common/tests/failures.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;

namespace {

Deferred<void> throw_after(Deferred<void> wait, std::string& seen) {
    const Local local(seen);
    co_await wait;
    throw Exception("boom");
}

} // namespace

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

// Lifetimes ---------------------------------------------------------------------------------------

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
