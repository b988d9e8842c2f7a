// counters - several countdowns at once, each at its own speed; the last one stops the reactor.
#include "twist/loop/clock.hpp"
#include "twist/loop/reactor.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

struct Counter {
    std::string name;
    int left;
    twist::Seconds pause;
};

using Say = std::function<void(const std::string& name, int number)>;
using Done = std::function<void()>;

// Says a number, and schedules the next one; calls `done` at the end.
void count(twist::Clock& clock, const Counter& counter, const Say& say, const Done& done) {
    if (counter.left == 0)
        return done();
    say(counter.name, counter.left);
    const Counter next{counter.name, counter.left - 1, counter.pause};
    clock.call_later(counter.pause, [&clock, next, say, done] { count(clock, next, say, done); });
}

// Starts all counters; calls `all_done` when the last one is done.
void count_down(twist::Clock& clock, const std::vector<Counter>& counters, const Say& say,
                const Done& all_done) {
    // TODO: only the last one may call all_done.
    for (const Counter& counter : counters)
        count(clock, counter, say, all_done);
}

int main() {
    twist::Reactor reactor;

    const auto print = [](const std::string& name, int number) {
        std::cout << name << ": " << number << " ..." << std::endl;
    };
    reactor.call_when_running([&] {
        count_down(reactor, {{"slow", 3, 500ms}, {"fast", 5, 100ms}, {"steady", 4, 250ms}}, print,
                   [&] { reactor.stop(); });
    });

    std::cout << "Start!" << std::endl;
    reactor.run();
    std::cout << "Stop!" << std::endl;
}
