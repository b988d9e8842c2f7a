// Host and port: as people write them, as programs print them, and as the kernel takes them.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace twist {

/// A host, by name or by number, and a port (IPv4Address, IPv6Address). What a connection returns
/// (get_peer, get_host) is always a number.
struct Address {
    std::string host = {};
    std::uint16_t port = 0;

    friend bool operator==(const Address&, const Address&) = default;
};

/// "127.0.0.1:10001", "[::1]:10001".
std::string to_string(const Address& address);
std::ostream& operator<<(std::ostream& out, const Address& address);

/// Reads "10001", ":10001" (both mean 127.0.0.1), "host:10001" or "[::1]:10001". Throws
/// UsageError, whose message says what is wrong.
Address parse_address(std::string_view text);

/// A numeric address in the form that bind, connect and accept take.
class SocketAddress {
  public:
    SocketAddress() = default;
    SocketAddress(const sockaddr* address, socklen_t size);

    int family() const { return storage_.ss_family; }
    const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    socklen_t size() const { return size_; }
    Address address() const;

    // Our end of the socket `fd`, and the other one; an empty address, 0.0.0.0:0, if there is none.
    static SocketAddress local(int fd);
    static SocketAddress peer(int fd);

  private:
    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

/// `address` as the kernel takes it, if its host is a number, "localhost" (127.0.0.1) or ""
/// (`any`); nothing, if its host is a name that must be looked up.
std::vector<SocketAddress> numeric(const Address& address, std::string_view any = "127.0.0.1");

/// All addresses of `address`, in the order to try them. Looks names up with getaddrinfo, which
/// BLOCKS: for programs without a reactor; the others have resolver.hpp. Throws DNSLookupError.
std::vector<SocketAddress> look_up(const Address& address);

} // namespace twist
