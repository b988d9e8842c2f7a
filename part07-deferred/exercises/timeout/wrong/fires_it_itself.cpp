// expect: Who brings the late result gets an AlreadyCalledError
// thought: When the time is up I fire the Deferred that I was given.
// 想法：时间一到，就激活给我的那个 Deferred。
// timeout - a Deferred that fails if nobody fires it in time.
#include "common/clock.hpp"
#include "common/deferred.hpp"
#include "common/error.hpp"

#include <chrono>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

// What `d` comes to; or TimeoutError, if it has not come to anything after `timeout` on `clock`.
twist::Deferred<std::string> with_timeout(const twist::Deferred<std::string>& d,
                                          twist::Seconds timeout, twist::Clock& clock) {
    twist::DelayedCall timer =
        clock.call_later(timeout, [d] { d.errback(twist::TimeoutError("No poem came in time.")); });
    return d.add_both([timer](twist::Result<std::string> result) mutable {
        if (timer.active())
            timer.cancel();
        return result;
    });
}

int main() {
    twist::FakeClock clock;
    const twist::Deferred<std::string> poem; // which nobody will fire

    with_timeout(poem, 5s, clock)
        .add_callbacks([](const std::string& text) { std::cout << text << '\n'; },
                       [](const twist::Failure& reason) { std::cout << reason << '\n'; });

    std::cout << "Waiting for five seconds of a clock that is set by hand.\n";
    clock.advance(5s);
    std::cout << "They are over.\n";
}
