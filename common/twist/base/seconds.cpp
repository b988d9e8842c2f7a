#include "twist/base/seconds.hpp"

#include <cstdio>
#include <ostream>

namespace twist {

Seconds monotonic_time() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

std::ostream& operator<<(std::ostream& out, Elapsed elapsed) {
    const std::chrono::hh_mm_ss clock(std::chrono::round<std::chrono::microseconds>(elapsed.time));
    char text[64];
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld",
                  static_cast<long long>(clock.hours().count()),
                  static_cast<long long>(clock.minutes().count()),
                  static_cast<long long>(clock.seconds().count()));
    out << text;
    if (const auto fraction = clock.subseconds().count(); fraction != 0) {
        std::snprintf(text, sizeof text, ".%06lld", static_cast<long long>(fraction));
        out << text;
    }
    return out;
}

std::ostream& operator<<(std::ostream& out, const Stopwatch& stopwatch) {
    return out << Elapsed{stopwatch.elapsed()};
}

} // namespace twist
