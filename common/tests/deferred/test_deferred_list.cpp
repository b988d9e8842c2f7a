// Items 82 to 91, 95: many Deferreds as one.
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/failures.hpp"
#include "common/tests/lists.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred_list.hpp"

using namespace twist;

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

TEST_CASE("A list prints as Python prints it, except for the failure") {
    std::ostringstream out;
    out << ResultList<std::string>{std::string("it's"), Failure(Exception("boom"))} << ' '
        << ResultList<void>{Result<void>()} << ' ' << ResultList<double>{0.5};
    CHECK(out.str() ==
          R"([(True, 'it\'s'), (False, [Failure: Exception: boom])] [(True, None)] [(True, 0.5)])");
}
