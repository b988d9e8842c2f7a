// Items 54 to 64: failures in errbacks, and unhandled errors.
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/failures.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/log.hpp"
#include "twist/deferred/deferred.hpp"

using namespace twist;

namespace {

const std::string unhandled_boom = "Unhandled error in Deferred: [Failure: Exception: boom]";

struct Rain : Exception {
    using Exception::Exception;
};

} // namespace

TEST_CASE("54: an errback that traps another type passes the failure on") {
    Reports reports;
    std::string seen;
    fail<void>(Rain("wet"))
        .add_errback([&](const Failure& failure) {
            failure.trap<CancelledError>();
            seen += "wrong ";
        })
        .add_errback([&](const Failure& failure) {
            const std::type_info& type = failure.trap<CancelledError, Exception>();
            seen += type_name(type) + ": " + failure.message();
        });
    CHECK(seen == "Exception: wet");
}

TEST_CASE("56: errback() without arguments takes the exception that is being caught") {
    Reports reports;
    std::string seen;
    Deferred<void> d;
    d.add_errback([&](const Failure& failure) { seen = failure.text(); });
    try {
        throw Rain("wet");
    } catch (...) {
        d.errback();
    }
    CHECK(seen == "[Failure: Rain: wet]");
}

TEST_CASE("56: errback() where no exception is caught throws and leaves the Deferred unfired") {
    Deferred<int> d;
    CHECK_THROWS_AS(d.errback(), NoCurrentExceptionError);
    CHECK_FALSE(d.called());
    CHECK_NOTHROW(d.callback(1));
}

TEST_CASE("57, 58: an unhandled failure is reported when the last handle is destroyed") {
    Reports reports;
    std::optional<Deferred<int>> d = fail<int>(Exception("boom"));
    std::optional<Deferred<int>> copy = d;
    CHECK(reports.take() == "");
    d.reset();
    CHECK_MESSAGE(reports.take() == "", "a copy of the handle still exists");
    copy.reset();
    CHECK(reports.take() == unhandled_boom);
}

TEST_CASE("57: assigning to the last handle reports the failure, too") {
    Reports reports;
    Deferred<int> d = fail<int>(Exception("boom"));
    d = succeed(1);
    CHECK(reports.take() == unhandled_boom);
}

TEST_CASE("57: the failure of a paused chain that is never resumed is reported") {
    Reports reports;
    bool ran = false;
    {
        const Deferred<int> d;
        d.add_errback([&](const Failure&) {
            ran = true;
            return 0;
        });
        d.pause();
        d.errback(Exception("boom"));
    }
    CHECK_FALSE(ran);
    CHECK(reports.take() == unhandled_boom);
}

TEST_CASE("59: a failure that is handled late, but before the end, is not reported") {
    Reports reports;
    {
        const Deferred<int> d = fail<int>(Exception("boom"));
        d.add_errback([](const Failure&) { return 0; });
    }
    CHECK(reports.take() == "");
}

TEST_CASE("60: of several failures the last is reported, once") {
    Reports reports;
    fail<int>(Exception("first"))
        .add_errback([](const Failure& failure) { return failure; })
        .add_errback([](const Failure&) -> int { throw Exception("boom"); })
        .add_errback([](const Failure& failure) { return failure; });
    CHECK(reports.take() == unhandled_boom);
}

TEST_CASE("60: a failure that a callback after the errback throws is reported") {
    Reports reports;
    fail<int>(Exception("handled"))
        .add_errback([](const Failure&) { return 0; })
        .add_callback([](int) { throw Exception("boom"); });
    CHECK(reports.take() == unhandled_boom);
}

TEST_CASE("61: log::err as an errback reports the failure and clears it") {
    Reports reports;
    bool went_on = false;
    fail<void>(Exception("boom")).add_errback(log::err).add_callback([&] { went_on = true; });
    CHECK(went_on);
    CHECK(reports.take() == "Unhandled Error: " + boom);
}

TEST_CASE("62: an unfired Deferred is destroyed silently, and none of its functions runs") {
    Reports reports;
    bool ran = false;
    {
        const Deferred<int> d([&](Deferred<int>&) { ran = true; });
        d.add_both([&] { ran = true; });
    }
    CHECK_FALSE(ran);
    CHECK(reports.take() == "");
}

TEST_CASE("63: an unhandled CancelledError is reported like any other") {
    Reports reports;
    Deferred<int>().cancel();
    CHECK(reports.take() == "Unhandled error in Deferred: [Failure: CancelledError]");
}

TEST_CASE("64: a closure that holds its own Deferred's handle keeps the chain until it fires") {
    Reports reports;
    std::weak_ptr<Deferred<int>> ring;
    {
        const auto d = std::make_shared<Deferred<int>>();
        d->add_callback([d](int value) { return value; });
        ring = d;
    }
    CHECK_MESSAGE(!ring.expired(), "there is no handle outside; the cycle holds itself");
    if (const auto d = ring.lock())
        d->errback(Exception("boom"));
    CHECK_MESSAGE(ring.expired(), "the closure was destroyed after its run, and the cycle with it");
    CHECK(reports.take() == unhandled_boom);
}

TEST_CASE("a report may itself use Deferreds") {
    Reports reports;
    std::string seen;
    {
        const log::Redirect redirect([&](const log::Report& report) {
            seen += report.failure.message();
            if (seen == "first")
                fail<int>(Exception(" second"));
        });
        fail<int>(Exception("first"));
    }
    CHECK(seen == "first second");
}
