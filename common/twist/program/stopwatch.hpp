// How long something took, and how a program prints it.
#pragma once

#include <iosfwd>

#include "twist/base/seconds.hpp"

namespace twist {

/// Starts when it is made; prints the time since then as H:MM:SS.ffffff.
class Stopwatch {
  public:
    Seconds elapsed() const { return monotonic_time() - start_; }

  private:
    Seconds start_ = monotonic_time();
};

/// A length of time as Python prints it: "0:00:01.230000", or "0:00:01". It is a type of its own
/// because `out << Seconds` would apply to all durations.
struct Elapsed {
    Seconds time;
};
std::ostream& operator<<(std::ostream& out, Elapsed elapsed);
std::ostream& operator<<(std::ostream& out, const Stopwatch& stopwatch);

} // namespace twist
