// Protocol: one side of a conversation; and Factory, which makes one for each connection.
// Interfaces only. Stands for twisted.internet.protocol.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "twist/base/failure.hpp"
#include "twist/loop/error.hpp"
#include "twist/net/address.hpp"
#include "twist/net/transport.hpp"

namespace twist {

/// One side of a conversation over one connection. The connection owns it and calls, in this order:
/// connection_made once, data_received any number of times, connection_lost once. What a call
/// throws is reported, and ends the connection; but what a server's connection_made throws is only
/// reported.
class Protocol {
  public:
    Protocol() = default;
    Protocol(const Protocol&) = delete;
    Protocol& operator=(const Protocol&) = delete;
    virtual ~Protocol() = default;

    virtual void connection_made() {}

    /// Some bytes, at most 65,536, cut anywhere: TCP knows no messages. Valid during the call.
    virtual void data_received(std::string_view /*data*/) {}

    /// `reason`: ConnectionDone, ConnectionLost, ConnectionAborted, or what a callback threw.
    /// Before this call the socket is closed and a producer is stopped; after it come, for
    /// a client, client_connection_lost and stop_factory, and then this protocol's destructor.
    virtual void connection_lost(const Failure& /*reason*/) {}

    /// For connections: gives the protocol its transport (makeConnection).
    void make_connection(std::shared_ptr<Transport> transport) {
        transport_ = std::move(transport);
        connection_made();
    }

  protected:
    /// Valid from connection_made on. A closure that runs later keeps this, and never `this`.
    const std::shared_ptr<Transport>& transport() const { return transport_; }

  private:
    std::shared_ptr<Transport> transport_;
};

/// A second base class for a protocol that talks on when the other side has ended its half
/// (IHalfCloseableProtocol). For any other protocol that is the end of the connection. What a call
/// throws is reported, and ends the connection.
class HalfCloseable {
  public:
    virtual ~HalfCloseable() = default;

    /// The other side sends no more, but may still listen: what is written is sent, until
    /// lose_connection(). If our half has ended, too, connection_lost follows.
    virtual void read_connection_lost() {}

    /// Our half has ended, after lose_write_connection(): all that was written is sent.
    virtual void write_connection_lost() {}
};

/// Makes a protocol for each connection, and holds what they share. It outlives its connections.
class Factory {
  public:
    Factory() = default;
    Factory(const Factory&) = delete;
    Factory& operator=(const Factory&) = delete;
    virtual ~Factory() = default;

    /// The protocol for a connection with `peer`; null closes the connection (ConnectionDone). What
    /// it throws is reported, and closes the connection, too. A protocol that needs its factory
    /// gets a reference to it here.
    virtual std::unique_ptr<Protocol> build_protocol(const Address& peer) = 0;

    virtual void start_factory() {} ///< before the first port or connector uses it
    virtual void stop_factory() {}  ///< after the last port or connector; connections may be open

    // For ports and connectors, which are counted (doStart, doStop).
    void do_start() {
        if (users_ == 0)
            start_factory();
        ++users_;
    }
    void do_stop() {
        if (--users_ == 0)
            stop_factory();
    }

  private:
    int users_ = 0;
};

/// A factory for the side that listens; ClientFactory, for the side that connects, is in
/// connector.hpp.
class ServerFactory : public Factory {};

} // namespace twist
