// bug-cycle - waits for a poem, and says so each second. The poem fails, and no report appears.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;

using Poem = twist::Deferred<std::string>;

// Prints each second that `poem` has not arrived, until it does.
void say_each_second(twist::Clock& clock, const Poem& poem) {
    clock.call_later(1s, [&clock, poem] {
        if (poem.called())
            return;
        std::cout << "Still waiting.\n";
        say_each_second(clock, poem);
    });
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
