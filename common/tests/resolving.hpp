// Look-ups of names as Deferreds, which a test fires when it wants.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "twist/deferred/deferred.hpp"
#include "twist/net/resolver.hpp"

namespace twist {

using Addresses = std::vector<SocketAddress>;

inline const Address by_name{"poems.test", 80};

/// A resolver whose answer is a Deferred. Cancelling the look-up cancels that Deferred.
class DeferredResolver : public Resolver {
  public:
    virtual Deferred<Addresses> answer(const Address& address) = 0;

    Cancel look_up(const Address& address, Found found) final {
        const auto answered = answer(address);
        const auto is_wanted = std::make_shared<bool>(true);
        answered.add_both([found = std::move(found), is_wanted](const Result<Addresses>& result) {
            if (*is_wanted)
                found(result);
        });
        return [answered, is_wanted] {
            *is_wanted = false;
            answered.cancel();
        };
    }
};

/// The result of resolve().
inline Deferred<Addresses> resolved(Reactor& reactor, const Address& address) {
    const auto cancel = std::make_shared<Resolver::Cancel>();
    Deferred<Addresses> found([cancel](auto&) { (*cancel)(); });
    *cancel = resolve(reactor, address,
                      [found](Result<Addresses> result) { found.callback(std::move(result)); });
    return found;
}

} // namespace twist
