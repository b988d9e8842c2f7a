// trial: tests that pass. Those that fail are in trial_failures.cpp.
#include <string>

#include <doctest/doctest.h>

#include "common/error.hpp"
#include "common/trial.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

struct Steps : trial::TestCase {
    std::string seen = "set up, ";
    ~Steps() override { CHECK(seen == expected); }
    std::string expected;

    Deferred<void> tear_down() override {
        Deferred<void> done;
        reactor.call_later(1ms, [this, done] {
            seen += "torn down";
            done.callback();
        });
        return done;
    }
};

} // namespace

TEST_CASE_FIXTURE(Steps, "run() turns the reactor until the test's Deferred and tear_down's fire") {
    expected = "set up, test, fired, torn down";
    run([&] {
        seen += "test, ";
        CHECK(reactor.running());
        Deferred<int> d;
        reactor.call_later(1ms, [d] { d.callback(3); });
        return d.add_callback([&](int value) {
            CHECK(value == 3);
            seen += "fired, ";
        });
    });
    CHECK_FALSE(reactor.running());
}

TEST_CASE_FIXTURE(trial::TestCase, "a test may be over at once") {
    int runs = 0;
    run([&] { ++runs; });
    CHECK(runs == 1);
}

TEST_CASE_FIXTURE(trial::TestCase, "reported errors can be taken, by type or all") {
    run([&] {
        reactor.call_later(0s, [] { throw Exception("one"); });
        reactor.call_later(0s, [] { throw CancelledError(); });
        reactor.call_later(0s, [] { throw 3; });
        Deferred<void> d;
        reactor.call_later(0s, [d] { d.callback(); });
        return d.add_callback([&] {
            const auto cancelled = flush_reported_errors<CancelledError>();
            REQUIRE(cancelled.size() == 1);
            CHECK(cancelled[0].text() == "[Failure: CancelledError]");
            CHECK(flush_reported_errors().size() == 2);
            CHECK(flush_reported_errors().empty());
        });
    });
}

TEST_CASE_FIXTURE(trial::TestCase, "assert_failure succeeds with the failure that is expected") {
    run([] { return trial::assert_failure<int, Exception>(fail<std::string>(CancelledError())); });
}
