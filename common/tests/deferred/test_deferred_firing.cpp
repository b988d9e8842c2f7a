// Items 1 to 30: firing a Deferred runs its callbacks and errbacks.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/failures.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/timeout.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace twist;

namespace {

// Whether d.callback(arguments...) compiles.
template <class D, class... Arguments>
concept CanBeFiredWith =
    requires(D d, Arguments... arguments) { d.callback(std::move(arguments)...); };

} // namespace

TEST_CASE("1: a callback gets the value once, before callback() returns") {
    std::string seen;
    Deferred<std::string> d;
    d.add_callback([&](const std::string& value) { seen += value; });
    CHECK(seen == "");
    d.callback("x");
    CHECK(seen == "x");
}

TEST_CASE("2: callbacks run in the order of adding, each with the previous one's result") {
    std::string seen;
    Deferred<int> d;
    d.add_callback([](int value) { return std::to_string(value) + " one"; })
        .add_callback([](const std::string& value) { return value + " two"; })
        .add_callback([&](const std::string& value) { seen = value + " three"; });
    d.callback(0);
    CHECK(seen == "0 one two three");
}

TEST_CASE("3: after a callback that returns nothing, the next one gets nothing") {
    bool ran = false;
    Deferred<int> d;
    const Deferred<void> end = d.add_callback([](int) {});
    end.add_callback([&] { ran = true; });
    d.callback(7);
    CHECK(ran);
}

TEST_CASE("4: of a pair, a failure runs the errback only, which gets a Failure") {
    Reports reports;
    std::string seen;
    Deferred<int> d;
    d.add_callbacks([&](int) { seen += "callback"; },
                    [&](const Failure& failure) { seen += failure.text(); });
    d.errback(Exception("boom"));
    CHECK(seen == boom);
}

TEST_CASE("5: errback() passes a Failure on unchanged") {
    Reports reports;
    const Failure given{Exception("boom")};
    bool same = false;
    Deferred<void> d;
    d.add_errback([&](const Failure& failure) { same = failure == given; });
    d.errback(given);
    CHECK(same);
}

TEST_CASE("6: firing twice throws AlreadyCalledError and changes nothing") {
    Reports reports;
    std::string seen;
    Deferred<int> succeeded;
    succeeded.add_callback([&](int value) {
        seen += std::to_string(value);
        return value;
    });
    succeeded.callback(1);
    CHECK_THROWS_AS(succeeded.callback(2), AlreadyCalledError);
    CHECK_THROWS_AS(succeeded.errback(Exception("late")), AlreadyCalledError);
    succeeded.add_callback([&](int value) { seen += " still " + std::to_string(value); });
    CHECK(seen == "1 still 1");

    seen = "";
    Deferred<int> failed;
    failed.errback(Exception("boom"));
    CHECK_THROWS_AS(failed.callback(2), AlreadyCalledError);
    CHECK_THROWS_AS(failed.errback(Exception("late")), AlreadyCalledError);
    failed.add_errback([&](const Failure& failure) {
        seen = failure.text();
        return 0;
    });
    CHECK(seen == boom);
}

TEST_CASE("7: a callback added after firing runs at once") {
    std::string seen;
    const Deferred<std::string> d = succeed(std::string("x"));
    d.add_callback([&](const std::string& value) { seen += value; });
    CHECK(seen == "x");
}

TEST_CASE("8: callbacks added one at a time after firing each get the previous one's result") {
    std::vector<int> seen;
    const auto count = [&](int value) {
        seen.push_back(value);
        return value + 1;
    };
    const Deferred<int> d = succeed(0);
    d.add_callback(count);
    d.add_callback(count);
    d.add_callback(count);
    CHECK((seen == std::vector{0, 1, 2}));
}

TEST_CASE("9: each way to add returns a handle on the same chain") {
    FakeClock clock;
    const Deferred<int> d;
    CHECK(d.add_callback([](int value) { return value; }) == d);
    CHECK(d.add_errback([](const Failure&) { return 0; }) == d);
    CHECK(d.add_callbacks([](int value) { return value; }, [](const Failure&) { return 0; }) == d);
    CHECK(d.add_both([](Result<int> result) { return result; }) == d);
    CHECK(add_timeout(d, Seconds(1), clock) == d);
    CHECK_FALSE(d == Deferred<int>());
}

TEST_CASE("10: a callback's exception does not go to the errback beside it, but to the next step") {
    Reports reports;
    std::string seen;
    Deferred<int> d;
    d.add_callbacks([](int) { throw Exception("boom"); },
                    [&](const Failure&) { seen += "same level "; })
        .add_errback([&](const Failure& failure) { seen += "next level " + failure.text(); });
    d.callback(1);
    CHECK(seen == "next level " + boom);
}

TEST_CASE("11: an errback after a callback is a catch around it") {
    Reports reports;
    std::string seen;
    Deferred<int> d;
    d.add_callback([](int) { throw Exception("boom"); }).add_errback([&](const Failure& failure) {
        seen = failure.text();
    });
    d.callback(1);
    CHECK(seen == boom);
}

TEST_CASE("12: a failure skips the levels that have only a callback, and stays the same") {
    Reports reports;
    const Failure given{Exception("boom")};
    std::string seen;
    Deferred<int> d;
    d.add_callback([&](int) { seen += "callback "; }).add_errback([&](const Failure& failure) {
        seen += failure == given ? "the same" : "another";
    });
    d.errback(given);
    CHECK(seen == "the same");
}

TEST_CASE("13: a value skips the levels that have only an errback") {
    std::string seen;
    Deferred<std::string> d;
    d.add_errback([&](const Failure&) {
         seen += "errback ";
         return std::string("recovered");
     }).add_callback([&](const std::string& value) { seen += value; });
    d.callback("x");
    CHECK(seen == "x");
}

TEST_CASE("14: add_both runs for a value and for a failure, and its result continues") {
    Reports reports;
    std::string seen;
    const auto either = [&](Result<int> result) {
        seen += result ? std::to_string(result.value()) : result.failure().text();
        return std::string(" cleared ");
    };
    const auto next = [&](const std::string& value) { seen += value; };
    Deferred<int> succeeds;
    succeeds.add_both(either).add_callback(next);
    succeeds.callback(1);
    CHECK(seen == "1 cleared ");

    seen = "";
    Deferred<int> fails;
    fails.add_both(either).add_callback(next);
    fails.errback(Exception("boom"));
    CHECK(seen == boom + " cleared ");
}

TEST_CASE("14: a function that takes nothing can be added with add_both") {
    Reports reports;
    int runs = 0;
    succeed(1).add_both([&] { ++runs; });
    fail<int>(Exception("boom")).add_both([&] { ++runs; });
    CHECK(runs == 2);
}

TEST_CASE("14: add_both can pass a failure on") {
    Reports reports;
    std::string seen;
    fail<int>(Exception("boom"))
        .add_both([](Result<int> result) { return result; })
        .add_errback([&](const Failure& failure) {
            seen = failure.text();
            return 0;
        });
    CHECK(seen == boom);
}

TEST_CASE("15: an errback that returns a value, or nothing, leads back to the callbacks") {
    Reports reports;
    std::string seen;
    fail<int>(Exception("boom"))
        .add_errback([](const Failure&) { return 5; })
        .add_callback([&](int v) { seen += std::to_string(v); });
    fail<void>(Exception("boom")).add_errback([](const Failure&) {}).add_callback([&] {
        seen += " nothing";
    });
    CHECK(seen == "5 nothing");
}

TEST_CASE("16: an errback that returns its Failure stays on the errback side") {
    Reports reports;
    const Failure given{Exception("boom")};
    bool same = false;
    fail<int>(given)
        .add_errback([](Failure failure) { return failure; })
        .add_errback([&](const Failure& failure) {
            same = failure == given;
            return 0;
        });
    CHECK(same);
}

TEST_CASE("17: an errback's exception replaces the failure that it got") {
    Reports reports;
    std::string seen;
    fail<int>(Exception("boom"))
        .add_errback([](const Failure&) -> int { throw Exception("worse"); })
        .add_errback([&](const Failure& failure) {
            seen = failure.text();
            return 0;
        });
    CHECK(seen == "[Failure: Exception: worse]");
}

TEST_CASE("18: a callback's exception stays inside callback() and is the next result") {
    Reports reports;
    Deferred<int> d;
    bool caught = false;
    d.add_callback([](int) { throw Exception("boom"); }).add_errback([&](const Failure&) {
        caught = true;
    });
    CHECK_NOTHROW(d.callback(1));
    CHECK(caught);
}

TEST_CASE("19: a callback that returns a Result with a Failure has failed") {
    Reports reports;
    std::string seen;
    succeed(1)
        .add_callback([](int) -> Result<std::string> { return Failure(Exception("boom")); })
        .add_errback([&](const Failure& failure) {
            seen = failure.text();
            return std::string();
        });
    CHECK(seen == boom);
}

TEST_CASE("20: a callback gets only the result; it captures further arguments") {
    std::string seen;
    const auto note = [&](const std::string& prefix, int value) {
        seen = prefix + std::to_string(value);
    };
    succeed(1).add_callback(std::bind_front(note, "got "));
    CHECK(seen == "got 1");
}

TEST_CASE("21: callback() takes exactly one value") {
    CHECK(CanBeFiredWith<Deferred<int>, int>);
    CHECK_FALSE(CanBeFiredWith<Deferred<int>, int, int>);
    CHECK_FALSE(CanBeFiredWith<Deferred<int>>);
    CHECK(CanBeFiredWith<Deferred<void>>);
}

TEST_CASE("22: called() is true from the firing on, even while the chain waits") {
    Deferred<int> inner;
    Deferred<int> d;
    d.add_callback([&](int) { return inner; });
    CHECK_FALSE(d.called());
    d.callback(1);
    CHECK(d.called());
    inner.callback(2);
    CHECK(d.called());
}

TEST_CASE("23: callback() with a Result that is a failure starts on the errback side") {
    Reports reports;
    std::string seen;
    Deferred<int> d;
    d.add_callbacks([&](int) { seen = "callback"; },
                    [&](const Failure& failure) { seen = failure.text(); });
    d.callback(Failure(Exception("boom")));
    CHECK(seen == boom);
}

TEST_CASE("24: errback() takes any value, which the failure prints") {
    Reports reports;
    std::string seen;
    const auto note = [&](const Failure& failure) { seen += failure.text(); };
    Deferred<void> number;
    number.add_errback(note);
    number.errback(5);
    CHECK(seen == "[Failure: int: 5]");
    seen = "";
    fail<void>(std::string("oops")).add_errback(note);
    CHECK(seen == "[Failure: std::string: oops]");
}

TEST_CASE("25: anything that a callback throws becomes a Failure") {
    struct NoException {};
    Reports reports;
    std::string seen;
    const auto note = [&](const Failure& failure) { seen += failure.text(); };
    succeed(1).add_callback([](int) { throw NoException(); }).add_errback(note);
    succeed(1).add_callback([](int) { throw 7; }).add_errback(note);
    CHECK(seen == "[Failure: NoException][Failure: int: 7]");
}

TEST_CASE("26: a Deferred can't be fired with a Deferred, so firing never chains two") {
    CHECK_FALSE(CanBeFiredWith<Deferred<int>, Deferred<int>>);
    CHECK_FALSE(CanBeFiredWith<Deferred<void>, Deferred<void>>);
}

TEST_CASE("28: a callback added by a callback of the same Deferred runs later, and last") {
    std::string seen;
    const Deferred<void> d;
    d.add_callback([&] {
        d.add_callback([&] { seen += " added"; });
        seen += "first";
    });
    d.add_callback([&] { seen += " second"; });
    d.callback();
    CHECK(seen == "first second added");
}

TEST_CASE("6: a Deferred's own callback can't fire it again either") {
    Reports reports;
    std::string seen;
    const Deferred<void> d;
    d.add_callback([&] { d.callback(); }).add_errback([&](const Failure& failure) {
        seen = failure.text();
    });
    d.callback();
    CHECK(seen == "[Failure: AlreadyCalledError: A Deferred can be fired only once.]");
}

TEST_CASE("30: a callback that fires another Deferred runs that Deferred's chain inside") {
    std::string seen;
    Deferred<void> other;
    other.add_callback([&] { seen += " inside"; });
    Deferred<void> d;
    d.add_callback([&] {
         seen += "before";
         other.callback();
         seen += " after";
     }).add_callback([&] { seen += " next"; });
    d.callback();
    CHECK(seen == "before inside after next");
}
