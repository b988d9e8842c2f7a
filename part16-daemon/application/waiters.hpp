// Several who wait for the same moment.
#pragma once

#include <utility>
#include <vector>

#include "twist/deferred/deferred.hpp"

namespace twist {

/// Those who wait for one thing that happens once. Each has a Deferred of his own, and may cancel
/// it; the others still wait.
class Waiters {
  public:
    /// Fires when it happens; at once if it has happened.
    Deferred<void> wait() { return happened_ ? succeed() : waiting_.emplace_back(); }

    /// It happens now: all fire, in the order in which they came.
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
