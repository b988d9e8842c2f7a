// Items 92 to 95: cancelling many Deferreds as one.
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/failures.hpp"
#include "common/tests/lists.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred_list.hpp"
#include "twist/deferred/inline_callbacks.hpp"

using namespace twist;

namespace {

Deferred<int> with_canceller(std::string& seen, const std::string& name) {
    return Deferred<int>([&seen, name](Deferred<int>&) { seen += name + " cancelled; "; });
}

} // namespace

TEST_CASE("92: cancelling the list cancels every member, and the list fires by its rules") {
    Reports reports;
    std::string seen;
    const Ints members{with_canceller(seen, "a"), with_canceller(seen, "b"), succeed(3)};
    const auto list = deferred_list(members, {.consume_errors = true});
    note_result(list, seen);
    list.cancel();
    CHECK(seen == "a cancelled; b cancelled; [(False, " + cancelled + "), (False, " + cancelled +
                      "), (True, 3)]");
}

TEST_CASE("92: a member that has given its result and awaits another Deferred is cancelled, too") {
    Reports reports;
    std::string seen;
    const auto to_zero = [](const Failure&) { return 0; };
    const Deferred<int> awaited = with_canceller(seen, "awaited");
    Ints members{succeed(1), Deferred<int>()};
    const auto list = deferred_list(members);
    note_result(list, seen);
    members[0].add_callback([&](int) { return awaited; }).add_errback(to_zero);
    members[1].add_errback(to_zero);
    SUBCASE("the other member has no result yet") {}
    SUBCASE("the other member was destroyed without a result") {
        members[1] = Deferred<int>();
    }
    SUBCASE("nobody keeps a handle on the waiting member") {
        members[0] = Deferred<int>();
    }
    list.cancel();
    CHECK(awaited.called());
    CHECK(seen == "awaited cancelled; [(True, 1), (False, " + cancelled + ")]");
}

TEST_CASE("92: with fire_on_one_errback every member is still cancelled") {
    Reports reports;
    std::string seen;
    const Ints members{with_canceller(seen, "a"), with_canceller(seen, "b")};
    const auto list = deferred_list(members, {.fire_on_one_errback = true, .consume_errors = true});
    note_result(list, seen);
    list.cancel();
    CHECK(seen == "a cancelled; [Failure: FirstError: #0: " + cancelled + "]b cancelled; ");
}

namespace {
Deferred<int> stubborn(Deferred<int> first, Deferred<int> second) {
    try {
        co_await first;
    } catch (const CancelledError&) { // and continues
    }
    co_return co_await second;
}
} // namespace

TEST_CASE("92: a member that catches the cancellation and continues counts as cancelled") {
    Reports reports;
    std::string seen;
    const Deferred<int> first;
    const Deferred<int> second;
    const Ints members{stubborn(first, second), succeed(3)};
    const auto list = deferred_list(members);
    note_result(list, seen);
    list.cancel();
    CHECK_FALSE(members[0].called());
    CHECK(seen == "[(False, " + cancelled + "), (True, 3)]");
    second.callback(1);
}

TEST_CASE("92: first_success can be cancelled, too") {
    Reports reports;
    std::string seen;
    const Ints members{with_canceller(seen, "a")};
    const auto list = first_success(members, {.consume_errors = true});
    note_result(list, seen);
    list.cancel();
    CHECK(seen == "a cancelled; [(False, " + cancelled + ")]");
}

TEST_CASE("93: cancelling a list that fired early does nothing to the other members") {
    Reports reports;
    std::string seen;
    const Ints members{succeed(1), with_canceller(seen, "b")};
    const auto list = first_success(members);
    list.cancel();
    CHECK(seen.empty());
    CHECK_FALSE(members[1].called());
}

TEST_CASE("93: a Deferred that a callback of the list waits for is cancelled with the list") {
    Reports reports;
    std::string seen;
    const Deferred<int> awaited = with_canceller(seen, "awaited");
    const auto list = deferred_list(Ints{succeed(1)});
    const auto end = list.add_callback([&](const ResultList<int>&) { return awaited; });
    end.add_errback([](const Failure&) { return 0; });
    list.cancel();
    CHECK(seen == "awaited cancelled; ");
}

TEST_CASE("94: a canceller's exception is reported, and the other members are cancelled") {
    Reports reports;
    std::string seen;
    const auto throws = [](Deferred<int>&) { throw Exception("boom"); };
    const Ints members{Deferred<int>(throws), with_canceller(seen, "b")};
    const auto list = deferred_list(members, {.consume_errors = true});
    note_result(list, seen);
    list.cancel();
    CHECK(reports.take() == "Unhandled Error: " + boom);
    CHECK(seen == "b cancelled; [(False, " + cancelled + "), (False, " + cancelled + ")]");
}

TEST_CASE("95: cancelling gather_results cancels every member; the list fails") {
    Reports reports;
    std::string seen;
    const Ints members{with_canceller(seen, "a"), with_canceller(seen, "b")};
    const auto list = gather_results(members, true);
    note_result(list, seen);
    list.cancel();
    CHECK(seen == "a cancelled; [Failure: FirstError: #0: " + cancelled + "]b cancelled; ");
}

TEST_CASE("92: a list of members destroyed without a result never fires; it can be cancelled") {
    Reports reports;
    std::string seen;
    const auto list = deferred_list(Ints(2));
    note_result(list, seen);
    CHECK(seen.empty());
    list.cancel();
    CHECK(seen == "[(False, " + cancelled + "), (False, " + cancelled + ")]");
}

TEST_CASE("92: a member destroyed without a result counts as cancelled when the list is") {
    Reports reports;
    std::string seen;
    const Deferred<int> alive;
    auto members = std::make_unique<Ints>(Ints{Deferred<int>(), alive});
    const auto list = deferred_list(*members, {.consume_errors = true});
    note_result(list, seen);
    members.reset();
    list.cancel();
    CHECK(seen == "[(False, " + cancelled + "), (False, " + cancelled + ")]");
}

TEST_CASE("A callback of the list may cancel it, and destroy its members") {
    Reports reports;
    auto members = std::make_unique<Ints>(Ints{Deferred<int>(), Deferred<int>()});
    const Deferred<int> first = members->front();
    auto list = first_success(*members);
    list.add_callback([&](const FirstSuccessOrAll<int>&) {
        list.cancel();
        members.reset();
    });
    first.callback(1);
    CHECK(members == nullptr);
}
