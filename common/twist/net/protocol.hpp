// Protocol and Factory: one side of a conversation, and what makes it for each connection.
// Interfaces only. Stands for twisted.internet.protocol.
#pragma once

#include <memory>
#include <string_view>

#include "twist/base/failure.hpp"
#include "twist/loop/descriptor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/transport.hpp"

namespace twist {

/// One side of a conversation over one connection. The connection owns it and calls, in this
/// order: connection_made once, data_received any number of times, connection_lost once; after
/// that the protocol is destroyed. What a call throws is reported and ends the connection (except
/// connection_made of a server: that is only reported).
class Protocol {
  public:
    virtual ~Protocol() = default;

    virtual void connection_made() {}

    /// Some bytes, at most 65,536, cut anywhere: TCP knows no messages. Valid during the call.
    virtual void data_received(std::string_view /*data*/) {}

    /// `reason`: ConnectionDone, ConnectionLost, ConnectionAborted.
    virtual void connection_lost(const Failure& /*reason*/) {}

    /// For connections: gives the protocol its transport (makeConnection).
    void make_connection(std::shared_ptr<Transport> transport) {
        transport_ = std::move(transport);
        connection_made();
    }

  protected:
    /// From connection_made on. A closure that runs later keeps this, and never `this`.
    const std::shared_ptr<Transport>& transport() const { return transport_; }

  private:
    std::shared_ptr<Transport> transport_;
};

/// What a protocol is, too, if the end of one half is not the end of the connection for it
/// (IHalfCloseableProtocol). Any other one loses the connection, and what is still to be sent, when
/// the other side has no more to say. What a call throws is reported and ends the connection.
class HalfCloseable {
  public:
    virtual ~HalfCloseable() = default;

    /// The other side will say no more, but may still listen: what is written is sent, until
    /// lose_connection(). connection_lost comes now only if our half has ended, too.
    virtual void read_connection_lost() {}

    /// Our half has ended: all is sent that was written before lose_write_connection().
    virtual void write_connection_lost() {}
};

/// Makes a protocol for each connection, and holds what they have in common.
class Factory {
  public:
    virtual ~Factory() = default;

    /// The protocol for a connection with `peer`; null turns the connection away. A protocol that
    /// speaks of its factory is given a reference to it here: the factory outlives its connections.
    virtual std::unique_ptr<Protocol> build_protocol(const Address& peer) = 0;

    virtual void start_factory() {} ///< before the first port or connector uses it
    virtual void stop_factory() {}  ///< after the last one has ended

    // For ports and connectors, which count themselves (doStart, doStop).
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

/// A factory for the side that listens. ClientFactory, for the side that connects, is in
/// connector.hpp.
class ServerFactory : public Factory {};

} // namespace twist
