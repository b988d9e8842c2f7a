// For tests of destructors: an object that calls a function when it is destroyed, closures and
// connections to hold it, and what shows that all is gone and harms nobody.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connection.hpp"

namespace twist {

/// Calls a function when it is destroyed. A moved-from object calls nothing.
class LastWords {
  public:
    explicit LastWords(std::function<void()> f) : f_(std::move(f)) {}
    LastWords(LastWords&& other) noexcept : f_(std::exchange(other.f_, nullptr)) {}
    LastWords& operator=(LastWords&&) = delete;
    ~LastWords() { call_if_set(f_); }

  private:
    std::function<void()> f_;
};

/// A closure that must not be called, and that calls `last_words` when it is destroyed.
inline std::function<void()> never_called(std::function<void()> last_words) {
    return [words = std::make_shared<LastWords>(std::move(last_words))] {
        FAIL_CHECK("it was called");
    };
}

/// Held by everything that should be destroyed: use_count() == 1 when all of it is gone.
using Token = std::shared_ptr<int>;
inline Token make_token() {
    return std::make_shared<int>();
}

/// Makes every call on `transport`; each must be ignored.
inline void use(Transport& transport) {
    transport.write("x");
    transport.write(std::make_shared<const std::string>("x"));
    transport.pause_producing();
    transport.resume_producing();
    transport.unregister_producer();
    transport.lose_connection();
    transport.abort_connection();
    transport.get_host();
    transport.get_peer();
}

/// A connection of a reactor that has not run, at one end of `pair`.
inline TransportPtr connect_now(Reactor& reactor, SocketPair& pair,
                                std::shared_ptr<ServerFactory> factory) {
    auto protocol = factory->build_protocol({});
    const auto connection = std::make_shared<Connection>(
        reactor, std::move(pair.here), Address(), std::move(factory), std::move(protocol), nullptr);
    connection->start();
    return connection;
}

} // namespace twist
