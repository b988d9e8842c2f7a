// deferred-list-2 - a list of one. Answers deferred-list/deferred-list-2.py
#include "twist/deferred/deferred_list.hpp"

#include <iostream>
#include <string>
#include <vector>

void got_results(const twist::ResultList<std::string>& results) {
    std::cout << "We got: " << results << std::endl;
}

int main() {
    std::cout << "One Deferred." << std::endl;
    const twist::Deferred<std::string> d1;
    const auto d = twist::deferred_list(std::vector{d1});
    std::cout << "Adding callback." << std::endl;
    d.add_callback(got_results);
    std::cout << "Firing d1." << std::endl;
    d1.callback("d1 result");
}
