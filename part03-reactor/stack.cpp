// stack - who calls us? Answers basic-twisted/stack.py
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/stack_trace.hpp"

#include <iostream>

static void print_stack() {
    twist::print_stack_trace(std::cerr);
}

int show_stack(int argc, char* argv[]) {
    twist::CommandLine command_line("[options]", "Prints the call stack of a callback.");
    if (!command_line.parse(argc, argv).empty())
        command_line.fail("Bad arguments.");

    twist::Reactor reactor;

    reactor.call_when_running([] { print_stack(); });

    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, show_stack);
}
