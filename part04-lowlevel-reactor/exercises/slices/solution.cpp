// slices - a long computation in slices; between them, the reactor serves everything else.
#include "twist/loop/clock.hpp"
#include "twist/loop/reactor.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>

using namespace std::chrono_literals;

using Step = std::function<void(std::size_t i)>;
using Done = std::function<void()>;

constexpr std::size_t slice = 1000; // steps in one turn of the loop

// Makes the steps from `i` on: a slice now, the rest later.
void steps_from(twist::Clock& clock, std::size_t i, std::size_t count, const Step& step,
                const Done& done) {
    const std::size_t end = std::min(i + slice, count);
    for (; i < end; ++i)
        step(i);
    if (end == count)
        return done();
    clock.call_later(0s, [=, &clock] { steps_from(clock, end, count, step, done); });
}

// Calls step(0), step(1), ... step(count - 1), and then `done`.
void in_slices(twist::Clock& clock, std::size_t count, const Step& step, const Done& done) {
    steps_from(clock, 0, count, step, done);
}

// Stands for the downloads: it only runs if the reactor can turn.
void tick(twist::Reactor& reactor) {
    std::cout << "Tick." << std::endl;
    reactor.call_later(50ms, [&reactor] { tick(reactor); });
}

int main() {
    twist::Reactor reactor;
    double sum = 0;

    reactor.call_when_running([&] { tick(reactor); });
    reactor.call_later(120ms, [&] {
        std::cout << "The computation begins." << std::endl;
        in_slices(
            reactor, 3'000'000, [&](std::size_t i) { sum += std::sin(static_cast<double>(i)); },
            [&] {
                std::cout << "The computation is done: " << sum << std::endl;
                reactor.stop();
            });
    });

    reactor.run();
}
