// Items 31 to 52: pausing, and callbacks that return a Deferred.
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include <doctest/doctest.h>

#include "common/tests/reports.hpp"
#include "twist/deferred/deferred.hpp"

using namespace twist;

namespace {

const std::string boom = "[Failure: Exception: boom]";

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

TEST_CASE("32: a callback that pauses its chain does not stop those that were already added") {
    std::string seen;
    const Deferred<void> d;
    d.add_callback([&] { d.pause(); });
    d.add_callback([&] { seen += "queued"; });
    d.callback();
    CHECK(seen == "queued");
    d.add_callback([&] { seen += " later"; });
    CHECK_MESSAGE(seen == "queued", "a callback added to a paused Deferred waits");
    d.unpause();
    CHECK(seen == "queued later");
}

TEST_CASE("32: such a pause does not stop a chain that already waits either") {
    std::string seen;
    const Deferred<int> d, other;
    d.add_callback([&](int value) {
        d.pause();
        return value;
    });
    SUBCASE("a chain whose callback returned it") {
        succeed(0).add_callback([&](int) { return d; }).chain_deferred(other);
    }
    SUBCASE("a Deferred that it is chained to") {
        d.chain_deferred(other);
    }
    other.add_callback([&](int value) { seen += std::to_string(value); });
    d.callback(7);
    CHECK(seen == "7");
    d.unpause();
    CHECK(seen == "7");
}

TEST_CASE("33: a paused Deferred is fired without running anything; unpause() runs it") {
    std::string seen;
    const Deferred<int> d;
    d.add_callback([&](int value) { seen += std::to_string(value); });
    d.pause();
    d.callback(1);
    CHECK(seen == "");
    CHECK(d.called());
    d.unpause();
    CHECK(seen == "1");
}

TEST_CASE("34: callbacks added to a paused Deferred after its firing run in order as well") {
    std::string seen;
    const Deferred<int> d;
    d.add_callback([&](int value) {
        seen += "before ";
        return value + 1;
    });
    d.pause();
    d.callback(1);
    d.add_callback([&](int value) {
        seen += "after " + std::to_string(value);
        return value;
    });
    CHECK(seen == "");
    d.unpause();
    CHECK(seen == "before after 2");
}

TEST_CASE("35: each pause() needs its unpause()") {
    bool ran = false;
    const Deferred<int> d = succeed(1);
    d.pause();
    d.pause();
    d.add_callback([&](int) { ran = true; });
    d.unpause();
    CHECK_FALSE(ran);
    d.unpause();
    CHECK(ran);
}

TEST_CASE("35: an unpause() without a pause() throws") {
    const Deferred<int> d;
    CHECK_THROWS_AS(d.unpause(), std::logic_error);
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

TEST_CASE("48: the chain waits for a returned Deferred that has a value but is paused") {
    int seen = 0;
    const Deferred<int> inner = succeed(7);
    inner.pause();
    succeed(0).add_callback([&](int) { return inner; }).add_callback([&](int value) {
        seen = value;
    });
    CHECK(seen == 0);
    inner.unpause();
    CHECK(seen == 7);
}

TEST_CASE("48: the same if that Deferred paused itself before it was returned") {
    int seen = 0;
    const Deferred<int> inner;
    inner.add_callback([&](int value) {
        inner.pause();
        return value;
    });
    inner.callback(7);
    succeed(0).add_callback([&](int) { return inner; }).add_callback([&](int value) {
        seen = value;
    });
    CHECK(seen == 0);
    inner.unpause();
    CHECK(seen == 7);
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

TEST_CASE("50: chain_deferred fires the other Deferred with the value or the failure") {
    Reports reports;
    std::string seen;
    for (const bool early : {true, false}) {
        const Deferred<int> value;
        const Deferred<int> failure;
        Deferred<int> next_value;
        Deferred<int> next_failure;
        if (early) {
            value.callback(1);
            failure.errback(Exception("boom"));
        }
        value.chain_deferred(next_value);
        failure.chain_deferred(next_failure);
        next_value.add_callback([&](int got) { seen += std::to_string(got); });
        next_failure.add_errback([&](const Failure& got) {
            seen += " " + got.text();
            return 0;
        });
        if (!early) {
            value.callback(2);
            failure.errback(Exception("boom"));
        }
    }
    CHECK(seen == "1 " + boom + "2 " + boom);
}

TEST_CASE("50: the end of a Deferred chained to another is spent; its failure moves, too") {
    Reports reports;
    {
        Deferred<int> next;
        {
            Deferred<int> d;
            d.chain_deferred(next);
            CHECK_THROWS_AS(d.add_callback([](int) {}), std::logic_error);
            d.errback(Exception("boom"));
        }
        CHECK(reports.take() == "");
    }
    CHECK(reports.take() == "Unhandled error in Deferred: " + boom);
}

TEST_CASE("50: chaining to a Deferred that has fired is reported") {
    Reports reports;
    const Deferred<int> next = succeed(1);
    succeed(2).chain_deferred(next);
    CHECK(reports.take() == "Unhandled error in Deferred: "
                            "[Failure: AlreadyCalledError: A Deferred can be fired only once.]");
}

TEST_CASE("50: a failure that could not be passed on is reported, too") {
    Reports reports;
    fail<int>(Exception("boom")).chain_deferred(succeed(1));
    CHECK(reports.take() == "Unhandled error in Deferred: "
                            "[Failure: AlreadyCalledError: A Deferred can be fired only once.]\n"
                            "Unhandled error in Deferred: " +
                                boom);
}

TEST_CASE("50, 67: a cancelled Deferred ignores one result of its source, even a failure") {
    Reports reports;
    {
        Deferred<int> d;
        const Deferred<int> next;
        d.chain_deferred(next);
        next.cancel();
        next.add_errback([](const Failure&) { return 0; });
        d.errback(Exception("boom"));
    }
    CHECK(reports.take() == "");
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
