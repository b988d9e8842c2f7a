// Tests of asynchronous code, on top of doctest, as twisted.trial is on top of unittest.
#pragma once

#include <doctest/doctest.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "twist/base/log.hpp"
#include "twist/base/result.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"

namespace twist::trial {

/// Collects the errors that are reported while it lives. Those that the test has not taken when it
/// is destroyed fail the test.
class Reports {
  public:
    ~Reports();

    /// Takes the errors of the types `Errors`, or all: the test expected them.
    template <class... Errors>
    std::vector<Failure> flush() {
        std::vector<Failure> taken;
        std::erase_if(reports_, [&](const log::Report& report) {
            if constexpr (sizeof...(Errors) > 0)
                if (report.failure.check<Errors...>() == nullptr)
                    return false;
            taken.push_back(report.failure);
            return true;
        });
        return taken;
    }

    /// Called with each report, after it is collected.
    std::function<void(const log::Report&)> on_report;

  private:
    std::vector<log::Report> reports_;
    log::Redirect redirect_{[this](const log::Report& report) {
        reports_.push_back(report);
        if (on_report)
            on_report(report);
    }};
};

/// A fixture for TEST_CASE_FIXTURE. Its constructor sets up (trial's setUp), run() runs the test.
///
///     TEST_CASE_FIXTURE(PoetryTestCase, "the client gets the poem") {
///         run([&] { return get_poetry(reactor, address).add_callback(…); });
///     }
class TestCase {
  public:
    TestCase() = default;
    TestCase(const TestCase&) = delete;
    TestCase& operator=(const TestCase&) = delete;
    virtual ~TestCase() = default;

  protected:
    /// Called after the test, however it ended. The reactor runs until its Deferred has fired.
    virtual Deferred<void> tear_down() { return succeed(); }

    /// Calls `test` in the running reactor, and runs the reactor until the Deferred that `test`
    /// returned has fired, and then that of tear_down. The test fails if
    /// - the Deferred fails, or has not fired after `timeout` (a bound, not a measure);
    /// - an error was reported, and flush_reported_errors has not taken it;
    /// - a port, a connection, a timer or a function in a thread is left behind: it is named.
    /// A REQUIRE that fails in a callback ends the test, like one in the test itself.
    template <class Test>
    void run(Test test, Seconds timeout = Seconds(120)) {
        run_to_the_end([test] { return without_value(maybe_deferred(test)); }, timeout);
    }

    /// Takes the reported errors of the types `Errors`. (flushLoggedErrors)
    template <class... Errors>
    std::vector<Failure> flush_reported_errors() {
        return reports_.flush<Errors...>();
    }

  private:
    struct Run; // what one call of run() has to remember

    static Deferred<void> without_value(const Deferred<void>& deferred) { return deferred; }
    template <class T>
    static Deferred<void> without_value(const Deferred<T>& deferred) {
        return deferred.add_callback([](const T&) {});
    }
    void run_to_the_end(const std::function<Deferred<void>()>& test, Seconds timeout);
    void finish_when_clean(const std::shared_ptr<Run>& run, int turns_left);

    Reports reports_; // before the reactor: what its destructor reports counts, too

  protected:
    Reactor reactor;
};

/// A Deferred that succeeds if `deferred` fails with one of `Errors` (assertFailure).
template <class... Errors, class T>
Deferred<void> assert_failure(const Deferred<T>& deferred) {
    return deferred.add_both([](const Result<T>& result) {
        if (!result.is_failure())
            FAIL("a failure was expected, but there is a value");
        else if (result.failure().template check<Errors...>() == nullptr)
            FAIL("another failure was expected than " << result.failure().text());
    });
}

} // namespace twist::trial
