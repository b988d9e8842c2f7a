// Protocol, Transport and Factory: who says what, over which connection, and who makes the one
// that speaks. Interfaces only; tcp.hpp has the transports that are real.
// Stands for twisted.internet.protocol and twisted.internet.interfaces.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "twist/base/failure.hpp"
#include "twist/net/address.hpp"

namespace twist {

/// Makes bytes for a transport, and is told when to make no more for a while (IPushProducer;
/// IPullProducer where it is not streaming). What a call throws is reported and ends the connection
/// of that transport.
class Producer {
  public:
    virtual ~Producer() = default;
    virtual void pause_producing() = 0;  ///< enough is waiting to be sent
    virtual void resume_producing() = 0; ///< there is room again: more, please
    virtual void stop_producing() = 0;   ///< the connection is gone
};

/// One connection, for whoever writes on it (ITransport, ITCPTransport). Once the connection is
/// lost, every call is ignored: a transport may be kept longer than its connection lasts.
class Transport {
  public:
    virtual ~Transport() = default;

    /// Sends `data` after all that was written before. Nothing is sent inside the call.
    virtual void write(std::string_view data) = 0;

    /// The same for bytes that many connections share: they are kept, not copied.
    virtual void write(std::shared_ptr<const std::string> data) = 0;

    /// Sends what was written, then closes; what still comes is thrown away. connection_lost
    /// follows in a later turn: with ConnectionDone, or with ConnectionLost where a reset cut what
    /// was sent. Where something comes, it waits until the other side has closed: for 5 s of
    /// silence at most, 30 s in all.
    virtual void lose_connection() = 0;

    /// Sends what was written, then tells the other side that there is no more (half a close). It
    /// may still talk; what is written once it has been told is ignored.
    /// (ITCPTransport.loseWriteConnection)
    virtual void lose_write_connection() = 0;

    /// Closes at once; what was not sent yet is lost, and the other side sees a reset.
    /// connection_lost follows in a later turn, with ConnectionAborted.
    virtual void abort_connection() = 0;

    /// No data_received between the two. Nothing is lost: the bytes wait in the kernel.
    virtual void pause_producing() = 0;
    virtual void resume_producing() = 0;

    /// Tells `producer` to pause when more than 64 KiB wait to be sent, and to resume when all is
    /// sent. One that is not `streaming` makes some bytes at each resume_producing(), the first
    /// at once. Throws std::logic_error if there is one already.
    virtual void register_producer(std::shared_ptr<Producer> producer, bool streaming) = 0;
    virtual void unregister_producer() = 0;

    virtual Address get_host() const = 0; ///< our end; 0.0.0.0:0 once the connection is lost
    virtual Address get_peer() const = 0; ///< the other end
};

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

using ServerFactory = Factory;

/// One attempt after the other to have one connection (IConnector). Who needs it after the call in
/// which he got it keeps its shared_from_this().
class Connector : public std::enable_shared_from_this<Connector> {
  public:
    virtual ~Connector() = default;
    virtual void connect() = 0;         ///< tries (again); std::logic_error unless disconnected
    virtual void stop_connecting() = 0; ///< throws NotConnectingError
    virtual void disconnect() = 0;      ///< gives up, or loses the connection, whichever it is
    virtual Address destination() const = 0; ///< as it was given: getDestination
};

/// A factory for the side that connects: it hears what becomes of the attempt.
class ClientFactory : public Factory {
  public:
    virtual void started_connecting(Connector&) {}

    /// There will be no connection. `reason` is a ConnectError or a DNSLookupError.
    virtual void client_connection_failed(Connector&, const Failure& /*reason*/) {}

    /// The connection has ended; the protocol's connection_lost has been called.
    virtual void client_connection_lost(Connector&, const Failure& /*reason*/) {}
};

} // namespace twist
