// A shutdown that waits for a Deferred.
#pragma once

#include <utility>

#include "twist/base/log.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"

namespace twist {

/// Calls `f` before the reactor shuts down. If it returns a Deferred, the loop keeps turning until
/// that has fired. A failure is reported. (reactor.addSystemEventTrigger('before', 'shutdown', f))
template <class F>
void before_shutdown(Reactor& reactor, F f) {
    reactor.add_system_event_trigger(
        Reactor::Shutdown::before, [f = std::move(f), &reactor]() mutable {
            maybe_deferred(f).add_both([delay = reactor.delay_shutdown()](const auto& result) {
                if (result.is_failure())
                    log::err(result.failure());
            });
        });
}

} // namespace twist
