// A Deferred that must fire in time. Stands for Deferred.addTimeout.
#pragma once

#include <memory>

#include "twist/base/result.hpp"
#include "twist/base/seconds.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/clock.hpp"

namespace twist {

/// Cancels `deferred` when `timeout` has passed on `clock`, and makes the CancelledError a
/// TimeoutError. A result that comes in time stops the timer, which holds a handle until then.
/// Returns the chain's new end.
template <class T>
Deferred<T> add_timeout(const Deferred<T>& deferred, Seconds timeout, Clock& clock) {
    struct Limit {
        DelayedCall timer;
        bool is_over = false;
        bool has_result = false;
    };
    const auto limit = std::make_shared<Limit>();
    const auto in_time = deferred.add_both([limit](Result<T> result) -> Result<T> {
        limit->has_result = true;
        if (limit->timer.active())
            limit->timer.cancel();
        if (limit->is_over && result.is_failure() &&
            result.failure().template check<CancelledError>())
            return Failure(TimeoutError("No result came in time."));
        return result;
    });
    if (!limit->has_result)
        limit->timer = clock.call_later(timeout, [deferred, limit] {
            limit->is_over = true;
            deferred.cancel();
        });
    return in_time;
}

} // namespace twist
