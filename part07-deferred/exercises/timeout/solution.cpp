// timeout - a Deferred that fails if it is not fired in time.
#include "twist/deferred/deferred.hpp"
#include "twist/loop/clock.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

// The result of `d`; or TimeoutError, if there is none after `timeout` on `clock`.
twist::Deferred<std::string> with_timeout(const twist::Deferred<std::string>& d,
                                          twist::Seconds timeout, twist::Clock& clock) {
    twist::Deferred<std::string> in_time;
    twist::DelayedCall timer = clock.call_later(
        timeout, [in_time] { in_time.errback(twist::TimeoutError("No poem came in time.")); });
    d.add_both([in_time, timer](twist::Result<std::string> result) mutable {
        if (!timer.active())
            return; // too late
        timer.cancel();
        in_time.callback(std::move(result));
    });
    return in_time;
}

int main() {
    twist::FakeClock clock;
    const twist::Deferred<std::string> poem; // never fired

    with_timeout(poem, 5s, clock)
        .add_callbacks([](const std::string& text) { std::cout << text << '\n'; },
                       [](const twist::Failure& reason) { std::cout << reason << '\n'; });

    std::cout << "Waiting for five seconds of a clock that is set by hand.\n";
    clock.advance(5s);
    std::cout << "They are over.\n";
}
