// deferred-list-6 - the second one fails, and has an errback. Answers
// deferred-list/deferred-list-7.py
#include "twist/deferred/deferred_list.hpp"

#include <iostream>
#include <string>
#include <vector>

void got_results(const twist::ResultList<std::string>& results) {
    std::cout << "We got: " << results << std::endl;
}

int main() {
    std::cout << "Two Deferreds." << std::endl;
    const twist::Deferred<std::string> d1;
    const twist::Deferred<std::string> d2;
    const auto d = twist::deferred_list(std::vector{d1, d2});
    std::cout << "Adding callback." << std::endl;
    d.add_callback(got_results);
    d2.add_errback([](const twist::Failure&) { return std::string(); }); // added after the list
    std::cout << "Firing d1." << std::endl;
    d1.callback("d1 result");
    std::cout << "Firing d2 with errback." << std::endl;
    d2.errback(twist::Exception("d2 failure"));
}
