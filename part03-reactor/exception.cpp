// exception - a call that throws, and one that does not. Answers basic-twisted/exception.py
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>

void fall_down() {
    throw twist::Exception("I fall down.");
}

int fall_and_get_up(int argc, char* argv[]) {
    twist::CommandLine command_line("[options]", "Makes the reactor call a function that throws.");
    if (!command_line.parse(argc, argv).empty())
        command_line.fail("Bad arguments.");

    twist::Reactor reactor;

    const auto up_again = [&] {
        std::cout << "But I get up again." << std::endl;
        reactor.stop();
    };

    reactor.call_when_running(fall_down);
    reactor.call_when_running(up_again);

    std::cout << "Starting the reactor." << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, fall_and_get_up);
}
