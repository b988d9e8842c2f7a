// timers - a loop around select(2) that calls functions at given times.
#include "twist/base/seconds.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <sys/select.h>
#include <vector>

using namespace std::chrono_literals;

struct Timer {
    twist::Seconds due; // on the clock of monotonic_time
    std::function<void()> call;
};

// How long the loop may sleep; nothing means for ever.
std::optional<twist::Seconds> time_out(const std::vector<Timer>& timers, twist::Seconds now) {
    if (timers.empty())
        return {};
    twist::Seconds first = timers.front().due;
    for (const Timer& timer : timers)
        first = std::min(first, timer.due);
    return std::max(first - now, twist::Seconds(0));
}

// Calls the timers that are due, and forgets them.
void run_due(std::vector<Timer>& timers, twist::Seconds now) {
    const auto later = std::stable_partition(
        timers.begin(), timers.end(), [now](const Timer& timer) { return timer.due <= now; });
    std::vector<Timer> due(std::make_move_iterator(timers.begin()), std::make_move_iterator(later));
    timers.erase(timers.begin(), later);
    std::stable_sort(due.begin(), due.end(),
                     [](const Timer& a, const Timer& b) { return a.due < b.due; });
    for (const Timer& timer : due)
        timer.call();
}

int main() {
    const twist::Seconds start = twist::monotonic_time();
    std::vector<Timer> timers;
    for (const int n : {3, 1, 2})
        timers.push_back({start + n * 300ms, [n] { std::cout << "timer " << n << std::endl; }});

    while (!timers.empty()) {
        timeval time{};
        const auto wait = time_out(timers, twist::monotonic_time());
        if (wait)
            time.tv_usec = static_cast<suseconds_t>(wait->count() * 1e6); // less than a second
        ::select(0, nullptr, nullptr, nullptr, wait ? &time : nullptr);
        run_due(timers, twist::monotonic_time());
    }
}
