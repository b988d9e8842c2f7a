// expect: how often it says that it waits, for two poems
// thought: A static function is always there, so it need not hold itself.
// 想法：静态的函数一直都在，所以不必持有自己。
// bug-cycle - waits for a poem, and says each second that it waits. The poem fails; nobody is told.
#include "common/clock.hpp"
#include "common/deferred.hpp"
#include "common/error.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;

using Poem = twist::Deferred<std::string>;

// Says each second that `poem` is not there yet, until it is.
void say_each_second(twist::Clock& clock, const Poem& poem) {
    static std::function<void()> tick;
    tick = [&clock, poem] {
        if (poem.called()) {
            tick = nullptr;
            return;
        }
        std::cout << "Still waiting.\n";
        clock.call_later(1s, tick);
    };
    clock.call_later(1s, tick);
}

// Prints the poem when it comes. There is no errback: the core is to report a failure.
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
