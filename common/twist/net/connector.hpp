// The side that connects: connect_tcp, its factory, and the connector between them. Stands for
// reactor.connectTCP, ClientFactory and IConnector.
#pragma once

#include <memory>

#include "twist/base/seconds.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/error.hpp"
#include "twist/net/protocol.hpp"

namespace twist {

/// Makes one connection, and again after that has ended, if it is told to. It lives while it
/// connects or is connected. To keep it longer, store its shared_from_this().
class Connector : public std::enable_shared_from_this<Connector> {
  public:
    virtual ~Connector() = default;

    /// Connects again. In client_connection_failed or client_connection_lost, stop_factory is not
    /// called in between. Before these, also in the protocol's connection_lost, it throws
    /// std::logic_error.
    virtual void connect() = 0;

    /// Calls client_connection_failed with UserError inside this call. Throws NotConnectingError.
    virtual void stop_connecting() = 0;

    virtual void disconnect() = 0;           ///< stops connecting, or lose_connection()
    virtual Address destination() const = 0; ///< as connect_tcp was given it (getDestination)
};

/// A factory for the side that connects: it hears what becomes of the attempt. Its calls come in
/// this order: started_connecting; build_protocol and, at the end, client_connection_lost. If there
/// is no connection, client_connection_failed comes instead of client_connection_lost; also if
/// build_protocol throws, with a ConnectError that quotes what was thrown.
class ClientFactory : public Factory {
  public:
    /// Called inside connect_tcp, and inside each connect().
    virtual void started_connecting(Connector&) {}

    /// There will be no connection. `reason` is a ConnectError (also when the loop ends), a
    /// DNSLookupError, or what an installed resolver threw.
    virtual void client_connection_failed(Connector&, const Failure& /*reason*/) {}

    /// The connection has ended, after the protocol's connection_lost.
    virtual void client_connection_lost(Connector&, const Failure& /*reason*/) {}
};

/// Connects to `address`: tries its addresses one after the other. Gives up after `timeout` for all
/// of that together, the look-up of a name included. `factory` hears of the result later, never
/// inside this call, unless it gives up itself in started_connecting. What start_factory throws
/// propagates, and then nothing connects. (reactor.connectTCP)
std::shared_ptr<Connector> connect_tcp(Reactor& reactor, const Address& address,
                                       std::shared_ptr<ClientFactory> factory,
                                       Seconds timeout = Seconds(30));

struct NotConnectingError : Exception {
    NotConnectingError() : Exception("This connector is not trying to connect.") {}
};

} // namespace twist
