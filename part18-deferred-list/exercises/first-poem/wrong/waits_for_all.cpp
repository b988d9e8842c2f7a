// expect: what came of it is not what it should be
// first-poem - the first poem that comes wins; the others are cancelled.
#include "common/clock.hpp"
#include "common/deferred.hpp"
#include "common/deferred_list.hpp"
#include "common/error.hpp"

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

using Poem = twist::Deferred<std::string>;

// The first poem that comes; a twist::Exception, if none does.
Poem first_poem(const std::vector<Poem>& poems) {
    const auto got_all = [](const twist::ResultList<std::string>& results) {
        for (const auto& result : results)
            if (result)
                return result.value();
        throw twist::Exception("None of the poems came.");
    };
    return twist::deferred_list(poems, {.consume_errors = true}).add_callback(got_all);
}

// A poem, after `delay`; says so if it is cancelled.
Poem get_poem(twist::Clock& clock, const std::string& poem, twist::Seconds delay) {
    const auto delayed_call = std::make_shared<twist::DelayedCall>();
    Poem d([delayed_call, poem](auto&) {
        delayed_call->cancel();
        std::cout << "cancelled: " << poem << '\n';
    });
    *delayed_call = clock.call_later(delay, [d, poem] { d.callback(poem); });
    return d;
}

int main() {
    twist::FakeClock clock;
    first_poem({get_poem(clock, "ecstasy", 3s), get_poem(clock, "fascination", 2s),
                get_poem(clock, "science", 4s)})
        .add_callback([](const std::string& poem) { std::cout << "got: " << poem << '\n'; });
    for (int second = 1; second <= 4; ++second) {
        std::cout << "second " << second << '\n';
        clock.advance(1s);
    }
}
