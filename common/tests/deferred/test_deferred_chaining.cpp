// Items 31, 36 to 44, 49: a chain waits for a Deferred that a callback returns.
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include <doctest/doctest.h>

#include "common/tests/failures.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace twist;

namespace {

// An outer chain that has fired and waits for `inner`, and its result.
struct Waiting {
    Deferred<int> inner;
    Deferred<int> outer;
    std::string seen;

    Waiting() {
        outer.add_callback([this](int) { return inner; })
            .add_callbacks([this](int value) { seen += "value " + std::to_string(value); },
                           [this](const Failure& failure) { seen += failure.text(); });
        outer.callback(0);
    }
};

} // namespace

TEST_CASE("31: a Deferred that would wait for itself fails instead") {
    Reports reports;
    std::string seen;
    const Deferred<int> d;
    d.add_callback([&](int) { return d; }).add_errback([&](const Failure& failure) {
        seen = failure.text();
        return 0;
    });
    d.callback(1);
    CHECK(seen == "[Failure: Exception: A Deferred can't wait for itself.]");
}

TEST_CASE("31: a cycle of three Deferreds that would wait for one another fails where it closes") {
    for (const bool outside_in : {true, false}) {
        Reports reports;
        std::string seen;
        int sum = 0;
        const std::array<Deferred<int>, 3> ring;
        for (std::size_t i = 0; i < 3; ++i)
            ring[i]
                .add_callback([next = ring[(i + 1) % 3]](int) { return next; })
                .add_errback([&](const Failure& failure) {
                    seen += failure.text();
                    return 3;
                })
                .add_callback([&](int value) {
                    sum += value;
                    return value;
                });
        for (std::size_t i = 0; i < 3; ++i)
            ring[outside_in ? i : 2 - i].callback(0);
        CHECK(seen == "[Failure: Exception: A Deferred can't wait for itself.]");
        CHECK_MESSAGE(sum == 9, "the other two got the value that the third made of the failure");
    }
}

TEST_CASE("36, 37: the chain waits for a Deferred that a callback returned, and gets its value") {
    Reports reports;
    Waiting waiting;
    CHECK(waiting.seen == "");
    waiting.inner.callback(7);
    CHECK(waiting.seen == "value 7");
}

TEST_CASE("38: the failure of the inner Deferred goes to the errbacks") {
    Reports reports;
    Waiting waiting;
    waiting.inner.errback(Exception("boom"));
    CHECK(waiting.seen == boom);
}

TEST_CASE("39: the chain does not wait for a returned Deferred that already has its value") {
    int seen = 0;
    succeed(1).add_callback([](int value) { return succeed(value + 1); }).add_callback([&](int v) {
        seen = v;
    });
    CHECK(seen == 2);
}

TEST_CASE("40: a returned Deferred that has already failed fails the chain at once") {
    Reports reports;
    std::string seen;
    succeed(1)
        .add_callback([](int) { return fail<int>(Exception("boom")); })
        .add_errback([&](const Failure& failure) {
            seen = failure.text();
            return 0;
        });
    CHECK(seen == boom);
}

TEST_CASE("41: an errback that returns a Deferred recovers when that Deferred has its value") {
    Reports reports;
    std::string seen;
    Deferred<std::string> cure;
    fail<std::string>(Exception("boom"))
        .add_errback([&](const Failure&) { return cure; })
        .add_callback([&](const std::string& value) { seen = value; });
    CHECK(seen == "");
    cure.callback("cured");
    CHECK(seen == "cured");
}

TEST_CASE("41: both functions of a pair may return a Deferred") {
    Reports reports;
    std::string seen;
    const auto note = [&](const std::string& value) { seen += value; };
    const auto well = [](int) { return succeed(std::string("well ")); };
    const auto ill = [](const Failure&) { return succeed(std::string("ill ")); };
    succeed(1).add_callbacks(well, ill).add_callback(note);
    fail<int>(Exception("boom")).add_callbacks(well, ill).add_callback(note);
    fail<int>(Exception("boom"))
        .add_both([&](Result<int>) { return succeed(std::string("both")); })
        .add_callback(note);
    CHECK(seen == "well ill both");
}

TEST_CASE("42: callbacks added to a chain that waits run after the wait, in order") {
    std::string seen;
    Deferred<int> inner;
    Deferred<int> outer;
    const Deferred<int> end = outer.add_callback([&](int) { return inner; });
    outer.callback(0);
    end.add_callback([&](int value) {
        seen += "first " + std::to_string(value);
        return value + 1;
    });
    end.add_callback([&](int value) { seen += " second " + std::to_string(value); });
    CHECK(seen == "");
    inner.callback(1);
    CHECK(seen == "first 1 second 2");
}

TEST_CASE("43: the inner Deferred's callbacks run first; the outer chain gets their result") {
    Deferred<int> inner;
    std::string seen;
    inner.add_callback([&](int value) {
        seen += "inner ";
        return value * 2;
    });
    succeed(0).add_callback([&](int) { return inner; }).add_callback([&](int value) {
        seen += "outer " + std::to_string(value);
    });
    inner.callback(4);
    CHECK(seen == "inner outer 8");
}

TEST_CASE("43: the same if one of them is running when the inner Deferred is returned") {
    const Deferred<int> inner, outer;
    std::string seen;
    inner
        .add_callback([&](int value) {
            outer.callback(0);
            return value * 2;
        })
        .add_callback([&](int value) {
            seen += "inner ";
            return value + 1;
        });
    outer.add_callback([&](int) { return inner; }).add_callback([&](int value) {
        seen += "outer " + std::to_string(value);
    });
    inner.callback(4);
    CHECK(seen == "inner outer 9");
}

TEST_CASE("44: nothing can be added to a Deferred whose end is spent") {
    Deferred<int> inner;
    Deferred<int> outer;
    outer.add_callback([&](int) { return inner; });
    outer.callback(0);
    const auto add = [&] { inner.add_callback([](int) {}); };
    CHECK_THROWS_AS(add(), std::logic_error);
    inner.callback(1);
    CHECK_THROWS_WITH_AS(add(),
                         "The result of this Deferred was given away: whoever waits for it has it. "
                         "Add to the Deferred that waits.",
                         std::logic_error);
}

TEST_CASE("44: one Deferred can't be returned to two chains") {
    Reports reports;
    std::string seen;
    const Deferred<int> inner;
    const auto give = [&](int) { return inner; };
    const Deferred<int> first = succeed(1).add_callback(give);
    succeed(2).add_callback(give).add_errback([&](const Failure& failure) {
        seen = type_name(failure.type());
        return 0;
    });
    CHECK(seen == "std::logic_error");
}

TEST_CASE("44: a callback's destructor can't change the end of the Deferred that it returned") {
    struct AddsAtTheEnd {
        Deferred<int> d;
        explicit AddsAtTheEnd(Deferred<int> deferred) : d(std::move(deferred)) {}
        ~AddsAtTheEnd() {
            d.add_callback([](int) {});
        } // the end of d is spent
    };
    Reports reports;
    std::string seen;
    const Deferred<int> inner = succeed(7);
    succeed(0)
        .add_callback(
            [inner, last_words = std::make_shared<AddsAtTheEnd>(inner)](int) { return inner; })
        .add_errback([&](const Failure& failure) {
            seen = type_name(failure.type());
            return 0;
        });
    CHECK(seen == "std::logic_error");
}

TEST_CASE("49: a failure that moved to the outer Deferred belongs to it alone") {
    Reports reports;
    {
        Deferred<int> outer;
        {
            Deferred<int> inner;
            outer.add_callback([inner](int) { return inner; });
            outer.callback(0);
            inner.errback(Exception("boom"));
        }
        CHECK_MESSAGE(reports.take() == "", "the inner Deferred was destroyed without a report");
    }
    CHECK(reports.take() == "Unhandled error in Deferred: " + boom);
}

TEST_CASE("a callback may return a reference to a Deferred that is kept elsewhere") {
    Reports reports;
    const Deferred<int> kept;
    std::string seen;
    succeed(1)
        .add_callback([&](int) -> const Deferred<int>& { return kept; })
        .add_callback([&](int value) { seen = std::to_string(value); });
    kept.callback(2);
    CHECK(seen == "2");
}

TEST_CASE("a callback may return a Deferred only sometimes") {
    Reports reports;
    std::string seen;
    using Sometimes = std::variant<int, Deferred<int>>;
    const Deferred<int> later;
    const auto note = [&](int value) { seen += std::to_string(value); };
    succeed(1).add_callback([](int value) -> Sometimes { return value; }).add_callback(note);
    succeed(1).add_callback([&](int) -> Sometimes { return later; }).add_callback(note);
    CHECK(seen == "1");
    later.callback(2);
    CHECK(seen == "12");
}

TEST_CASE("a chain whose inner Deferred is destroyed unfired never continues or reports anything") {
    Reports reports;
    std::string seen;
    Deferred<int> outer;
    {
        Deferred<int> inner;
        outer.add_callback([inner](int) { return inner; }).add_both([&] { seen = "went on"; });
        outer.callback(0);
    }
    CHECK(outer.called());
    CHECK(seen == "");
}
