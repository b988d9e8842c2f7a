// Calls that are made later. Stands for IReactorTime, IDelayedCall.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "twist/base/error.hpp"
#include "twist/base/seconds.hpp"

namespace twist {

/// A handle on a call that call_later() has planned: cheap to copy, and valid also when the clock
/// has gone. A default-made handle has no call, and is not active.
class DelayedCall {
  public:
    DelayedCall() = default;

    /// Whether the call is still to come. False as soon as it begins to run.
    bool active() const;
    Seconds time() const; ///< when it is due, on the scale of Clock::seconds

    // Each throws AlreadyCancelled or AlreadyCalled if the call is not active; AlreadyCancelled, if
    // there is none.
    void cancel() const;
    void reset(Seconds delay) const; ///< due `delay` from now; negative: std::invalid_argument
    void delay(Seconds more) const; ///< due `more` later than planned; if negative, earlier, or now

    friend bool operator==(const DelayedCall&, const DelayedCall&) = default;

  private:
    friend class Clock;
    struct Call;
    explicit DelayedCall(std::shared_ptr<Call> call) : call_(std::move(call)) {}
    Call& pending() const;

    std::shared_ptr<Call> call_;
};

/// Knows the time, and makes calls later (IReactorTime). The reactor is a Clock; a test may take a
/// FakeClock (fake_clock.hpp) instead.
class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    /// The time now, on a scale that never goes back.
    virtual Seconds seconds() const = 0;

    /// Calls `f` once, `delay` from now, and never inside this call. Calls that are due at the same
    /// time run in the order in which they were made or moved. What `f` throws is reported. A
    /// negative delay, or an empty `f`, throws std::invalid_argument.
    DelayedCall call_later(Seconds delay, std::function<void()> f);

    /// The calls that are still to come, in no particular order (getDelayedCalls).
    std::vector<DelayedCall> delayed_calls() const;

  protected:
    /// Runs the calls that are due now, in the order of their time. A call that is made or moved
    /// meanwhile waits for the next run_due, even if it is due.
    void run_due();

    /// When the next call is due; nothing if there is none.
    std::optional<Seconds> next_due();

    /// Drops all calls that are to come. For the destructors of derived classes: a closure's
    /// destructor may still ask for seconds().
    void drop_delayed_calls();

  private:
    friend class DelayedCall;
    using Number = std::uint64_t;

    /// A place in the heap. A call that was cancelled or moved leaves its old entry behind, which
    /// is stale: its number is not the call's any more.
    struct Entry {
        Seconds due;
        Number number;
        std::shared_ptr<DelayedCall::Call> call;

        bool stale() const;
        bool operator<(const Entry& other) const { // std's heaps have the greatest on top
            return due != other.due ? due > other.due : number > other.number;
        }
    };
    void schedule(const std::shared_ptr<DelayedCall::Call>& call, Seconds due);
    void count_stale();
    Entry pop();

    std::vector<Entry> heap_;
    std::size_t stale_ = 0;
    Number next_number_ = 1;
};

struct AlreadyCalled : Exception {
    AlreadyCalled() : Exception("This delayed call has run.") {}
};

struct AlreadyCancelled : Exception {
    AlreadyCancelled() : Exception("This delayed call was cancelled.") {}
};

} // namespace twist
