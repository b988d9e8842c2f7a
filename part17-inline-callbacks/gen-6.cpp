// gen-6 - the generator yields Deferreds: inlineCallbacks in ten lines. A step of our own between
// gen-4.py and inline-callbacks-1.py
#include "generator.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/speed.hpp"

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

using namespace std::chrono_literals;

using Waits = twist::Generator<twist::Deferred<int>, int>;

Waits my_generator(twist::Reactor& reactor, double speed) {
    std::cout << "first callback" << std::endl;
    twist::Deferred<int> d;
    reactor.call_later(5s / speed, [d] { d.callback(2); });
    const auto result = co_yield std::move(d); // a copy kept here would keep its own waiter alive

    std::cout << "second callback got " << *result << std::endl;
    d = twist::Deferred<int>();
    reactor.call_later(5s / speed, [d] { d.errback(twist::Exception("3")); });
    try {
        co_yield std::move(d);
    } catch (const twist::Exception& error) {
        std::cout << "third callback got Exception(" << error.what() << ")" << std::endl;
    }

    reactor.stop();
}

// Resumes `gen` when the Deferred that it yielded fires: with the value, or the exception.
void wait_for(std::shared_ptr<Waits> gen, std::optional<twist::Deferred<int>> yielded) {
    if (yielded)
        yielded->add_callbacks(
            [gen](int value) { wait_for(gen, gen->send(value)); },
            [gen](const twist::Failure& failure) { wait_for(gen, gen->throw_in(failure)); });
}

int run_generator(int argc, char* argv[]) {
    const double speed = twist::parse_speed(argc, argv, "Runs a generator that yields Deferreds.");

    twist::Reactor reactor;
    const auto gen = std::make_shared<Waits>(my_generator(reactor, speed));
    reactor.call_when_running([gen] { wait_for(gen, gen->next()); });
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, run_generator);
}
