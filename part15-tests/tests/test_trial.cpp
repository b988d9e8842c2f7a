// trial: tests that pass. Those that fail are in trial_failures.cpp.
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "trial.hpp"
#include "twist/async/stop_listening.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

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

TEST_CASE_FIXTURE(trial::TestCase, "a test may end at once") {
    int runs = 0;
    run([&] { ++runs; });
    CHECK(runs == 1);
}

TEST_CASE_FIXTURE(trial::TestCase, "a test can take reported errors, of one type or all") {
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

TEST_CASE_FIXTURE(trial::TestCase, "assert_failure succeeds if the failure is the expected one") {
    run([] { return trial::assert_failure<int, Exception>(fail<std::string>(CancelledError())); });
}

TEST_CASE_FIXTURE(trial::TestCase, "trial waits for a connection that waits for its other side") {
    const auto server = std::make_shared<Server>();
    const auto port = listen_anywhere(reactor, server);
    FileDescriptor peer = connect_bare(port->get_host());
    run([&] {
        Deferred<void> done;
        send_to(peer, "hello");
        server->on.connection_made = [&, done](const TransportPtr& transport) {
            transport->lose_connection();
            reactor.call_later(50ms, [&] { peer.close(); });
            after_turns(reactor, 1, [done] { done.callback(); });
        };
        return done.add_callback([port] { return stop_listening(*port); });
    });
    CHECK_FALSE(peer);
}
