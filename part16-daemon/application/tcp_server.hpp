// A port as a service. Replaces twisted.application.internet.TCPServer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "application/service.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"

namespace twist {

/// A port as a service: `factory` gets clients while it runs. It logs its start and its stop.
class TcpServer final : public Service {
  public:
    /// Listens as listen_tcp does.
    TcpServer(Reactor& reactor, Address address, const std::shared_ptr<ServerFactory>& factory);

    /// Takes over a listening socket, as adopt_tcp does; it can be started once.
    TcpServer(Reactor& reactor, FileDescriptor socket,
              const std::shared_ptr<ServerFactory>& factory);

    /// Listens. start_service does this, too, if this was not called. Throws CannotListenError,
    /// DNSLookupError.
    void privileged_start_service() override;
    void start_service() override;

    /// Fires when no client can connect any more, for each call. The connections stay open.
    Deferred<void> stop_service() override;

    /// The address on which it listens. The port must have been started.
    Address get_host() const { return port_->get_host(); }

  private:
    std::function<std::shared_ptr<Port>()> listen_;
    std::string factory_name_;
    std::shared_ptr<Port> port_, closing_; // the previous port, perhaps closed
};

} // namespace twist
