#include "twist/base/usage.hpp"

#include <charconv>
#include <string>

namespace twist {

std::uint16_t parse_port(std::string_view text) {
    long number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc::invalid_argument || stop != end)
        throw UsageError("A port must be an integer, not '" + std::string(text) + "'");
    if (error != std::errc() || number < 0 || number > 65535)
        throw UsageError("A port must be from 0 to 65535, not '" + std::string(text) + "'");
    return static_cast<std::uint16_t>(number);
}

} // namespace twist
