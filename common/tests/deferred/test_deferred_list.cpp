// Items 82 to 95: many Deferreds as one.
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/reports.hpp"
#include "twist/deferred/deferred_list.hpp"
#include "twist/deferred/inline_callbacks.hpp"

using namespace twist;

namespace {

using Ints = std::vector<Deferred<int>>;

const std::string boom = "[Failure: Exception: boom]";
const std::string cancelled = "[Failure: CancelledError]";
const std::string unhandled = "Unhandled error in Deferred: ";

template <class T>
std::string text(const ResultList<T>& results) {
    std::ostringstream out;
    out << results;
    return out.str();
}

template <class T>
std::string text(const FirstSuccessOrAll<T>& result) {
    if (const auto* first = std::get_if<FirstSuccess<T>>(&result))
        return std::to_string(first->value) + " from #" + std::to_string(first->index);
    return text(std::get<ResultList<T>>(result));
}

std::string text(const std::vector<int>& values) {
    std::string all;
    for (const int value : values)
        all += std::to_string(value) + " ";
    return all;
}

// Appends the list's result to `seen`, once.
template <class T>
void note_result(const Deferred<T>& list, std::string& seen) {
    list.add_both([&seen](const Result<T>& result) {
        seen += result ? text(result.value()) : result.failure().text();
    });
}

Deferred<int> with_canceller(std::string& seen, const std::string& name) {
    return Deferred<int>([&seen, name](Deferred<int>&) { seen += name + " cancelled; "; });
}

} // namespace

TEST_CASE("82: a list of no members has already fired, with no results") {
    Reports reports;
    std::string seen;
    note_result(deferred_list(Ints{}), seen);
    CHECK(seen == "[]");
}

TEST_CASE("83: a list fires with its last member, and keeps the order of the members") {
    Reports reports;
    std::string seen;
    const Ints members(3);
    note_result(deferred_list(members), seen);
    members[2].callback(2);
    members[0].callback(0);
    CHECK(seen.empty());
    members[1].callback(1);
    CHECK(seen == "[(True, 0), (True, 1), (True, 2)]");
}

TEST_CASE("84: a member's failure is in its place in the list, which succeeds") {
    Reports reports;
    std::string seen;
    const Ints members(2);
    note_result(deferred_list(members, {.consume_errors = true}), seen);
    members[0].callback(0);
    members[1].errback(Exception("boom"));
    CHECK(seen == "[(True, 0), (False, " + boom + ")]");
}

TEST_CASE("85: a failure that only the list has seen is reported when its member is destroyed") {
    Reports reports;
    std::string seen;
    {
        const Ints members(1);
        note_result(deferred_list(members), seen);
        members[0].errback(Exception("boom"));
        CHECK(reports.take().empty());
    }
    CHECK(seen == "[(False, " + boom + ")]");
    CHECK(reports.take() == unhandled + boom);
}

TEST_CASE("85: such a failure is reported even if the list still waits for another member") {
    Reports reports;
    Ints members(2);
    const auto list = deferred_list(members);
    members[0].errback(Exception("boom"));
    CHECK(reports.take().empty());
    members[0] = Deferred<int>();
    CHECK(reports.take() == unhandled + boom);
}

TEST_CASE("86: with consume_errors the list has the failure, and the member's end is spent") {
    Reports reports;
    std::string seen;
    const Ints members(1);
    note_result(deferred_list(members, {.consume_errors = true}), seen);
    members[0].errback(Exception("boom"));
    CHECK_THROWS_AS(members[0].add_both([] {}), std::logic_error);
    CHECK(seen == "[(False, " + boom + ")]");
}

TEST_CASE("87: callbacks that a member gets later still see its value") {
    Reports reports;
    std::string seen;
    const Deferred<std::string> member;
    note_result(deferred_list(std::vector{member}), seen);
    member.add_callback([&](const std::string& value) { seen += "callback: " + value + "; "; });
    member.callback("a poem");
    CHECK(seen == "[(True, 'a poem')]callback: a poem; ");
}

TEST_CASE("87: a value that can't be copied goes to the list, and the member's end is spent") {
    Reports reports;
    const Deferred<std::unique_ptr<int>> member;
    int seen = 0;
    gather_results(std::vector{member})
        .add_callback([&](const std::vector<std::unique_ptr<int>>& all) { seen = *all[0]; });
    CHECK_THROWS_AS(member.add_both([] {}), std::logic_error);
    member.callback(std::make_unique<int>(7));
    CHECK(seen == 7);
}

TEST_CASE("88: errbacks from before the list change what it sees; later ones handle the failure") {
    Reports reports;
    std::string seen;
    const Ints members(2);
    members[0].add_errback([](const Failure&) { return 10; });
    note_result(deferred_list(members), seen);
    members[1].add_errback([](const Failure&) { return 11; });
    members[0].errback(Exception("boom"));
    members[1].errback(Exception("boom"));
    CHECK(seen == "[(True, 10), (False, " + boom + ")]");
}

TEST_CASE("89: a list of members that have all fired fires while it is made") {
    Reports reports;
    std::string seen;
    const auto list = deferred_list(std::vector{succeed(1), succeed(2)});
    CHECK(list.called());
    note_result(list, seen);
    CHECK(seen == "[(True, 1), (True, 2)]");
}

TEST_CASE("90: first_success fires with the first value, and ignores later results") {
    Reports reports;
    std::string seen;
    const Ints members(3);
    note_result(first_success(members, {.consume_errors = true}), seen);
    members[0].errback(Exception("boom"));
    CHECK(seen.empty());
    members[2].callback(2);
    CHECK(seen == "2 from #2");
    members[1].callback(1);
    CHECK(seen == "2 from #2");
}

TEST_CASE("90: if all members fail, first_success fires with the whole list") {
    Reports reports;
    std::string seen;
    const Ints members(2);
    note_result(first_success(members, {.consume_errors = true}), seen);
    members[1].errback(5);
    members[0].errback(Exception("boom"));
    CHECK(seen == "[(False, " + boom + "), (False, [Failure: int: 5])]");
}

TEST_CASE("90: first_success of no members never fires") {
    CHECK_FALSE(first_success(Ints{}).called());
}

TEST_CASE("91: with fire_on_one_errback the first failure fails the list, with a FirstError") {
    Reports reports;
    std::string seen;
    const Ints members(3);
    deferred_list(members, {.fire_on_one_errback = true, .consume_errors = true})
        .add_both([&](const Result<ResultList<int>>& result) {
            REQUIRE(result.is_failure());
            try {
                result.failure().raise();
            } catch (const FirstError& error) {
                CHECK(error.index == 1);
                CHECK(error.sub_failure.text() == boom);
                seen = error.what();
            }
        });
    members[2].callback(2);
    members[1].errback(Exception("boom"));
    CHECK(seen == "#1: " + boom);
    members[0].errback(Exception("too late"));
    CHECK(seen == "#1: " + boom);
}

TEST_CASE("91: with fire_on_one_errback and no failure the list is an ordinary list") {
    Reports reports;
    std::string seen;
    const Ints members(2);
    note_result(deferred_list(members, {.fire_on_one_errback = true}), seen);
    members[0].callback(0);
    members[1].callback(1);
    CHECK(seen == "[(True, 0), (True, 1)]");
}

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

TEST_CASE("95: gather_results fires with the values") {
    Reports reports;
    std::string seen;
    const Ints members(2);
    note_result(gather_results(members), seen);
    members[1].callback(1);
    members[0].callback(0);
    CHECK(seen == "0 1 ");
}

TEST_CASE("95: gather_results of Deferred<void> members fires without a value") {
    Reports reports;
    bool seen = false;
    const std::vector<Deferred<void>> members(2);
    gather_results(members).add_callback([&] { seen = true; });
    members[0].callback();
    members[1].callback();
    CHECK(seen);
}

TEST_CASE("95: gather_results fails at the first failure") {
    Reports reports;
    std::string seen;
    const Ints members(2);
    note_result(gather_results(members, true), seen);
    members[1].errback(Exception("boom"));
    CHECK(seen == "[Failure: FirstError: #1: " + boom + "]");
    members[0].errback(Exception("too late, and consumed"));
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

TEST_CASE("A list that nobody waits for is destroyed, and its members still fire") {
    Reports reports;
    const Ints members(2);
    static_cast<void>(deferred_list(members));
    members[0].callback(0);
    members[1].callback(1);
    static_cast<void>(deferred_list(members, {.consume_errors = true}));
}

TEST_CASE("The same Deferred may be a member twice") {
    Reports reports;
    std::string seen;
    const Deferred<int> member;
    note_result(deferred_list(std::vector{member, member}), seen);
    member.callback(1);
    CHECK(seen == "[(True, 1), (True, 1)]");
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

TEST_CASE("A list prints as Python prints it, except for the failure") {
    std::ostringstream out;
    out << ResultList<std::string>{std::string("it's"), Failure(Exception("boom"))} << ' '
        << ResultList<void>{Result<void>()} << ' ' << ResultList<double>{0.5};
    CHECK(out.str() ==
          R"([(True, 'it\'s'), (False, [Failure: Exception: boom])] [(True, None)] [(True, 0.5)])");
}
