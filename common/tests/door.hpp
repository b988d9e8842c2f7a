// For tests of threads: a door at which they wait, and a way for the loop to wait for them.
#pragma once

#include <atomic>
#include <functional>

#include "twist/loop/reactor.hpp"

namespace twist {

/// A door at which threads wait. Once opened, it stays open.
class Door {
  public:
    void wait() {
        ++came_;
        open_.wait(false);
    }
    void open() {
        open_ = true;
        open_.notify_all();
    }
    int came() const { return came_; } ///< how many have arrived so far

  private:
    std::atomic<bool> open_ = false;
    std::atomic<int> came_ = 0;
};

/// Calls `then` in the loop once `condition` is true.
inline void when(Reactor& reactor, const std::function<bool()>& condition,
                 const std::function<void()>& then) {
    if (condition())
        then();
    else
        reactor.call_later(std::chrono::milliseconds(1),
                           [&reactor, condition, then] { when(reactor, condition, then); });
}

} // namespace twist
