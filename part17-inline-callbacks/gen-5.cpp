// gen-5 - the loop is the reactor. A step of our own between gen-4.py and inlineCallbacks
#include "generator.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/speed.hpp"

#include <chrono>
#include <iostream>
#include <memory>
#include <utility>

using namespace std::chrono_literals;

using Pauses = twist::Generator<twist::Seconds>;

Pauses my_generator() {
    std::cout << "my_generator: starting up" << std::endl;
    co_yield 2s;
    std::cout << "my_generator: workin'" << std::endl;
    co_yield 2s;
    std::cout << "my_generator: done" << std::endl;
}

Pauses my_other_generator() {
    std::cout << "my_other_generator: starting up" << std::endl;
    co_yield 3s;
    std::cout << "my_other_generator: workin'" << std::endl;
    co_yield 3s;
    std::cout << "my_other_generator: done" << std::endl;
}

// Runs the next piece, and lets the reactor run the one after it when the pause is over. After the
// last piece of the last generator, it stops the reactor.
void go_on(twist::Reactor& reactor, double speed, int& unfinished, std::shared_ptr<Pauses> gen) {
    if (const auto pause = gen->next())
        reactor.call_later(*pause / speed,
                           [=, &reactor, &unfinished] { go_on(reactor, speed, unfinished, gen); });
    else if (--unfinished == 0)
        reactor.stop();
}

int run_generators(int argc, char* argv[]) {
    const double speed =
        twist::parse_speed(argc, argv, "Runs two generators by a reactor's timers.");

    twist::Reactor reactor;
    int unfinished = 2;
    go_on(reactor, speed, unfinished, std::make_shared<Pauses>(my_generator()));
    go_on(reactor, speed, unfinished, std::make_shared<Pauses>(my_other_generator()));

    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, run_generators);
}
