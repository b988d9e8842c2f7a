// stack - who calls us? Answers basic-twisted/stack.py
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/stack_trace.hpp"

#include <iostream>

static void print_stack() {
    twist::print_stack_trace(std::cerr);
}

void show_stack() {
    twist::Reactor reactor;

    reactor.call_when_running([] { print_stack(); });

    reactor.run();
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, "Prints the call stack of a callback.", show_stack);
}
