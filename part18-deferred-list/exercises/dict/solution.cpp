// dict - many Deferreds by name: one Deferred for all their results.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/deferred_list.hpp"

#include <cstddef>
#include <iostream>
#include <map>
#include <string>
#include <vector>

using Poem = twist::Deferred<std::string>;
using Results = std::map<std::string, twist::Result<std::string>>;

// Fires when all `poems` have fired, with the result of each.
twist::Deferred<Results> deferred_dict(const std::map<std::string, Poem>& poems) {
    std::vector<std::string> names;
    std::vector<Poem> members;
    for (const auto& [name, poem] : poems) {
        names.push_back(name);
        members.push_back(poem);
    }
    const auto with_names = [names](const twist::ResultList<std::string>& list) {
        Results results;
        for (std::size_t i = 0; i < names.size(); ++i)
            results.emplace(names[i], list[i]);
        return results;
    };
    return twist::deferred_list(members, {.consume_errors = true}).add_callback(with_names);
}

void got_results(const Results& results) {
    for (const auto& [name, result] : results)
        std::cout << name << ": " << (result ? result.value() : result.failure().text()) << '\n';
}

int main() {
    const std::map<std::string, Poem> poems{{"ecstasy", Poem()}, {"science", Poem()}};
    deferred_dict(poems).add_callback(got_results);
    std::cout << "Firing science with errback.\n";
    poems.at("science").errback(twist::Exception("no poem"));
    std::cout << "Firing ecstasy.\n";
    poems.at("ecstasy").callback("Where, like a pillow on a bed");
}
