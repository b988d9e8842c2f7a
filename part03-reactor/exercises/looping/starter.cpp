// looping - a call that is made again and again, until it is stopped.
#include "twist/loop/clock.hpp"
#include "twist/loop/reactor.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <utility>

using namespace std::chrono_literals;

struct Looping {
    virtual ~Looping() = default;
    virtual void start() = 0;
    virtual void stop() = 0;
};

class LoopingCall : public Looping {
  public:
    LoopingCall(twist::Clock& clock, twist::Seconds interval, std::function<void()> f)
        : clock_(clock), interval_(interval), f_(std::move(f)) {}

    // TODO: call f again and again, until stop.
    void start() override { f_(); }

    void stop() override {
        static_cast<void>(clock_);
        static_cast<void>(interval_);
    }

  private:
    twist::Clock& clock_;
    twist::Seconds interval_;
    std::function<void()> f_;
};

std::unique_ptr<Looping> make_looping_call(twist::Clock& clock, twist::Seconds interval,
                                           std::function<void()> f) {
    return std::make_unique<LoopingCall>(clock, interval, std::move(f));
}

int main() {
    twist::Reactor reactor;

    LoopingCall ticking(reactor, 200ms, [] { std::cout << "Tick." << std::endl; });
    reactor.call_when_running([&] { ticking.start(); });
    reactor.call_later(900ms, [&] { ticking.stop(); });
    reactor.call_later(1500ms, [&] { reactor.stop(); });

    reactor.run();
    std::cout << "Five ticks, and then silence?" << std::endl;
}
