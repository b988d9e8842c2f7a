// Items 96 to 103: succeed and fail, maybe_deferred, add_timeout.
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>

#include <doctest/doctest.h>

#include "common/tests/failures.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/timeout.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace twist;

namespace {

const std::string timed_out = "[Failure: TimeoutError: No result came in time.]";

// The result of `d` so far.
template <class T>
std::string outcome(const Deferred<T>& d) {
    std::string seen = "nothing yet";
    const auto keep = std::make_shared<std::string*>(&seen);
    d.add_both([keep](const Result<T>& result) {
        if (*keep == nullptr)
            return;
        if (result.is_failure())
            **keep = result.failure().text();
        else if constexpr (std::is_void_v<T>)
            **keep = "nothing";
        else if constexpr (std::is_same_v<T, std::string>)
            **keep = result.value();
        else
            **keep = std::to_string(result.value());
    });
    *keep = nullptr;
    return seen;
}

} // namespace

TEST_CASE("96: succeed and fail return Deferreds that have fired; cancel() does nothing to them") {
    Reports reports;
    const Deferred<int> succeeded = succeed(1);
    const Deferred<int> failed = fail<int>(Exception("boom"));
    CHECK(succeeded.called());
    CHECK(failed.called());
    succeeded.cancel();
    failed.cancel();
    CHECK(outcome(succeeded) == "1");
    CHECK(outcome(failed) == boom);
    CHECK(outcome(succeed()) == "nothing");
    CHECK(outcome(fail<std::string>(7)) == "[Failure: int: 7]");
}

TEST_CASE("97: maybe_deferred of a function that returns a value has fired with it") {
    Reports reports;
    CHECK(outcome(maybe_deferred([](int a, int b) { return a - b; }, 5, 2)) == "3");
    CHECK(outcome(maybe_deferred([] { return Result<int>(4); })) == "4");
    bool ran = false;
    CHECK(outcome(maybe_deferred([&] { ran = true; })) == "nothing");
    CHECK(ran);
}

TEST_CASE("97: maybe_deferred passes move-only arguments and results on") {
    Reports reports;
    int seen = 0;
    maybe_deferred([](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(5))
        .add_callback([&](std::unique_ptr<int> p) { seen = *p; });
    CHECK(seen == 5);
}

TEST_CASE("97, 6: a Deferred that maybe_deferred has fired can't be fired again") {
    Reports reports;
    const Deferred<int> d = maybe_deferred([] { return 5; });
    CHECK_THROWS_AS(d.callback(6), AlreadyCalledError);
    CHECK(outcome(d) == "5");
}

TEST_CASE("98: maybe_deferred of a function that throws or returns a failure has failed") {
    Reports reports;
    const auto value_or_throw = [](bool bad) {
        if (bad)
            throw Exception("boom");
        return 1;
    };
    CHECK(outcome(maybe_deferred(value_or_throw, true)) == boom);
    CHECK(outcome(maybe_deferred([]() { throw Exception("boom"); })) == boom);
    CHECK(outcome(maybe_deferred([]() -> Deferred<int> { throw Exception("boom"); })) == boom);
    CHECK(outcome(maybe_deferred([]() -> Result<int> { return Failure(Exception("boom")); })) ==
          boom);
}

TEST_CASE("99: maybe_deferred of a function that returns a Deferred returns that Deferred") {
    const Deferred<int> d;
    CHECK(maybe_deferred([&] { return d; }) == d);
    CHECK(maybe_deferred([&]() -> const Deferred<int>& { return d; }) == d);
}

TEST_CASE("97, 99: maybe_deferred of a function that is only sometimes asynchronous") {
    Reports reports;
    const Deferred<std::string> later;
    using Sometimes = std::variant<std::string, Deferred<std::string>>;
    const auto get_poem = [&](bool cached) -> Sometimes {
        if (cached)
            return std::string("poem");
        return later;
    };
    CHECK(outcome(maybe_deferred(get_poem, true)) == "poem");
    CHECK(maybe_deferred(get_poem, false) == later);
}

TEST_CASE("100: add_timeout cancels when the time is up, and turns the error into a TimeoutError") {
    Reports reports;
    FakeClock clock;
    std::string seen;
    const Deferred<int> d;
    CHECK(add_timeout(d, Seconds(2), clock) == d);
    d.add_errback([&](const Failure& failure) {
        seen = failure.text();
        return 0;
    });
    clock.advance(Seconds(1.9));
    CHECK_FALSE(d.called());
    clock.advance(Seconds(0.1));
    CHECK(seen == timed_out);
}

TEST_CASE("100, 44: add_timeout on a Deferred whose end is spent throws, and leaves no timer") {
    Reports reports;
    FakeClock clock;
    const Deferred<int> inner;
    const Deferred<int> outer = succeed(0).add_callback([&](int) { return inner; });
    CHECK_THROWS_AS(add_timeout(inner, Seconds(2), clock), std::logic_error);
    CHECK(clock.delayed_calls().empty());
    clock.advance(Seconds(2));
    CHECK_FALSE(inner.called());
}

TEST_CASE("101: a result that comes in time stops the timer") {
    Reports reports;
    FakeClock clock;
    const Deferred<int> d;
    add_timeout(d, Seconds(2), clock);
    d.callback(1);
    CHECK(clock.delayed_calls().empty());
    clock.advance(Seconds(3));
    CHECK(outcome(d) == "1");
}

TEST_CASE("101: an explicit cancel() keeps its CancelledError, and the timer is stopped") {
    Reports reports;
    FakeClock clock;
    const Deferred<int> d;
    add_timeout(d, Seconds(2), clock);
    d.cancel();
    CHECK(clock.delayed_calls().empty());
    CHECK(outcome(d) == cancelled);
}

TEST_CASE("102: when the time is up, the canceller may supply a value or another error") {
    Reports reports;
    FakeClock clock;
    const Deferred<int> value([](Deferred<int>& self) { self.callback(5); });
    add_timeout(value, Seconds(2), clock);
    const Deferred<int> error([](Deferred<int>& self) { self.errback(Exception("boom")); });
    add_timeout(error, Seconds(2), clock);
    clock.advance(Seconds(2));
    CHECK(outcome(value) == "5");
    CHECK(outcome(error) == boom);
}

TEST_CASE("103: errbacks before add_timeout see CancelledError, those after it TimeoutError") {
    Reports reports;
    FakeClock clock;
    std::string seen;
    const auto note = [&](const Failure& failure) {
        seen += failure.text();
        return failure;
    };
    const Deferred<int> d;
    add_timeout(d.add_errback(note), Seconds(2), clock)
        .add_errback(note)
        .add_errback([](const Failure&) { return 0; });
    clock.advance(Seconds(2));
    CHECK(seen == cancelled + timed_out);
}

TEST_CASE("103: add_timeout does not cover Deferreds that later callbacks return") {
    Reports reports;
    FakeClock clock;
    const Deferred<int> slow;
    const Deferred<int> d;
    add_timeout(d, Seconds(2), clock).add_callback([&](int) { return slow; });
    d.callback(1);
    clock.advance(Seconds(3));
    CHECK_FALSE(slow.called());
}

TEST_CASE("103: add_timeout covers Deferreds that earlier callbacks returned") {
    Reports reports;
    FakeClock clock;
    const Deferred<int> slow;
    const Deferred<int> d;
    const Deferred<int> end = d.add_callback([&](int) { return slow; });
    add_timeout(end, Seconds(2), clock);
    d.callback(1);
    clock.advance(Seconds(2));
    CHECK(slow.called());
    CHECK(outcome(end) == timed_out);
}

TEST_CASE("100: a clock that is destroyed before the time is up destroys the timer") {
    Reports reports;
    const Deferred<int> d;
    {
        FakeClock clock;
        add_timeout(d, Seconds(2), clock);
    }
    d.callback(1);
    CHECK(outcome(d) == "1");
}
