// The end of a port, as a Deferred.
#pragma once

#include "twist/deferred/deferred.hpp"
#include "twist/net/port.hpp"

namespace twist {

/// Stops listening at the end of this turn. Each call returns a Deferred of its own, which fires
/// when nobody can connect any more. Open connections stay. (IListeningPort.stopListening)
inline Deferred<void> stop_listening(Port& port) {
    Deferred<void> stopped;
    port.stop_listening([stopped] {
        if (!stopped.called()) // it may have been cancelled
            stopped.callback();
    });
    return stopped;
}

} // namespace twist
