// simple-poll - a reactor on another back end. Answers basic-twisted/simple-poll.py
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>
#include <stdexcept>
#include <string>

int wait_for_ever(int argc, char* argv[]) {
    std::string backend = "poll";
    twist::CommandLine command_line("[options]", "Runs a reactor with nothing to do.");
    command_line.option("backend", backend, "how to wait: epoll, poll, select (default: poll)");
    command_line.parse_options(argc, argv);

    const auto make_reactor = [&] {
        try {
            return twist::Reactor(backend);
        } catch (const std::invalid_argument& error) {
            command_line.fail(error.what());
        }
    };

    twist::Reactor reactor = make_reactor();
    std::cout << "Waiting with " << reactor.backend() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, wait_for_ever);
}
