// What users type: numbers, and mistakes.
#pragma once

#include <cstdint>
#include <string_view>

#include "twist/base/error.hpp"

namespace twist {

/// The command line is wrong; the message says what is, and what to do.
struct UsageError : Exception {
    using Exception::Exception;
};

/// Reads a port, 0 to 65535. Throws UsageError.
std::uint16_t parse_port(std::string_view text);

} // namespace twist
