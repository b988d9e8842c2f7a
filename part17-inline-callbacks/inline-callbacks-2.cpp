// inline-callbacks-2 - two coroutines at once, and their results.
// Answers inline-callbacks/inline-callbacks-2.py
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/speed.hpp"

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

// Fires when `delay` has passed.
twist::Deferred<void> later(twist::Reactor& reactor, twist::Seconds delay) {
    twist::Deferred<void> d;
    reactor.call_later(delay, [d] { d.callback(); });
    return d;
}

twist::Deferred<int> my_callbacks_1(twist::Reactor& reactor, double speed) {
    std::cout << "my_callbacks_1 first callback" << std::endl;
    co_await later(reactor, 2s / speed);

    std::cout << "my_callbacks_1 second callback" << std::endl;
    co_await later(reactor, 2s / speed);

    std::cout << "my_callbacks_1 third callback" << std::endl;
    co_return 1;
}

twist::Deferred<int> my_callbacks_err(twist::Reactor& reactor, double speed) {
    std::cout << "my_callbacks_err first callback" << std::endl;
    co_await later(reactor, 3s / speed);

    std::cout << "my_callbacks_err second callback" << std::endl;
    co_await later(reactor, 3s / speed);

    std::cout << "my_callbacks_err third callback" << std::endl;
    throw twist::Exception("uh oh");
}

void got_result(int result) {
    std::cout << "got result: " << result << std::endl;
}

void got_error(const twist::Failure& error) {
    std::cout << "got error: " << error << std::endl;
}

int run_callbacks(int argc, char* argv[]) {
    const double speed = twist::parse_speed(argc, argv, "Runs two coroutines at the same time.");

    int finished = 0;
    twist::Reactor reactor;

    const auto callbacks_finished = [&] {
        if (++finished == 2) {
            std::cout << "all done" << std::endl;
            reactor.stop();
        }
    };

    reactor.call_when_running([&] {
        const auto d1 = my_callbacks_1(reactor, speed);
        d1.add_callbacks(got_result, got_error).add_both(callbacks_finished);

        const auto d2 = my_callbacks_err(reactor, speed);
        d2.add_callbacks(got_result, got_error).add_both(callbacks_finished);
    });
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, run_callbacks);
}
