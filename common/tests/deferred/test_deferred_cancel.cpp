// Items 65 to 80: cancelling.
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/failures.hpp"
#include "common/tests/reports.hpp"
#include "twist/deferred/deferred.hpp"

using namespace twist;

namespace {

// Appends the result of `d` to `seen`.
void note_result(const Deferred<int>& d, std::string& seen) {
    d.add_both([&seen](Result<int> result) {
        seen += result ? std::to_string(result.value()) : result.failure().text();
    });
}

struct CancelsAtTheEnd {
    Deferred<int> d;
    explicit CancelsAtTheEnd(Deferred<int> deferred) : d(std::move(deferred)) {}
    ~CancelsAtTheEnd() { d.cancel(); }
};

// A Deferred whose destruction cancels `other`.
Deferred<int> with_last_words(const Deferred<int>& other) {
    const Deferred<int> d;
    d.add_callback(
        [last_words = std::make_shared<CancelsAtTheEnd>(other)](int value) { return value; });
    return d;
}

} // namespace

TEST_CASE("65: cancel() fails an unfired Deferred with CancelledError, at once") {
    Reports reports;
    std::string seen;
    const Deferred<int> d;
    d.add_callbacks([&](int) { seen += "callback"; },
                    [&](const Failure& failure) { seen += failure.text(); });
    d.cancel();
    CHECK(seen == cancelled);
    CHECK(d.called());
}

TEST_CASE("66: cancel() does nothing to a Deferred that has fired") {
    Reports reports;
    std::string seen;
    const auto canceller = [&](Deferred<int>&) { seen += "canceller "; };
    const Deferred<int> succeeded(canceller);
    succeeded.callback(1);
    succeeded.cancel();
    note_result(succeeded, seen);
    const Deferred<int> failed(canceller);
    failed.errback(Exception("boom"));
    failed.cancel();
    note_result(failed, seen);
    CHECK(seen == "1" + boom);
}

TEST_CASE("66: cancel() does nothing to a Deferred whose result has moved on") {
    Reports reports;
    std::string seen;
    {
        const Deferred<int> inner;
        const Deferred<int> outer = succeed(0).add_callback([&](int) { return inner; });
        note_result(outer, seen);
        inner.callback(1);
        inner.cancel();
        const Deferred<int> first = succeed(2);
        const Deferred<int> second;
        first.chain_deferred(second);
        first.cancel();
        note_result(second, seen);
    }
    CHECK(seen == "12");
    CHECK_MESSAGE(reports.take() == "", "no CancelledError takes the place of the result");
}

TEST_CASE("66: cancel() inside a callback of the same Deferred does nothing") {
    Reports reports;
    std::string seen;
    const Deferred<int> d;
    note_result(d.add_callback([&](int value) {
        d.cancel();
        return value;
    }),
                seen);
    d.callback(1);
    CHECK(seen == "1");
}

TEST_CASE("67, 68: after a cancel() without a canceller one late firing is ignored, a second not") {
    Reports reports;
    std::string seen;
    for (const bool late_value : {true, false}) {
        const Deferred<int> d;
        note_result(d, seen);
        d.cancel();
        if (late_value)
            CHECK_NOTHROW(d.callback(1));
        else
            CHECK_NOTHROW(d.errback(Exception("boom")));
        CHECK_THROWS_AS(d.callback(2), AlreadyCalledError);
        CHECK_THROWS_AS(d.errback(Exception("boom")), AlreadyCalledError);
    }
    CHECK(seen == cancelled + cancelled);
}

TEST_CASE("69: the canceller is called once, with the Deferred, before the errbacks run") {
    Reports reports;
    std::string seen;
    Deferred<int> given;
    const Deferred<int> d([&](Deferred<int>& self) {
        given = self;
        seen += "canceller ";
    });
    note_result(d, seen);
    d.cancel();
    CHECK(given == d);
    CHECK(seen == "canceller " + cancelled);
}

TEST_CASE("70: after a cancel() with a canceller a late firing throws") {
    Reports reports;
    const Deferred<int> d([](Deferred<int>&) {});
    d.add_errback([](const Failure&) { return 0; });
    d.cancel();
    CHECK_THROWS_AS(d.callback(1), AlreadyCalledError);
}

TEST_CASE("71, 72: a canceller can supply the value or the failure itself") {
    Reports reports;
    std::string seen;
    const Deferred<int> value([](Deferred<int>& self) { self.callback(5); });
    note_result(value, seen);
    value.cancel();
    const Deferred<int> failure([](Deferred<int>& self) { self.errback(Exception("boom")); });
    note_result(failure, seen);
    failure.cancel();
    CHECK(seen == "5" + boom);
}

TEST_CASE("73: however often a Deferred is cancelled, its canceller runs once") {
    Reports reports;
    std::string seen;
    const Deferred<int> d([&](Deferred<int>&) { seen += "canceller "; });
    note_result(d, seen);
    d.cancel();
    d.cancel();
    d.cancel();
    CHECK(seen == "canceller " + cancelled);
}

TEST_CASE("74: cancelling a chain that waits cancels the inner Deferred") {
    Reports reports;
    std::string seen;
    const Deferred<int> inner([&](Deferred<int>&) { seen += "inner "; });
    const Deferred<int> outer([&](Deferred<int>&) { seen += "outer "; });
    note_result(outer.add_callback([&](int) { return inner; }), seen);
    outer.callback(0);
    outer.cancel();
    CHECK(seen == "inner " + cancelled);
}

TEST_CASE("75: the inner canceller may supply a value; the outer chain continues with it") {
    Reports reports;
    std::string seen;
    const Deferred<int> inner([](Deferred<int>& self) { self.callback(5); });
    const Deferred<int> outer = succeed(0);
    note_result(outer.add_callback([&](int) { return inner; }), seen);
    outer.cancel();
    CHECK(seen == "5");
}

TEST_CASE("77: cancel() reaches the innermost Deferred that has not fired") {
    Reports reports;
    std::string seen;
    const Deferred<int> a;
    const Deferred<int> b([&](Deferred<int>&) { seen += "b "; });
    const Deferred<int> c([&](Deferred<int>&) { seen += "c "; });
    note_result(a.add_callback([&](int) { return b; }), seen);
    b.add_callback([&](int) { return c; });
    a.callback(0);
    b.callback(0);
    a.cancel();
    CHECK(seen == "c " + cancelled);
}

TEST_CASE("77: cancelling a waiting chain cancels its inner Deferred, even if that is paused") {
    Reports reports;
    std::string seen;
    const Deferred<int> inner;
    inner.pause();
    const Deferred<int> outer = succeed(0);
    note_result(outer.add_callback([&](int) { return inner; }), seen);
    outer.cancel();
    CHECK(seen == "");
    inner.unpause();
    CHECK(seen == cancelled);
}

TEST_CASE("78: a canceller's exception propagates out of cancel(); the Deferred stays unfired") {
    Reports reports;
    std::string seen;
    const Deferred<int> d([&](Deferred<int>&) {
        seen += "canceller ";
        throw Exception("can't");
    });
    note_result(d, seen);
    CHECK_THROWS_WITH_AS(d.cancel(), "can't", Exception);
    CHECK_FALSE(d.called());
    CHECK_THROWS_AS(d.cancel(), Exception);
    d.callback(1);
    CHECK(seen == "canceller canceller 1");
}

TEST_CASE("78: the same if the canceller fired first; that canceller is gone for good") {
    Reports reports;
    std::string seen;
    const auto held = std::make_shared<int>(0);
    const Deferred<int> d([held](Deferred<int>& self) {
        self.callback(1);
        throw Exception("too late");
    });
    note_result(d, seen);
    CHECK_THROWS_AS(d.cancel(), Exception);
    CHECK_NOTHROW(d.cancel());
    CHECK(seen == "1");
    CHECK(held.use_count() == 1);
}

TEST_CASE("79: a canceller that cancels again is not called again") {
    Reports reports;
    std::string seen;
    const Deferred<int> d([&](Deferred<int>& self) {
        seen += "canceller ";
        self.cancel();
    });
    note_result(d, seen);
    d.cancel();
    CHECK(seen == "canceller " + cancelled);
}

TEST_CASE("80: an errback can turn CancelledError into a value") {
    Reports reports;
    std::string seen;
    const Deferred<int> d;
    note_result(d.add_errback([](const Failure& failure) {
        failure.trap<CancelledError>();
        return 5;
    }),
                seen);
    d.cancel();
    CHECK(seen == "5");
}

TEST_CASE("a chain whose inner Deferred was destroyed unfired can be cancelled") {
    Reports reports;
    std::string seen;
    const Deferred<int> outer;
    note_result(outer.add_callback([](int) { return Deferred<int>(); }), seen);
    outer.callback(0);
    CHECK(seen == "");
    outer.cancel();
    CHECK(seen == cancelled);
    outer.cancel();
    CHECK(seen == cancelled);
}

TEST_CASE("a chain may be cancelled by the destructor of a closure that its inner Deferred held") {
    Reports reports;
    std::string seen;
    const Deferred<int> outer = succeed(0);
    {
        const Deferred<int> inner = with_last_words(outer);
        note_result(outer.add_callback([&](int) { return inner; }), seen);
    }
    CHECK(seen == cancelled);
}

TEST_CASE("the same if that happens at once; callbacks queued behind it get the failure") {
    Reports reports;
    std::string seen;
    const Deferred<int> outer;
    note_result(outer.add_callback([&](int) { return with_last_words(outer); }), seen);
    outer.callback(0);
    CHECK(seen == cancelled);
}

TEST_CASE("a Deferred may lose its last handle while it is being cancelled") {
    Reports reports;
    std::string seen;
    std::optional<Deferred<int>> d;
    d.emplace([&](Deferred<int>&) { d.reset(); });
    note_result(*d, seen);
    const Deferred<int>& only_handle = *d;
    only_handle.cancel();
    CHECK(seen == cancelled);
}
