// Calls that are made later. Stands for IReactorTime, IDelayedCall and task.Clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "twist/base/error.hpp"
#include "twist/base/seconds.hpp"

namespace twist {

/// A call that call_later has promised: a handle, cheap to copy, which may outlive the clock.
/// A default-made handle promises nothing and is not active.
class DelayedCall {
  public:
    DelayedCall() = default;

    /// Whether the call is still to come. False as soon as it begins to run.
    bool active() const;
    Seconds time() const; ///< when it is due, as Clock::seconds counts

    // Each throws AlreadyCancelled or AlreadyCalled when the call is no longer to come.
    void cancel();
    void reset(Seconds delay); ///< due `delay` from now
    void delay(Seconds more);  ///< due later than planned by `more`; a negative one means earlier

    friend bool operator==(const DelayedCall&, const DelayedCall&) = default;

  private:
    friend class Clock;
    struct Call;
    explicit DelayedCall(std::shared_ptr<Call> call) : call_(std::move(call)) {}
    Call& pending() const;

    std::shared_ptr<Call> call_;
};

/// Something that knows what time it is and keeps the calls that are due later (IReactorTime).
/// The reactor is one; a test may take a FakeClock instead.
class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    /// The time now, on a scale that only ever grows.
    virtual Seconds seconds() const = 0;

    /// Calls `f` once, `delay` from now and never from within this call; calls due at the same
    /// time run in the order in which they were made. What `f` throws is reported. A negative
    /// delay throws std::invalid_argument.
    DelayedCall call_later(Seconds delay, std::function<void()> f);

    /// The calls that are still to come, in no particular order (getDelayedCalls).
    std::vector<DelayedCall> delayed_calls() const;

  protected:
    /// Runs, in the order of their time, the calls that are due now. One that is made meanwhile
    /// waits for the next run_due, even if its delay is 0.
    void run_due();

    /// When the next call is due; nothing if there is none.
    std::optional<Seconds> next_due();

    /// Forgets all calls that are to come. For the destructors of derived classes: the last words
    /// of a closure may still ask for seconds().
    void drop_delayed_calls();

  private:
    friend class DelayedCall;
    using Number = std::uint64_t;

    /// A place in the queue. A call that was cancelled or moved leaves its old entry behind: an
    /// entry counts only while its number is its call's.
    struct Entry {
        Seconds due;
        Number number;
        std::shared_ptr<DelayedCall::Call> call;

        bool stale() const;
        bool operator<(const Entry& other) const { // std heaps have the greatest on top
            return due != other.due ? due > other.due : number > other.number;
        }
    };
    void schedule(const std::shared_ptr<DelayedCall::Call>& call, Seconds due);
    void forget_one();
    Entry pop();

    std::vector<Entry> heap_;
    std::size_t stale_ = 0;
    Number next_number_ = 1;
};

/// A clock that stands still until it is advanced: for tests that need no waiting (task.Clock).
class FakeClock final : public Clock {
  public:
    FakeClock() = default;
    ~FakeClock() override { drop_delayed_calls(); }
    Seconds seconds() const override { return now_; }

    /// Lets `time` pass and runs what is due by then. A call_later(0) that is made meanwhile runs
    /// at the next advance.
    void advance(Seconds time);

  private:
    Seconds now_{0};
};

struct AlreadyCalled : Exception {
    AlreadyCalled() : Exception("This delayed call has run.") {}
};

struct AlreadyCancelled : Exception {
    AlreadyCancelled() : Exception("This delayed call was cancelled.") {}
};

} // namespace twist
