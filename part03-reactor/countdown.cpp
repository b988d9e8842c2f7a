// countdown - a call that asks for the next one. Answers basic-twisted/countdown.py
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/speed.hpp"

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
    const double speed = twist::parse_speed(argc, argv, "Counts from 5 to 1, one number a second.");

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
