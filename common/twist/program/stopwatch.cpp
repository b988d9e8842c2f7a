#include "twist/program/stopwatch.hpp"

#include <cstdio>
#include <ostream>

namespace twist {

std::ostream& operator<<(std::ostream& out, Elapsed elapsed) {
    const auto microseconds = std::chrono::round<std::chrono::microseconds>(elapsed.time).count();
    const long long seconds = microseconds / 1'000'000;
    char text[64];
    std::snprintf(text, sizeof text,
                  microseconds % 1'000'000 == 0 ? "%lld:%02lld:%02lld"
                                                : "%lld:%02lld:%02lld.%06lld",
                  seconds / 3600, seconds / 60 % 60, seconds % 60,
                  static_cast<long long>(microseconds % 1'000'000));
    return out << text;
}

std::ostream& operator<<(std::ostream& out, const Stopwatch& stopwatch) {
    return out << Elapsed{stopwatch.elapsed()};
}

} // namespace twist
