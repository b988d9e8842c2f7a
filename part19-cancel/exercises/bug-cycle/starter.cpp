// bug-cycle - waits for a poem, and says so each second. The poem fails, and no report appears.
// TODO: one line here is wrong. Find it by its symptom.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

using namespace std::chrono_literals;

using Poem = twist::Deferred<std::string>;

// Prints each second that `poem` has not arrived, until it does.
void say_each_second(twist::Clock& clock, const Poem& poem) {
    const auto tick = std::make_shared<std::function<void()>>();
    *tick = [&clock, poem, tick] {
        if (poem.called())
            return;
        std::cout << "Still waiting.\n";
        clock.call_later(1s, *tick);
    };
    clock.call_later(1s, *tick);
}

// Prints the poem when it arrives. There is no errback: the core should report a failure.
void print_poem(twist::Clock& clock, const Poem& poem) {
    poem.add_callback([](const std::string& text) { std::cout << text << '\n'; });
    say_each_second(clock, poem);
}

int main() {
    twist::FakeClock clock;
    std::optional<Poem> poem = Poem();
    print_poem(clock, *poem);
    clock.advance(1s);
    clock.advance(1s);
    std::cout << "The poem fails.\n";
    poem->errback(twist::Exception("no poem"));
    poem.reset();
    clock.advance(1s);
    std::cout << "The end.\n";
}
