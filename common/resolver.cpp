#include "common/resolver.hpp"

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <optional>
#include <set>
#include <utility>

#include "common/error.hpp"

namespace twist {

namespace {

using Addresses = std::vector<SocketAddress>;

struct Query;

/// libevent's resolver and what it was asked. It goes when its DnsResolver has gone and libevent
/// has let go of the last query: one that is cancelled is answered, too, in the loop.
struct Asked {
    explicit Asked(evdns_base* base) : dns(base) {}
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;
    ~Asked() { evdns_base_free(dns, 0); }

    evdns_base* const dns;
    std::set<std::shared_ptr<Query>> open;
};

/// One look-up.
struct Query : std::enable_shared_from_this<Query> {
    Query(std::shared_ptr<Asked> asked_, std::string host_)
        : asked(std::move(asked_)), host(std::move(host_)) {}

    void cancel() {
        const auto nobody = std::exchange(result, std::nullopt);
        evdns_getaddrinfo_cancel(request);
    }

    static void answered(int error, evutil_addrinfo* found, void* argument) {
        const auto query = static_cast<Query*>(argument)->shared_from_this();
        query->asked->open.erase(query);
        Addresses addresses;
        for (const evutil_addrinfo* info = found; info != nullptr; info = info->ai_next)
            addresses.emplace_back(info->ai_addr, info->ai_addrlen);
        if (found != nullptr)
            evutil_freeaddrinfo(found);
        const auto result = std::exchange(query->result, std::nullopt);
        if (!result)
            return;
        if (error != 0 || addresses.empty())
            result->errback(DNSLookupError(query->host));
        else
            result->callback(std::move(addresses));
    }

    std::shared_ptr<Asked> asked;
    std::string host;
    evdns_getaddrinfo_request* request = nullptr;
    std::optional<Deferred<Addresses>> result; // none: nobody waits any more
};

class DnsResolver final : public Resolver {
  public:
    DnsResolver(Reactor& reactor, const std::vector<std::string>& name_servers)
        : asked_(std::make_shared<Asked>(
              evdns_base_new(reactor.base(), EVDNS_BASE_DISABLE_WHEN_INACTIVE))) {
        evdns_base* const dns = asked_->dns;
        if (name_servers.empty())
            evdns_base_resolv_conf_parse(dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
        else
            evdns_base_load_hosts(dns, "/etc/hosts");
        for (const std::string& server : name_servers)
            evdns_base_nameserver_ip_add(dns, server.c_str());
        // Where there is nobody to ask, libevent would wait for ever: see look_up().
        has_servers_ = evdns_base_count_nameservers(dns) > 0;
        if (!has_servers_)
            evdns_base_nameserver_ip_add(dns, "127.0.0.1");
        // What is queued behind the 64 that libevent asks at once would not be freed cleanly.
        evdns_base_set_option(dns, "max-inflight", "10000");
    }

    ~DnsResolver() override {
        for (const auto& query : std::set(asked_->open))
            query->cancel();
    }

    Deferred<Addresses> look_up(const Address& address) override {
        const auto query = std::make_shared<Query>(asked_, address.host);
        Deferred<Addresses> result([weak = std::weak_ptr(query)](auto&) {
            if (const auto open = weak.lock())
                open->cancel();
        });
        query->result = result;
        asked_->open.insert(query);

        evutil_addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        query->request = evdns_getaddrinfo(asked_->dns, address.host.c_str(),
                                           std::to_string(address.port).c_str(), &hints,
                                           &Query::answered, query.get());
        if (query->request != nullptr && !has_servers_) { // not answered yet, from /etc/hosts
            query->cancel();
            result.errback(DNSLookupError(address.host));
        }
        return result;
    }

  private:
    std::shared_ptr<Asked> asked_;
    bool has_servers_ = false;
};

} // namespace

std::shared_ptr<Resolver> make_dns_resolver(Reactor& reactor,
                                            const std::vector<std::string>& name_servers) {
    return std::make_shared<DnsResolver>(reactor, name_servers);
}

Deferred<Addresses> resolve(Reactor& reactor, const Address& address) {
    if (auto addresses = numeric(address); !addresses.empty())
        return succeed(std::move(addresses));
    if (!reactor.resolver())
        reactor.install_resolver(make_dns_resolver(reactor));
    const auto resolver = reactor.resolver(); // which may install another one
    return resolver->look_up(address);
}

} // namespace twist
