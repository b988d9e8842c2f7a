// defer-block - a callback that blocks. Answers twisted-deferred/defer-block.py
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/speed.hpp"

#include <chrono>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;

void start_chain() {
    std::cout << "The start of the callback chain." << std::endl;
}

void blocking_poem(double speed) {
    const auto after = [speed](twist::Seconds pause, const char* words) {
        std::this_thread::sleep_for(pause / speed);
        std::cout << words << std::flush;
    };
    after(0s, "\n");
    after(0.6s, "While");
    after(0.4s, " I sleep");
    after(1s, "\n  the chain");
    after(0.4s, " stands");
    after(0.6s, " still,");
    after(1.5s, "\n  the timers");
    after(0.4s, " wait,");
    after(1s, "\nthe buffers");
    after(0.6s, " fill:");
    after(1s, "\nnot a turn");
    after(0.6s, " of the loop");
    after(1s, "\n  until");
    after(0.4s, " I wake.");
    after(2s, "\n\n");
}

int fire_and_block(int argc, char* argv[]) {
    const double speed =
        twist::parse_speed(argc, argv, "Fires a Deferred with a callback that blocks.");

    twist::Reactor reactor;

    const auto end_chain = [&] {
        std::cout << "The end of the callback chain." << std::endl;
        reactor.stop();
    };

    twist::Deferred<void> d;
    d.add_callback(start_chain);
    d.add_callback([speed] { blocking_poem(speed); });
    d.add_callback(end_chain);

    reactor.call_when_running([d] {
        std::cout << "Firing deferred." << std::endl;
        d.callback();
        std::cout << "Firing finished." << std::endl;
    });

    std::cout << "Starting reactor." << std::endl;
    reactor.run();
    std::cout << "Done." << std::endl;
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, fire_and_block);
}
