// deferred-list-7 - the flags of a list, first_success and gather_results. Answers
// deferred-list/deferred-list-5.py
#include "twist/deferred/deferred_list.hpp"

#include <iostream>
#include <string>
#include <variant>
#include <vector>

using Poem = twist::Deferred<std::string>;
using First = twist::FirstSuccess<std::string>;

void got_results(const twist::ResultList<std::string>& results) {
    std::cout << "We got: " << results << std::endl;
}

void got_first(const twist::FirstSuccessOrAll<std::string>& result) {
    if (const First* first = std::get_if<First>(&result))
        std::cout << "We got: '" << first->value << "' from #" << first->index << std::endl;
    else
        got_results(std::get<twist::ResultList<std::string>>(result));
}

void list_failed(const twist::Failure& failure) {
    std::cout << "We got no list: " << failure << std::endl;
}

void fire(const Poem& d1, const Poem& d2) {
    std::cout << "Firing d1 with errback." << std::endl;
    d1.errback(twist::Exception("d1 failure"));
    std::cout << "Firing d2." << std::endl;
    d2.callback("d2 result");
}

int main() {
    std::cout << "consume_errors: the list takes the failures." << std::endl;
    std::vector<Poem> ds(2);
    twist::deferred_list(ds, {.consume_errors = true}).add_callback(got_results);
    fire(ds[0], ds[1]);

    std::cout << "\nfirst_success: the first value will do." << std::endl;
    ds = std::vector<Poem>(2);
    twist::first_success(ds, {.consume_errors = true}).add_callback(got_first);
    fire(ds[0], ds[1]);

    std::cout << "\nfire_on_one_errback: the first failure is enough." << std::endl;
    ds = std::vector<Poem>(2);
    twist::deferred_list(ds, {.fire_on_one_errback = true, .consume_errors = true})
        .add_callbacks(got_results, list_failed);
    fire(ds[0], ds[1]);

    std::cout << "\ngather_results: all the values, or the first failure." << std::endl;
    ds = std::vector<Poem>(2);
    const auto got_values = [](const std::vector<std::string>& values) {
        for (const std::string& value : values)
            std::cout << "We got: " << value << std::endl;
    };
    twist::gather_results(ds).add_callbacks(got_values, list_failed);
    std::cout << "Firing d2." << std::endl;
    ds[1].callback("d2 result");
    std::cout << "Firing d1." << std::endl;
    ds[0].callback("d1 result");
}
