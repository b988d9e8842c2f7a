#include "twist/net/address.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <ostream>

#include "twist/base/error.hpp"
#include "twist/net/error.hpp"

namespace twist {

namespace {

std::vector<SocketAddress> get_addr_info(const Address& address, int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found))
        return {};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    std::vector<SocketAddress> addresses;
    for (const addrinfo* info = found; info != nullptr; info = info->ai_next)
        addresses.emplace_back(info->ai_addr, info->ai_addrlen);
    return addresses;
}

SocketAddress name_of(int fd, int (*get_name)(int, sockaddr*, socklen_t*)) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    return get_name(fd, address, &size) == 0 ? SocketAddress(address, size) : SocketAddress();
}

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

} // namespace

std::string to_string(const Address& address) {
    const bool is_ipv6 = address.host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::ostream& operator<<(std::ostream& out, const Address& address) {
    return out << to_string(address);
}

Address parse_address(std::string_view text) {
    std::string_view host = "127.0.0.1";
    std::string_view port = text;
    if (text.starts_with('[')) {
        const auto end = text.find("]:");
        host = text.substr(1, end - 1);
        if (end == std::string_view::npos || host.find(':') == std::string_view::npos)
            throw UsageError("An IPv6 address is written like [::1]:10001, not '" +
                             std::string(text) + "'");
        port = text.substr(end + 2);
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        if (colon > 0)
            host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    return {std::string(host), parse_port(port)};
}

SocketAddress::SocketAddress(const sockaddr* address, socklen_t size) : size_(size) {
    std::memcpy(&storage_, address, size);
}

Address SocketAddress::address() const {
    if (family() == AF_INET6) {
        const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&storage_);
        char host[INET6_ADDRSTRLEN] = "";
        ::inet_ntop(AF_INET6, &ipv6->sin6_addr, host, sizeof host);
        return {host, ntohs(ipv6->sin6_port)};
    }
    // By hand: it is done for every connection, and inet_ntop would take a third of our own time.
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(&storage_);
    const std::uint32_t number = ntohl(ipv4->sin_addr.s_addr);
    std::string host = std::to_string(number >> 24);
    for (const int shift : {16, 8, 0})
        host.append(1, '.').append(std::to_string(number >> shift & 0xff));
    return {host, ntohs(ipv4->sin_port)};
}

SocketAddress SocketAddress::local(int fd) {
    return name_of(fd, ::getsockname);
}

SocketAddress SocketAddress::peer(int fd) {
    return name_of(fd, ::getpeername);
}

std::vector<SocketAddress> numeric(const Address& address, std::string_view any) {
    std::string host = address.host;
    if (host.empty())
        host = any;
    else if (host == "localhost")
        host = "127.0.0.1";
    return get_addr_info({host, address.port}, AI_NUMERICHOST);
}

std::vector<SocketAddress> look_up(const Address& address) {
    auto addresses = numeric(address);
    if (addresses.empty())
        addresses = get_addr_info(address, 0);
    if (addresses.empty())
        throw DNSLookupError(address.host);
    return addresses;
}

} // namespace twist
