// expect: what came of it is not what it should be
// dict - many Deferreds by name: one Deferred for all their results.
#include "common/deferred.hpp"
#include "common/deferred_list.hpp"
#include "common/error.hpp"

#include <cstddef>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

using Poem = twist::Deferred<std::string>;
using Results = std::map<std::string, twist::Result<std::string>>;

// Fires when all `poems` have, with what became of each.
twist::Deferred<Results> deferred_dict(const std::map<std::string, Poem>& poems) {
    const twist::Deferred<Results> all;
    const auto results = std::make_shared<Results>();
    for (const auto& [name, poem] : poems)
        poem.add_both([=, key = name, missing = poems.size()](twist::Result<std::string> result) {
            results->emplace(key, std::move(result));
            if (results->size() == missing)
                all.callback(*results);
        });
    return all;
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
