// Transport: one connection, for those that write on it; and the producers that make what is
// written. Interfaces only. Stands for ITransport, ITCPTransport and IPushProducer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

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

} // namespace twist
