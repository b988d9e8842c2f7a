// simple - a reactor with nothing to do. Answers basic-twisted/simple.py
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"

int wait_for_ever(int argc, char* argv[]) {
    twist::CommandLine command_line("[options]", "Runs a reactor with nothing to do.");
    if (!command_line.parse(argc, argv).empty())
        command_line.fail("Bad arguments.");

    twist::Reactor reactor;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, wait_for_ever);
}
