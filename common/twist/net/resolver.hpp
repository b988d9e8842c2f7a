// Names to addresses, without waiting. Stands for IReactorPluggableNameResolver.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "twist/async/threads.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"

namespace twist {

/// Looks up the names that connect_tcp is given. A test can install one of its own.
class Resolver {
  public:
    virtual ~Resolver() = default;

    /// All addresses of `address`, in the order to try them, or DNSLookupError. Can be cancelled.
    virtual Deferred<std::vector<SocketAddress>> look_up(const Address& address) = 0;
};

/// Calls a function that blocks in threads, at most 256 at once, and so knows all names that the C
/// library knows. (GAIResolver)
class ThreadedResolver final : public Resolver {
  public:
    using Ask = std::function<std::vector<SocketAddress>(const Address&)>;

    /// `ask` is called in many threads at once. What it throws is the failure. The reactor must
    /// outlive the resolver.
    explicit ThreadedResolver(Reactor& reactor, Ask ask = twist::look_up);

    /// Starts when the reactor runs. Who cancels it waits for nobody: a thread that asks already
    /// goes on, and its answer is thrown away.
    Deferred<std::vector<SocketAddress>> look_up(const Address& address) override;

    std::size_t running() const { return threads_->running(); } ///< how many ask
    std::size_t waiting() const { return threads_->waiting(); } ///< how many wait until they may

  private:
    Ask ask_;
    std::shared_ptr<Threads> threads_;
};

/// The addresses of `address`: at once if its host is a number or localhost; else asks the
/// reactor's resolver, which is a ThreadedResolver if none was installed.
Deferred<std::vector<SocketAddress>> resolve(Reactor& reactor, const Address& address);

} // namespace twist
