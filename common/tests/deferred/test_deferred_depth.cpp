// Items 27, 51, 52: a million of everything, on a small stack.
#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/reports.hpp"
#include "common/tests/small_stack.hpp"
#include "twist/deferred/deferred.hpp"

using namespace twist;

namespace {

using Row = std::vector<Deferred<int>>;

// Unfired Deferreds; each one, once fired, will wait for the next.
Row row_of_waiting() {
    Row row(very_many);
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
        row[i].add_callback([next = row[i + 1]](int) { return next; });
    return row;
}

enum class Order { first_to_last, last_to_first };

// Fires all but the last; they then wait for the last.
void fire_all_but_the_last(const Row& row, Order order) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
        row[order == Order::first_to_last ? i : row.size() - 2 - i].callback(0);
}

// Each thread has its own reports.
void on_small_stack_without_reports(const std::function<void()>& f) {
    on_small_stack([&] {
        Reports reports;
        f();
    });
}

} // namespace

TEST_CASE("27: a million callbacks on one Deferred") {
    int last = 0;
    on_small_stack_without_reports([&] {
        Deferred<int> d;
        for (int i = 0; i < very_many; ++i)
            d.add_callback([](int value) { return value + 1; });
        d.callback(0);
        d.add_callback([&](int value) { last = value; });
    });
    CHECK(last == very_many);
}

TEST_CASE("27: a million callbacks that never run") {
    on_small_stack_without_reports([&] {
        Deferred<int> d;
        for (int i = 0; i < very_many; ++i)
            d.add_callback([](int value) { return value + 1; });
    });
}

TEST_CASE("51: a million Deferreds, each waiting for the next; the last one fires last") {
    for (const Order order : {Order::first_to_last, Order::last_to_first}) {
        int seen = 0;
        on_small_stack_without_reports([&] {
            const Row row = row_of_waiting();
            row.front().add_callback([&](int value) { seen = value; });
            fire_all_but_the_last(row, order);
            row.back().callback(7);
        });
        CHECK(seen == 7);
    }
}

TEST_CASE("51: a million Deferreds, each waiting for the next; the last one fires first") {
    int seen = 0;
    on_small_stack_without_reports([&] {
        const Row row = row_of_waiting();
        row.front().add_callback([&](int value) { seen = value; });
        row.back().callback(7);
        fire_all_but_the_last(row, Order::last_to_first);
    });
    CHECK(seen == 7);
}

TEST_CASE("51: a failure travels just as far, and is reported once") {
    std::string lines;
    on_small_stack([&] {
        Reports reports;
        {
            const Row row = row_of_waiting();
            fire_all_but_the_last(row, Order::first_to_last);
            row.back().errback(Exception("boom"));
        }
        lines = reports.take();
    });
    CHECK(lines == "Unhandled error in Deferred: [Failure: Exception: boom]");
}

TEST_CASE("51: a million Deferreds that wait and never fire are destroyed one after the other") {
    for (const Order order : {Order::first_to_last, Order::last_to_first}) {
        on_small_stack_without_reports([&] {
            Row row = row_of_waiting();
            fire_all_but_the_last(row, order);
        });
        on_small_stack_without_reports([&] {
            Row row = row_of_waiting();
            fire_all_but_the_last(row, order);
            while (!row.empty())
                row.pop_back();
        });
    }
}

TEST_CASE("51: the same when only the first or only the last handle remains") {
    on_small_stack_without_reports([] {
        Row row = row_of_waiting();
        fire_all_but_the_last(row, Order::first_to_last);
        const Deferred<int> first = row.front();
        row.clear();
    });
    int seen = 0;
    on_small_stack_without_reports([&] {
        Row row = row_of_waiting();
        row.front().add_callback([&](int value) { seen = value; });
        fire_all_but_the_last(row, Order::first_to_last);
        const Deferred<int> last = row.back();
        row.clear();
        last.callback(7);
    });
    CHECK_MESSAGE(seen == 7, "the last one holds all the others that wait for it");
}

TEST_CASE("51: a million unfired Deferreds, each held by a callback of the previous one") {
    on_small_stack_without_reports([] {
        Row row = row_of_waiting();
        const Deferred<int> first = row.front();
        row.clear();
    });
}

TEST_CASE("52: a million Deferreds linked with chain_deferred, fired and unfired") {
    int seen = 0;
    on_small_stack_without_reports([&] {
        Row row(very_many);
        row.back().add_callback([&](int value) { seen = value; });
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            row[i].chain_deferred(row[i + 1]);
        row.front().callback(7);
    });
    CHECK(seen == 7);
    on_small_stack_without_reports([] {
        Row row(very_many);
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            row[i].chain_deferred(row[i + 1]);
        const Deferred<int> first = row.front();
        row.clear();
    });
}

TEST_CASE("77: a cancel() at one end of a million reaches the other") {
    std::string seen;
    on_small_stack_without_reports([&] {
        const Row row = row_of_waiting();
        row.front().add_errback([&](const Failure& failure) {
            seen = failure.text();
            return 0;
        });
        fire_all_but_the_last(row, Order::first_to_last);
        row.front().cancel();
    });
    CHECK(seen == "[Failure: CancelledError]");
}
