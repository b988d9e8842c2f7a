// The side that listens: listen_tcp, and the port that it opens. Stands for reactor.listenTCP and
// twisted.internet.tcp.Port.
#pragma once

#include <functional>
#include <memory>
#include <sys/socket.h>

#include "twist/base/file_descriptor.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/error.hpp"
#include "twist/net/protocol.hpp"

namespace twist {

/// A socket that listens (IListeningPort). The reactor keeps it alive until it stops. While there
/// is no descriptor for another client, clients wait; this is reported at most once a minute.
class Port {
  public:
    virtual ~Port() = default;

    /// Where it listens; the port is the real one, also if 0 was asked for.
    virtual Address get_host() const = 0;

    /// Accepts nobody any more, and closes at the end of this turn; then come stop_factory and
    /// `stopped`, that of each call. If the port is closed already, `stopped` is called inside this
    /// call. Open connections stay. For a Deferred see "twist/async/stop_listening.hpp".
    virtual void stop_listening(std::function<void()> stopped = nullptr) = 0;
};

/// Listens at `address` ("" is every interface, port 0 any free one). `factory` makes a protocol
/// for each connection. `backlog`: how many clients may wait in the kernel to be accepted. A name
/// is looked up inside the call, which BLOCKS; so while the loop runs, a name throws
/// std::logic_error. Throws CannotListenError, DNSLookupError, and what start_factory throws.
/// (reactor.listenTCP)
std::shared_ptr<Port> listen_tcp(Reactor& reactor, const Address& address,
                                 std::shared_ptr<ServerFactory> factory, int backlog = SOMAXCONN);

/// The same on a socket that listens already, opened by a parent process or by systemd. Throws
/// CannotListenError if it does not listen for TCP. (adoptStreamPort)
std::shared_ptr<Port> adopt_tcp(Reactor& reactor, FileDescriptor socket,
                                std::shared_ptr<ServerFactory> factory);

} // namespace twist
