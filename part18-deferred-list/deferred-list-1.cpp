// deferred-list-1 - a list of nothing. Answers deferred-list/deferred-list-1.py
#include "twist/deferred/deferred_list.hpp"

#include <iostream>
#include <string>
#include <vector>

void got_results(const twist::ResultList<std::string>& results) {
    std::cout << "We got: " << results << std::endl;
}

int main() {
    std::cout << "Empty list." << std::endl;
    const auto d = twist::deferred_list(std::vector<twist::Deferred<std::string>>());
    std::cout << "Adding callback." << std::endl;
    d.add_callback(got_results);
}
