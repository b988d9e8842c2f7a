// trial: the implementation of trial.hpp.
#include "trial.hpp"

#include <algorithm>

#include "twist/async/threads.hpp"
#include "twist/base/let_go.hpp"
#include "twist/net/connection.hpp"

namespace twist::trial {

namespace {
// The exception of a failed REQUIRE. doctest has counted it already, and waits for it.
bool is_doctests_own(const Failure& failure) {
    return failure.check<doctest::detail::TestFailureException>() != nullptr;
}

bool is_closing(const ReadDescriptor* descriptor) {
    const auto* const connection = dynamic_cast<const Connection*>(descriptor);
    return connection != nullptr && connection->waits_for_peers_end();
}
} // namespace

Reports::~Reports() {
    for (const log::Report& report : reports_)
        if (!is_doctests_own(report.failure))
            FAIL_CHECK("nobody took this report: " << report.why << ": " << report.failure.text());
}

struct TestCase::Run {
    std::optional<Failure> failure; // the first
    DelayedCall timer;
    std::vector<std::string> left_behind;
    bool ended = false;

    void note(const Result<void>& result) {
        if (result.is_failure() && !failure)
            failure = result.failure();
    }
};

void TestCase::run_to_the_end(const std::function<Deferred<void>()>& test, Seconds timeout) {
    const auto state = std::make_shared<Run>();
    reports_.on_report = [this, state](const log::Report& report) {
        if (!is_doctests_own(report.failure))
            return;
        state->note(report.failure);
        if (!std::exchange(state->ended, true))
            reactor.stop();
    };
    // Fires the Deferred that `step` gives, or fails if that takes too long.
    const auto bounded = [this, state, timeout](const char* what, auto step) {
        Deferred<void> done;
        state->timer = reactor.call_later(timeout, [done, what] {
            if (!done.called())
                done.errback(TimeoutError(std::string(what) + " has not fired in time"));
        });
        step().add_both([done, state](const Result<void>& result) {
            if (state->timer.active())
                state->timer.cancel();
            if (!done.called())
                done.callback(result);
        });
        return done;
    };
    reactor.call_when_running([this, state, bounded, test] {
        bounded("the Deferred of the test", test)
            .add_both([this, state, bounded](const Result<void>& result) {
                state->note(result);
                return bounded("the Deferred of tear_down", [this] { return tear_down(); });
            })
            .add_both([this, state](const Result<void>& result) {
                state->note(result);
                finish_when_clean(state, 100);
            });
    });
    reactor.run();
    let_go(reports_.on_report);

    if (state->failure && is_doctests_own(*state->failure))
        state->failure->raise();
    if (state->failure)
        FAIL_CHECK("the test failed: " << state->failure->text());
    for (const std::string& name : state->left_behind)
        FAIL_CHECK("the test left this behind: " << name);
}

// What is being closed when the test ends gets some turns to be gone. A connection that waits for
// its other side has a limit of its own.
void TestCase::finish_when_clean(const std::shared_ptr<Run>& run, int turns_left) {
    const auto descriptors = reactor.descriptors();
    const auto calls = reactor.delayed_calls();
    if (std::ranges::any_of(descriptors, is_closing)) {
        reactor.call_later(Seconds(0.01),
                           [this, run, turns_left] { finish_when_clean(run, turns_left); });
        return;
    }
    if (turns_left > 0 && !(descriptors.empty() && calls.empty())) {
        reactor.call_at_end_of_turn(
            [this, run, turns_left] { finish_when_clean(run, turns_left - 1); });
        return;
    }
    if (std::exchange(run->ended, true))
        return;
    for (const ReadDescriptor* descriptor : descriptors)
        run->left_behind.push_back(descriptor->log_prefix());
    for (const DelayedCall& call : calls)
        run->left_behind.push_back(
            "a call due in " + std::to_string((call.time() - reactor.seconds()).count()) + " s");
    for (std::size_t i = thread_pool(reactor).running() + thread_pool(reactor).waiting(); i > 0;
         --i)
        run->left_behind.emplace_back("a function that is called in a thread");
    reactor.stop();
}

} // namespace twist::trial
