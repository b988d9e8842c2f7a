// countdown - a call that asks for the next one. Answers basic-twisted/countdown.py
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

class Countdown {
  public:
    Countdown(twist::Reactor& reactor, double speed) : reactor_(reactor), speed_(speed) {}

    void count() {
        if (counter_ == 0)
            return reactor_.stop();
        std::cout << counter_ << " ..." << std::endl;
        --counter_;
        reactor_.call_later(1s / speed_, [this] { count(); });
    }

  private:
    twist::Reactor& reactor_;
    double speed_;
    int counter_ = 5;
};

int count_down(int argc, char* argv[]) {
    double speed = 1;
    twist::CommandLine command_line("[options]", "Counts from 5 to 1, one number a second.");
    command_line.option("speed", speed, "how many times faster to count (default: 1)");
    if (!command_line.parse(argc, argv).empty())
        command_line.fail("Bad arguments.");

    twist::Reactor reactor;
    Countdown countdown(reactor, speed);

    reactor.call_when_running([&] { countdown.count(); });

    std::cout << "Start!" << std::endl;
    reactor.run();
    std::cout << "Stop!" << std::endl;
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, count_down);
}
