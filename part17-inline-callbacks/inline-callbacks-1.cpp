// inline-callbacks-1 - three things to wait for. Answers inline-callbacks/inline-callbacks-1.py
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/speed.hpp"

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

twist::Deferred<void> my_callbacks(twist::Reactor& reactor, double speed) {
    std::cout << "first callback" << std::endl;
    int result = co_await 1; // not a Deferred: it comes right back

    std::cout << "second callback got " << result << std::endl;
    twist::Deferred<int> d;
    reactor.call_later(5s / speed, [d] { d.callback(2); });
    result = co_await d; // the body stops here until d fires

    std::cout << "third callback got " << result << std::endl;
    d = twist::Deferred<int>();
    reactor.call_later(5s / speed, [d] { d.errback(twist::Exception("3")); });

    try {
        co_await d;
    } catch (const twist::Exception& error) { // the exception itself, not a Failure
        std::cout << "fourth callback got Exception(" << error.what() << ")" << std::endl;
    }

    reactor.stop();
}

int run_callbacks(int argc, char* argv[]) {
    const double speed =
        twist::parse_speed(argc, argv, "Waits for a value, a result and a failure.");

    twist::Reactor reactor;
    reactor.call_when_running([&] { my_callbacks(reactor, speed); });
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, run_callbacks);
}
