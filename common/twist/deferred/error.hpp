// The errors that Deferreds report. Stands for those of twisted.internet.defer.
#pragma once

#include "twist/base/error.hpp"

namespace twist {

struct AlreadyCalledError : Exception {
    AlreadyCalledError() : Exception("A Deferred can be fired only once.") {}
};

struct CancelledError : Exception {
    CancelledError() = default;
};

/// Deferred::add_timeout's. A connection that is not made in time has ConnectTimeoutError.
struct TimeoutError : Exception {
    using Exception::Exception;
};

} // namespace twist
