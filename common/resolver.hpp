// Names to addresses, without waiting. Stands for IReactorPluggableNameResolver.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/address.hpp"
#include "common/deferred.hpp"
#include "common/reactor.hpp"

namespace twist {

/// Looks up the names that connect_tcp is given. A test can install one of its own.
class Resolver {
  public:
    virtual ~Resolver() = default;

    /// All addresses of `address`, in the order to try them, or DNSLookupError. Can be cancelled.
    virtual Deferred<std::vector<SocketAddress>> look_up(const Address& address) = 0;
};

/// One that knows the names in /etc/hosts and asks name servers for the others: `name_servers`
/// ("127.0.0.1:53"), or those of /etc/resolv.conf. The reactor must outlive it.
std::shared_ptr<Resolver> make_dns_resolver(Reactor& reactor,
                                            const std::vector<std::string>& name_servers = {});

/// The addresses of `address`: at once if its host is a number or localhost; else asks the
/// reactor's resolver, which is a DNS resolver if none was installed.
Deferred<std::vector<SocketAddress>> resolve(Reactor& reactor, const Address& address);

} // namespace twist
