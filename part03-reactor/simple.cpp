// simple - a reactor with nothing to do. Answers basic-twisted/simple.py
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"

void wait_for_ever() {
    twist::Reactor reactor;
    reactor.run();
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, "Runs a reactor with nothing to do.", wait_for_ever);
}
