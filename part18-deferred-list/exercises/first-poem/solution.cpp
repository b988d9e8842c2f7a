// first-poem - the first poem to arrive wins; the others are cancelled.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/deferred_list.hpp"
#include "twist/loop/clock.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

using Poem = twist::Deferred<std::string>;

// The first poem to arrive; fails with a twist::Exception if all fail.
Poem first_poem(const std::vector<Poem>& poems) {
    const auto got_first = [poems](const twist::FirstSuccessOrAll<std::string>& result) {
        const auto* first = std::get_if<twist::FirstSuccess<std::string>>(&result);
        if (first == nullptr)
            throw twist::Exception("None of the poems came.");
        for (const Poem& poem : poems)
            poem.cancel(); // does nothing if it has fired
        return first->value;
    };
    return twist::first_success(poems, {.consume_errors = true}).add_callback(got_first);
}

// A poem, after `delay`; prints a line if it is cancelled.
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
