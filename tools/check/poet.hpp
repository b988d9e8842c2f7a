// A poetry server in the check's own reactor, with a fixed script.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"

namespace check {

/// Sends every client the same pieces, one in each turn of the loop, and then does what `then`
/// says: close in good order, reset the connection, or stay without another word. It listens until
/// it is destroyed or told to stop.
class Poet {
  public:
    enum class Then { closes, resets, stays };

    Poet(twist::Reactor& reactor, std::vector<std::string> pieces, Then then = Then::closes);
    ~Poet();
    Poet(const Poet&) = delete;
    Poet& operator=(const Poet&) = delete;

    twist::Address address() const;
    int clients() const;                 ///< so many have come
    int present() const;                 ///< so many have not left
    const std::string& received() const; ///< what they have sent

    /// Nobody can connect any more; those who are connected stay.
    void stop();

  private:
    class Factory;
    class Client;
    std::shared_ptr<Factory> factory_;
};

/// An address on this machine where nobody listens, as long as this lives.
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
