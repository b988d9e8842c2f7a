// Item 50: chain_deferred passes a Deferred's result on to another.
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/failures.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace twist;

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
