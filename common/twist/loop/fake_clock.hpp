// A clock for tests that do not wait. Stands for task.Clock.
#pragma once

#include "twist/loop/clock.hpp"

namespace twist {

/// Stands still until it is advanced.
class FakeClock final : public Clock {
  public:
    FakeClock() = default;
    ~FakeClock() override { drop_delayed_calls(); }
    Seconds seconds() const override { return now_; }

    /// Lets `time` pass, and runs the calls that are due by then. A call_later(0) that is made
    /// meanwhile runs at the next advance().
    void advance(Seconds time) {
        now_ += time;
        run_due();
    }

  private:
    Seconds now_{0};
};

} // namespace twist
