// inline-callbacks-tb - who runs the body? Answers inline-callbacks/inline-callbacks-tb.py
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/stack_trace.hpp"

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

twist::Deferred<void> my_callbacks(twist::Reactor& reactor) {
    std::cout << "first callback" << std::endl;
    twist::print_stack_trace(std::cout);

    twist::Deferred<void> d;
    reactor.call_later(0s, [d] { d.callback(); });
    co_await d;

    std::cout << "\nsecond callback" << std::endl;
    twist::print_stack_trace(std::cout);
    reactor.stop();
}

int main() {
    twist::Reactor reactor;
    my_callbacks(reactor);
    reactor.run();
}
