// Several Deferreds that wait for the same event.
#pragma once

#include <utility>
#include <vector>

#include "twist/deferred/deferred.hpp"

namespace twist {

/// Deferreds that wait for an event that happens once. To cancel one leaves the others waiting.
class Waiters {
  public:
    /// Fires when the event happens; at once if it has happened.
    Deferred<void> wait() { return happened_ ? succeed() : waiting_.emplace_back(); }

    /// The event happens now: all fire, in the order in which they were made.
    void fire() {
        happened_ = true;
        for (const auto& deferred : std::exchange(waiting_, {}))
            if (!deferred.called())
                deferred.callback();
    }

  private:
    std::vector<Deferred<void>> waiting_;
    bool happened_ = false;
};

} // namespace twist
