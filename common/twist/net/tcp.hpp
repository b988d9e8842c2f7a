// TCP on the reactor: built from readers, writers and timers, as Part 4's reader could have done.
// Stands for twisted.internet.tcp.
#pragma once

#include <memory>
#include <sys/socket.h>

#include "twist/base/file_descriptor.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/protocol.hpp"

namespace twist {

/// A socket that listens (IListeningPort). The reactor keeps it until it stops. When there is no
/// descriptor for a client, he waits until there is one; that is reported once a minute at most.
class Port {
  public:
    virtual ~Port() = default;

    /// Where it listens; the port is the real one, also where 0 was asked for.
    virtual Address get_host() const = 0;

    /// Stops listening at the end of this turn: fires when nobody can connect any more, however
    /// often it is called. The connections that there are stay.
    virtual Deferred<void> stop_listening() = 0;
};

/// Listens at `address` ("" is every interface, port 0 any free one) and has `factory` make a
/// protocol for each connection. `backlog`: how many may wait in the kernel to be accepted. A name
/// is looked up inside the call, which BLOCKS; so a name throws std::logic_error while the loop
/// runs. Throws CannotListenError, DNSLookupError, and what start_factory throws.
/// (reactor.listenTCP)
std::shared_ptr<Port> listen_tcp(Reactor& reactor, const Address& address,
                                 std::shared_ptr<ServerFactory> factory, int backlog = SOMAXCONN);

/// The same on a socket that listens already: one that a parent process, or systemd, has opened.
/// Throws CannotListenError if it does not listen for TCP. (adoptStreamPort)
std::shared_ptr<Port> adopt_tcp(Reactor& reactor, FileDescriptor socket,
                                std::shared_ptr<ServerFactory> factory);

/// Connects to `address`. Gives up after `timeout`, the look-up of the name included. Whatever
/// comes of it, `factory` hears of it later, never inside this call (unless it gives up itself, in
/// started_connecting). What start_factory throws comes out, and nothing connects.
/// (reactor.connectTCP)
std::shared_ptr<Connector> connect_tcp(Reactor& reactor, const Address& address,
                                       std::shared_ptr<ClientFactory> factory,
                                       Seconds timeout = Seconds(30));

} // namespace twist
