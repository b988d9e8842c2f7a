// A port as a service. Stands for twisted.application.internet.TCPServer.
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

/// A port as a service: `factory` has clients while it runs. It logs when it starts and stops.
class TcpServer final : public Service {
  public:
    /// Listens as listen_tcp does.
    TcpServer(Reactor& reactor, Address address, const std::shared_ptr<ServerFactory>& factory);

    /// Takes over a socket that listens already, as adopt_tcp does; it can be started once.
    TcpServer(Reactor& reactor, FileDescriptor socket,
              const std::shared_ptr<ServerFactory>& factory);

    /// Listens. What start_service does too, if nobody has called this. Throws CannotListenError,
    /// DNSLookupError.
    void privileged_start_service() override;
    void start_service() override;

    /// Fires when nobody can connect any more, however often it is called. The connections stay.
    Deferred<void> stop_service() override;

    /// Where it listens. It must have been started.
    Address get_host() const { return port_->get_host(); }

  private:
    std::function<std::shared_ptr<Port>()> listen_;
    std::string factory_name_;
    std::shared_ptr<Port> port_, closing_; // the one before, perhaps closed
};

} // namespace twist
