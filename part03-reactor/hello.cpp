// hello - a function that the reactor calls. Answers basic-twisted/hello.py
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>

void hello() {
    std::cout << "Hello from the reactor loop!" << std::endl;
    std::cout << "Nothing else to call: it waits for Ctrl-C now." << std::endl;
}

void greet() {
    twist::Reactor reactor;

    reactor.call_when_running(hello);

    std::cout << "Starting the reactor." << std::endl;
    reactor.run();
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, "Makes the reactor call a function.", greet);
}
