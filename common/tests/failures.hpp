// For tests of Deferreds: how their failures print.
#pragma once

#include <string>

namespace twist {

inline const std::string boom = "[Failure: Exception: boom]";
inline const std::string cancelled = "[Failure: CancelledError]";
inline const std::string unhandled = "Unhandled error in Deferred: ";

} // namespace twist
