// expect: [Failure: CancelledError]
// thought: The time-out cancels the Deferred, so a CancelledError is a time-out.
// 想法：超时会取消这个 Deferred，所以 CancelledError 就是超时。
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
    twist::DelayedCall timer = clock.call_later(timeout, [d] { d.cancel(); });
    return d.add_both([timer](twist::Result<std::string> result) mutable {
        if (timer.active())
            timer.cancel();
        if (result.is_failure() && result.failure().check<twist::CancelledError>())
            return twist::Result<std::string>(
                twist::Failure(twist::TimeoutError("No poem came in time.")));
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
