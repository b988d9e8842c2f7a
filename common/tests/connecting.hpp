// For tests of connect_tcp: a factory that connects, servers that answer or do not, and a resolver
// whose answers the test gives.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/resolving.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/resolver.hpp"

namespace twist {

/// A reactor, and a factory that is about to connect. The reactor stops with the factory.
struct Net {
    Net() {
        client->on.stop_factory = [this] { reactor.stop(); };
    }
    std::shared_ptr<Connector> connect(const Address& address, Seconds timeout = Seconds(30)) {
        return connect_tcp(reactor, address, client, timeout);
    }

    Reports reports;
    Diary diary;
    Reactor reactor;
    std::shared_ptr<Client> client = std::make_shared<Client>(diary, "client");
};

/// The diary of a connection that succeeds and is closed.
inline const std::string a_whole_connection =
    "client start_factory, client started_connecting, client build_protocol, "
    "client connection_made, client connection_lost ConnectionDone, "
    "client client_connection_lost ConnectionDone, client stop_factory";

/// One server closes every connection at once, the other keeps it open.
inline std::shared_ptr<Port> listen_and_close(Reactor& reactor) {
    const auto server = std::make_shared<Server>();
    server->on.connection_made = [](const TransportPtr& t) { t->lose_connection(); };
    return listen_anywhere(reactor, server);
}
inline std::shared_ptr<Port> listen_and_hold(Reactor& reactor) {
    return listen_anywhere(reactor, std::make_shared<Server>());
}

/// A port whose queue in the kernel is full: new connections get no answer.
class FullServer {
  public:
    Address address() const { return server_.address(); }

  private:
    BareServer server_{BareServer::Does::listen, 0};
    FileDescriptor only_one_ = connect_bare(server_.address());
};

/// Answers every name with the result that the test sets, or not at all.
class TestResolver final : public DeferredResolver {
  public:
    Deferred<Addresses> answer(const Address&) override {
        look_ups.emplace_back();
        if (always)
            look_ups.back().callback(*always);
        return look_ups.back();
    }

    std::optional<Result<Addresses>> always;
    std::vector<Deferred<Addresses>> look_ups; // once cancelled, each ignores one answer
};

inline std::shared_ptr<TestResolver> install_resolver(Reactor& reactor) {
    const auto resolver = std::make_shared<TestResolver>();
    install_resolver(reactor, resolver);
    return resolver;
}

inline const Address unreachable{"255.255.255.255", 9}; // connect(2) refuses it at once

} // namespace twist
