// exception - a call that throws, and one that does not. Answers basic-twisted/exception.py
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>

void fall_down() {
    throw twist::Exception("I fall down.");
}

void fall_and_get_up() {
    twist::Reactor reactor;

    const auto up_again = [&] {
        std::cout << "But I get up again." << std::endl;
        reactor.stop();
    };

    reactor.call_when_running(fall_down);
    reactor.call_when_running(up_again);

    std::cout << "Starting the reactor." << std::endl;
    reactor.run();
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, "Makes the reactor call a function that throws.",
                              fall_and_get_up);
}
