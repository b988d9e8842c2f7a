// parse_address, compared with a grammar.
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/check.hpp"
#include "twist/base/error.hpp"
#include "twist/net/address.hpp"

namespace {

using twist::Address;

// A port is digits; a minus is allowed before zeros only.
std::optional<std::uint16_t> expected_port(std::string_view text) {
    unsigned long port = 0;
    const bool minus = text.starts_with('-');
    if (minus)
        text.remove_prefix(1);
    if (text.empty())
        return {};
    for (const char c : text) {
        if (c < '0' || c > '9')
            return {};
        port = port * 10 + static_cast<unsigned long>(c - '0');
        if (port > (minus ? 0 : 65535))
            return {};
    }
    return static_cast<std::uint16_t>(port);
}

// PORT, :PORT, HOST:PORT or [HOST]:PORT. A host in brackets must have colons; any other must not.
std::optional<Address> expected_address(std::string_view text) {
    std::string_view host;
    if (text.starts_with('[')) {
        const auto end = text.find("]:");
        if (end == std::string_view::npos)
            return {};
        host = text.substr(1, end - 1);
        if (host.find(':') == std::string_view::npos)
            return {};
        text.remove_prefix(end + 2);
    } else if (text.find(':') != std::string_view::npos) {
        host = text.substr(0, text.find(':'));
        text.remove_prefix(host.size() + 1);
    }
    const auto port = expected_port(text);
    if (!port)
        return {};
    return Address{host.empty() ? "127.0.0.1" : std::string(host), *port};
}

// What parse_address returns; nothing if it refuses `text`.
std::optional<Address> parsed_address(std::string_view text) {
    try {
        return twist::parse_address(text);
    } catch (const twist::UsageError& error) {
        fuzz::check(*error.what() != '\0', "a refusal says why");
        return {};
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, size));
    const auto address = parsed_address(text);
    fuzz::check(address == expected_address(text), "the address is right");
    if (!address)
        return 0;
    fuzz::check(twist::parse_address(to_string(*address)) == *address,
                "what it prints as is read as the same");
    for (const twist::SocketAddress& number : twist::numeric(*address)) {
        const auto again = twist::numeric(number.address());
        fuzz::check(again.size() == 1 && again[0].address() == number.address() &&
                        number.address().port == address->port,
                    "as a number it stays the same");
    }
    return 0;
}
