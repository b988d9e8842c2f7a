// two-at-once - two downloads at the same time, inside one coroutine.
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

// A function that starts a download and returns the Deferred of its poem.
using Download = std::function<twist::Deferred<std::string>()>;

// Both poems, the first one first. The coroutine has its own copies of the functions.
twist::Deferred<std::string> two_poems(Download begin_first, Download begin_second) {
    // TODO: this takes as long as both together; it should take only as long as the slower one.
    const std::string poem = co_await begin_first();
    const std::string other = co_await begin_second();
    co_return poem + '\n' + other;
}

int main() {
    twist::FakeClock clock;
    const auto slow_poem = [&clock](const std::string& poem, twist::Seconds delay) {
        return [&clock, poem, delay] {
            const twist::Deferred<std::string> d;
            clock.call_later(delay, [d, poem] { d.callback(poem); });
            return d;
        };
    };

    two_poems(slow_poem("ecstasy", 3s), slow_poem("fascination", 2s))
        .add_callback([](const std::string& poems) { std::cout << poems << '\n'; });
    for (int second = 1; second <= 5; ++second) {
        clock.advance(1s);
        std::cout << "second " << second << '\n';
    }
}
