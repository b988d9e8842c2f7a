// What C++ adds to the contract: typed handles, move-only results, and lifetimes.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "common/tests/reports.hpp"
#include "twist/deferred/deferred.hpp"

using namespace twist;

namespace {

// An object that counts its holders.
using Held = std::shared_ptr<int>;
Held something() {
    return std::make_shared<int>(0);
}

} // namespace

TEST_CASE("9: a handle whose end has another type still fires and cancels; adding to it throws") {
    Reports reports;
    std::string seen;
    const Deferred<int> d;
    const Deferred<std::string> end =
        d.add_callback([](int value) { return std::to_string(value); });
    CHECK_THROWS_WITH_AS(d.add_callback([](int) {}),
                         "This Deferred returned a int when this handle was made, and returns a "
                         "std::string now. Keep "
                         "what add_callback returned, and add to that.",
                         std::logic_error);
    end.add_callback([&](const std::string& value) { seen = value; });
    d.callback(7);
    CHECK(seen == "7");

    const Deferred<int> other;
    const Deferred<void> other_end = other.add_callback([](int) {});
    other_end.add_errback([&](const Failure& failure) { seen = failure.text(); });
    other.cancel();
    CHECK(seen == "[Failure: CancelledError]");
}

TEST_CASE("9: a handle accepts additions again when the end has its type again") {
    std::string seen;
    const Deferred<int> d;
    d.add_callback([](int value) {
         return std::to_string(value);
     }).add_callback([](const std::string& text) { return static_cast<int>(text.size()); });
    d.add_callback([&](int size) { seen = std::to_string(size); });
    d.callback(1000);
    CHECK(seen == "4");
}

TEST_CASE("9: firing needs a handle of the type that the chain begins with") {
    Reports reports;
    std::string seen;
    const Deferred<int> d;
    const Deferred<std::string> end =
        d.add_callback([](int value) { return std::to_string(value); });
    CHECK_THROWS_WITH_AS(
        end.callback("7"),
        "This Deferred is fired with a int, not a std::string. Fire it through the "
        "handle that was made.",
        std::logic_error);
    CHECK_FALSE(d.called());
    end.add_errback([&](const Failure& failure) {
        seen = failure.text();
        return std::string();
    });
    end.errback(Exception("boom"));
    CHECK_MESSAGE(seen == "[Failure: Exception: boom]", "a failure fits every type of chain");
}

TEST_CASE("copies of a handle refer to the same chain") {
    std::string seen;
    const Deferred<int> d;
    const Deferred<int> copy = d;
    CHECK(copy == d);
    copy.add_callback([&](int value) { seen = std::to_string(value); });
    d.callback(7);
    CHECK(copy.called());
    CHECK(seen == "7");
}

TEST_CASE("a moved-from handle is empty, and its calls throw") {
    Deferred<int> d;
    const Deferred<int> moved = std::move(d);
    const char* const message = "This handle of a Deferred is empty: it was moved or awaited.";
    CHECK_THROWS_WITH_AS(d.callback(1), message, std::logic_error);
    CHECK_THROWS_WITH_AS(d.errback(Exception("boom")), message, std::logic_error);
    CHECK_THROWS_WITH_AS(d.add_callback([](int) {}), message, std::logic_error);
    CHECK_THROWS_WITH_AS(d.cancel(), message, std::logic_error);
    CHECK_THROWS_WITH_AS(static_cast<void>(d.called()), message, std::logic_error);
    CHECK_THROWS_WITH_AS(d.pause(), message, std::logic_error);
    CHECK_THROWS_WITH_AS(d.unpause(), message, std::logic_error);
}

TEST_CASE("a move-only result passes through every kind of step") {
    using Box = std::unique_ptr<int>;
    Reports reports;
    int seen = 0;
    const Deferred<Box> inner;
    const Deferred<Box> d;
    d.add_callback([](Box box) { return box; })
        .add_errback([](const Failure&) { return Box(); })
        .add_callbacks([](Box box) { return Result<Box>(std::move(box)); },
                       [](const Failure&) { return Box(); })
        .add_both([](Result<Box> result) { return result; })
        .add_callback([&](Box box) {
            inner.callback(std::move(box));
            return inner;
        })
        .add_callback([&](Box box) { seen = *box; });
    d.callback(std::make_unique<int>(7));
    CHECK(seen == 7);
}

TEST_CASE("a value is destroyed with the step that takes it") {
    const Held held = something();
    const Deferred<Held> d;
    d.callback(held);
    CHECK(held.use_count() == 2);
    d.add_callback([](const Held&) {});
    CHECK(held.use_count() == 1);
}

TEST_CASE("a move-only step may be added") {
    int seen = 0;
    const Deferred<int> d;
    d.add_callback([box = std::make_unique<int>(7)](int value) {
         return *box + value;
     }).add_callback([&](int value) { seen = value; });
    d.callback(1);
    CHECK(seen == 8);
}

TEST_CASE("a closure is destroyed as soon as it has run or was skipped") {
    Reports reports;
    const Held held = something();
    const Deferred<int> inner;
    const Deferred<int> d;
    long while_the_next_ran = 0;
    d.add_callbacks([held](int value) { return value; }, [held](const Failure&) { return 0; })
        .add_errback([held](const Failure&) { return 0; })
        .add_callback([held, inner](int) { return inner; })
        .add_callback([&](int) { while_the_next_ran = held.use_count(); });
    CHECK(held.use_count() == 5);
    d.callback(1);
    CHECK_MESSAGE(held.use_count() == 1, "even the closure of the step that waits now");
    inner.callback(2);
    CHECK(while_the_next_ran == 1);
}

TEST_CASE("a closure is destroyed before the next step runs, and before callback() returns") {
    const Held held = something();
    long seen = 0;
    const Deferred<int> d;
    d.add_callback([held](int) {}).add_callback([&] { seen = held.use_count(); });
    d.callback(1);
    CHECK(seen == 1);
}

TEST_CASE("closures that never run are destroyed with the last handle") {
    const Held held = something();
    {
        std::optional<Deferred<void>> end;
        {
            const Deferred<int> d([held](Deferred<int>&) {});
            end = d.add_callback([held](int) {});
        }
        CHECK(held.use_count() == 3);
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("the canceller is destroyed when the Deferred fires, in any way") {
    Reports reports;
    const Held held = something();
    const auto canceller = [held](Deferred<int>&) {};
    const Deferred<int> fired(canceller);
    const Deferred<int> failed(canceller);
    const Deferred<int> cancelled(canceller);
    CHECK(held.use_count() == 5);
    fired.callback(1);
    CHECK(held.use_count() == 4);
    failed.errback(Exception("boom"));
    CHECK(held.use_count() == 3);
    cancelled.cancel();
    CHECK(held.use_count() == 2);
    for (const auto& d : {failed, cancelled})
        d.add_errback([](const Failure&) { return 0; });
}

TEST_CASE("a step may destroy the handle that it was added through") {
    Reports reports;
    std::string seen;
    struct Owner {
        Deferred<int> d = succeed(1);
    };
    auto owner = std::make_unique<Owner>();
    owner->d
        .add_callback([&](int value) {
            owner.reset();
            return value + 1;
        })
        .add_callback([&](int value) { seen = std::to_string(value); });
    CHECK(seen == "2");
}

TEST_CASE("the canceller may own the handle that the Deferred is fired through") {
    Reports reports;
    std::string seen;
    struct Owner {
        std::optional<Deferred<int>> d;
    };
    auto owner = std::make_shared<Owner>();
    owner->d.emplace([owner](Deferred<int>&) {});
    owner->d->add_callback([&](int value) { seen = std::to_string(value); });
    const Deferred<int>& d = *owner->d;
    owner.reset();
    SUBCASE("callback") {
        d.callback(1);
    }
    SUBCASE("errback") {
        seen = "1";
        d.errback(Exception("boom"));
        CHECK(reports.take() == "Unhandled error in Deferred: [Failure: Exception: boom]");
    }
    CHECK(seen == "1");
}
