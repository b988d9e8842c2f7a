// Names to addresses, without waiting. Stands for IReactorPluggableNameResolver.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "twist/base/result.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/loop/thread_pool.hpp"
#include "twist/net/address.hpp"

namespace twist {

/// Looks up the names that connect_tcp is given. A test can install one of its own.
class Resolver {
  public:
    using Found = std::function<void(Result<std::vector<SocketAddress>>)>;
    using Cancel = std::function<void()>;

    virtual ~Resolver() = default;

    /// Calls `found` once with all addresses of `address`, in the order to try them, or with a
    /// DNSLookupError: inside this call or later. Returns a function that cancels: `found` is not
    /// called then. It may return an empty one.
    virtual Cancel look_up(const Address& address, Found found) = 0;
};

/// Runs a blocking function in threads, at most 256 at once. So it knows every name that the C
/// library knows. (GAIResolver)
class ThreadedResolver final : public Resolver {
  public:
    using Ask = std::function<std::vector<SocketAddress>(const Address&)>;

    /// `ask` is called in many threads at once. What it throws is the failure. The reactor must
    /// outlive the resolver.
    explicit ThreadedResolver(Reactor& reactor, Ask ask = twist::look_up);

    /// Starts when the reactor runs. After it was cancelled, its thread goes on, and the answer is
    /// thrown away.
    Cancel look_up(const Address& address, Found found) override;

    std::size_t running() const { return threads_.running(); } ///< how many ask
    std::size_t waiting() const { return threads_.waiting(); } ///< how many wait for a thread

  private:
    Ask ask_;
    ThreadPool threads_;
};

/// Makes `resolver` the one that the reactor's connections ask, instead of a ThreadedResolver.
/// (installNameResolver)
void install_resolver(Reactor& reactor, std::shared_ptr<Resolver> resolver);

/// Like Resolver::look_up: at once if the host is a number or localhost; else it asks the reactor's
/// resolver.
Resolver::Cancel resolve(Reactor& reactor, const Address& address, Resolver::Found found);

} // namespace twist
