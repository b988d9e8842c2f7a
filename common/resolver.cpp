#include "common/resolver.hpp"

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <optional>

#include "common/error.hpp"

namespace twist {

namespace {

using Addresses = std::vector<SocketAddress>;

class DnsResolver final : public Resolver {
  public:
    DnsResolver(Reactor& reactor, const std::vector<std::string>& name_servers)
        : base_(reactor.base()), dns_(evdns_base_new(base_, EVDNS_BASE_DISABLE_WHEN_INACTIVE)) {
        if (name_servers.empty())
            evdns_base_resolv_conf_parse(dns_, DNS_OPTIONS_ALL, "/etc/resolv.conf");
        else
            evdns_base_load_hosts(dns_, "/etc/hosts");
        for (const std::string& server : name_servers)
            evdns_base_nameserver_ip_add(dns_, server.c_str());
        // Where there is nobody to ask, libevent would wait for ever: see look_up().
        has_servers_ = evdns_base_count_nameservers(dns_) > 0;
        if (!has_servers_)
            evdns_base_nameserver_ip_add(dns_, "127.0.0.1");
        // What is queued behind the 64 that libevent asks at once would not be freed cleanly.
        evdns_base_set_option(dns_, "max-inflight", "10000");
    }

    ~DnsResolver() override {
        closing_ = true;
        evdns_base_free(dns_, 1);
        event_base_loop(base_, EVLOOP_NONBLOCK); // where libevent ends the open look-ups
    }

    Deferred<Addresses> look_up(const Address& address) override {
        auto* const query = new Query{*this, address, nullptr, {}};
        Deferred<Addresses> result([query](auto&) { query->cancel(); });
        query->result = result;

        evutil_addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        auto* const request =
            evdns_getaddrinfo(dns_, address.host.c_str(), std::to_string(address.port).c_str(),
                              &hints, &Query::answered, query);
        if (request == nullptr) // answered, and the query is gone: the name was in /etc/hosts
            return result;
        query->request = request;
        if (!has_servers_) {
            query->cancel();
            result.errback(DNSLookupError(address.host));
        }
        return result;
    }

  private:
    /// One look-up. It belongs to libevent until answered() has been called, cancelled or not.
    struct Query {
        DnsResolver& resolver;
        Address address;
        evdns_getaddrinfo_request* request;
        std::optional<Deferred<Addresses>> result; // none: nobody waits any more

        void cancel() {
            result.reset();
            evdns_getaddrinfo_cancel(request);
        }

        static void answered(int error, evutil_addrinfo* found, void* argument) {
            const std::unique_ptr<Query> query(static_cast<Query*>(argument));
            Addresses addresses;
            for (const evutil_addrinfo* info = found; info != nullptr; info = info->ai_next)
                addresses.emplace_back(info->ai_addr, info->ai_addrlen);
            if (found != nullptr)
                evutil_freeaddrinfo(found);
            if (!query->result || query->resolver.closing_)
                return;
            if (error != 0 || addresses.empty())
                query->result->errback(DNSLookupError(query->address.host));
            else
                query->result->callback(std::move(addresses));
        }
    };

    event_base* base_;
    evdns_base* dns_;
    bool has_servers_ = false;
    bool closing_ = false;
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
    return reactor.resolver()->look_up(address);
}

} // namespace twist
