#include "twist/net/resolver.hpp"

#include <optional>
#include <utility>

#include "twist/base/error.hpp"

namespace twist {

namespace {
using Addresses = std::vector<SocketAddress>;
constexpr std::size_t most_at_once = 256;
} // namespace

ThreadedResolver::ThreadedResolver(Reactor& reactor, Ask ask)
    : ask_(std::move(ask)), threads_(std::make_shared<Threads>(reactor, most_at_once)) {}

Deferred<Addresses> ThreadedResolver::look_up(const Address& address) {
    struct LookUp {
        Threads::Number number;
        std::optional<Result<Addresses>> found;
    };
    const auto look_up = std::make_shared<LookUp>();
    Deferred<Addresses> result([look_up, threads = std::weak_ptr(threads_)](auto&) {
        if (const auto alive = threads.lock())
            alive->forget(look_up->number);
    });
    look_up->number = threads_->call(
        [look_up, address, ask = ask_] {
            try {
                look_up->found = ask(address);
            } catch (...) {
                look_up->found = Failure();
            }
        },
        [look_up, result, host = address.host] {
            if (look_up->found)
                result.callback(*std::move(look_up->found));
            else // no thread could be had
                result.errback(DNSLookupError(host));
        });
    return result;
}

Deferred<Addresses> resolve(Reactor& reactor, const Address& address) {
    if (auto addresses = numeric(address); !addresses.empty())
        return succeed(std::move(addresses));
    if (!reactor.resolver())
        reactor.install_resolver(std::make_shared<ThreadedResolver>(reactor));
    const auto resolver = reactor.resolver(); // which may install another one
    return resolver->look_up(address);
}

} // namespace twist
