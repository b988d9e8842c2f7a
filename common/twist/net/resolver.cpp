#include "twist/net/resolver.hpp"

#include <optional>
#include <utility>

#include "twist/net/error.hpp"

namespace twist {

namespace {

constexpr std::size_t most_at_once = 256;

struct Installed {
    explicit Installed(Reactor& reactor) : resolver(std::make_shared<ThreadedResolver>(reactor)) {}
    std::shared_ptr<Resolver> resolver;
};

} // namespace

ThreadedResolver::ThreadedResolver(Reactor& reactor, Ask ask)
    : ask_(std::move(ask)), threads_(reactor, most_at_once) {}

Resolver::Cancel ThreadedResolver::look_up(const Address& address, Found found) {
    const auto answer = std::make_shared<std::optional<Result<std::vector<SocketAddress>>>>();
    return threads_.call(
        [answer, address, ask = ask_] {
            try {
                *answer = ask(address);
            } catch (...) {
                *answer = Failure();
            }
        },
        [answer, found = std::move(found), host = address.host] {
            if (*answer)
                found(*std::move(*answer));
            else // there was no thread
                found(Failure(DNSLookupError(host)));
        });
}

void install_resolver(Reactor& reactor, std::shared_ptr<Resolver> resolver) {
    reactor.extension<Installed>().resolver.swap(resolver);
}

Resolver::Cancel resolve(Reactor& reactor, const Address& address, Resolver::Found found) {
    if (auto addresses = numeric(address); !addresses.empty()) {
        found(std::move(addresses));
        return nullptr;
    }
    const auto resolver = reactor.extension<Installed>().resolver; // which may install another one
    return resolver->look_up(address, std::move(found));
}

} // namespace twist
