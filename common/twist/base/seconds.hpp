// Time: how long, and since when.
#pragma once

#include <chrono>

namespace twist {

/// A length of time, fractions included: `Seconds(0.7)`; `700ms` and `5s` convert.
using Seconds = std::chrono::duration<double>;

/// The time since some moment in the past; setting the system's clock does not change it.
/// (time.monotonic)
inline Seconds monotonic_time() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

} // namespace twist
