// Time, and how a program prints how long something took.
#pragma once

#include <chrono>
#include <iosfwd>

namespace twist {

/// A length of time, fractions included: `Seconds(0.7)`; `700ms` and `5s` convert.
using Seconds = std::chrono::duration<double>;

/// The time since some moment in the past; setting the system's clock does not change it.
/// (time.monotonic)
Seconds monotonic_time();

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
