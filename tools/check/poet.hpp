// A poetry server in the check's own reactor, with a fixed script.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"

namespace check {

/// Sends every client the same pieces, one in each turn of the loop. Then, as `then` says, it
/// closes the connection cleanly, resets it, or keeps it open and silent. It listens until it is
/// destroyed or stop() is called.
class Poet {
  public:
    enum class Then { closes, resets, stays };

    Poet(twist::Reactor& reactor, std::vector<std::string> pieces, Then then = Then::closes);
    ~Poet();
    Poet(const Poet&) = delete;
    Poet& operator=(const Poet&) = delete;

    twist::Address address() const;
    int clients() const;                 ///< the number of all clients so far
    int present() const;                 ///< the number of clients that are still connected
    const std::string& received() const; ///< everything that clients have sent

    /// Stops listening; open connections stay open.
    void stop();

  private:
    class Factory;
    class Client;
    std::shared_ptr<Factory> factory_;
};

/// An address on this machine where nobody can listen while this object exists.
class Nobody {
  public:
    Nobody();
    ~Nobody();
    Nobody(const Nobody&) = delete;
    Nobody& operator=(const Nobody&) = delete;
    twist::Address address() const;

  private:
    int socket_;
};

} // namespace check
