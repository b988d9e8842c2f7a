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

/// A Deferred had no result in time (async/timeout.hpp). For connections see ConnectTimeoutError.
struct TimeoutError : Exception {
    using Exception::Exception;
};

} // namespace twist
