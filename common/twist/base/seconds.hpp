// Time: how it is counted, and how a program prints the time it took.
#pragma once

#include <chrono>
#include <iosfwd>

namespace twist {

/// A length of time, fractions included: `Seconds(0.7)`; `700ms` and `5s` convert.
using Seconds = std::chrono::duration<double>;

/// The time that no clock change disturbs, since some moment in the past (time.monotonic).
Seconds monotonic_time();

/// Starts when it is made. Prints the time since then as H:MM:SS.ffffff.
class Stopwatch {
  public:
    Seconds elapsed() const { return monotonic_time() - start_; }

  private:
    Seconds start_ = monotonic_time();
};

/// A length of time as Python prints it, with no fraction if there is none: "0:00:01.230000". A
/// type of its own, since `out << Seconds` would be a rule for all durations.
struct Elapsed {
    Seconds time;
};
std::ostream& operator<<(std::ostream& out, Elapsed elapsed);
std::ostream& operator<<(std::ostream& out, const Stopwatch& stopwatch);

} // namespace twist
