// The errors of the loop: why a descriptor ends, and what a reactor refuses. Stands for
// twisted.internet.error.
#pragma once

#include <system_error>

#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"

namespace twist {

/// The connection was closed in the regular way, by either side.
struct ConnectionDone : Exception {
    ConnectionDone() : Exception("Connection was closed cleanly.") {}
};

/// The reason of every clean end: the same Failure each time.
inline const Failure& connection_done() {
    static const Failure done{ConnectionDone()};
    return done;
}

/// The other side reset the connection, or can't be reached. Also what a reactor says when it ends.
struct ConnectionLost : SystemError {
    explicit ConnectionLost(std::error_code code = {})
        : SystemError("Connection to the other side was lost in a non-clean fashion.", code) {}
};

/// When a registered descriptor was ready, its fileno() had become -1 or another number.
struct ConnectionFdescWentAway : Exception {
    ConnectionFdescWentAway() : Exception("The descriptor went away.") {}
};

struct ReactorNotRunning : Exception {
    ReactorNotRunning() : Exception("Can't stop reactor that isn't running.") {}
};

struct ReactorAlreadyRunning : Exception {
    ReactorAlreadyRunning() : Exception("This reactor is running already.") {}
};

struct ReactorNotRestartable : Exception {
    ReactorNotRestartable() : Exception("A reactor that was stopped can't run again.") {}
};

} // namespace twist
