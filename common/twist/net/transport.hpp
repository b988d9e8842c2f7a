// Transport: one connection, as its protocol sees it; and Producer, which makes what is written.
// Interfaces only. Stands for ITransport, ITCPTransport, IPushProducer and IPullProducer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "twist/net/address.hpp"

namespace twist {

class Producer;

/// One connection. It may be kept longer than the connection lasts. From connection_lost on nothing
/// is sent; get_peer() still answers, and a producer that is registered then is stopped at once.
///
/// Nothing is sent or closed inside a call, only at the end of the turn or later. What is queued is
/// lost when a reset comes or a callback throws. It is also lost when the other side ends its half,
/// but not after lose_connection(), nor if the protocol is HalfCloseable.
class Transport {
  public:
    virtual ~Transport() = default;

    /// Sends `data` after everything that was written before.
    virtual void write(std::string_view data) = 0;

    /// The same for bytes that many connections share: they are kept, not copied.
    virtual void write(std::shared_ptr<const std::string> data) = 0;

    /// Sends what was written, then closes. What the other side still sends is thrown away.
    /// connection_lost follows at the end of this turn if all that the connection has sent is at
    /// most 14,600 bytes, else when the other side's kernel has confirmed it: with ConnectionDone,
    /// or with ConnectionLost if a reset cut what was sent. If the other side still sends, we wait
    /// until it closes: for 5 s of silence at most, and 30 s in all. A producer that does not
    /// stream, or that is paused, is resumed first.
    virtual void lose_connection() = 0;

    /// Ends our half of the connection when the queue is empty; until then a write() still joins
    /// the queue, later ones are ignored. The other side may still send. (loseWriteConnection)
    virtual void lose_write_connection() = 0;

    /// Closes without sending what is queued; the other side sees a reset. connection_lost follows
    /// at the end of this turn, with ConnectionAborted.
    virtual void abort_connection() = 0;

    /// From pause_producing() to resume_producing() there is no data_received. Nothing is lost: the
    /// bytes wait in the kernel. A paused connection does not notice a reset or the other side's
    /// end until it resumes or sends.
    virtual void pause_producing() = 0;
    virtual void resume_producing() = 0;

    /// Tells `producer` to pause when more than 64 KiB are queued, and to resume when all are sent.
    /// If it is not `streaming`, it makes some bytes at each resume_producing(), which comes at
    /// once and each time that all are sent. Throws std::logic_error if there is a producer
    /// already.
    virtual void register_producer(std::shared_ptr<Producer> producer, bool streaming) = 0;
    virtual void unregister_producer() = 0;

    virtual Address get_host() const = 0; ///< our end; 0.0.0.0:0 from connection_lost on
    virtual Address get_peer() const = 0; ///< the other end
};

/// Makes bytes for a transport. What a call throws is reported, and ends the transport's
/// connection.
class Producer {
  public:
    virtual ~Producer() = default;
    virtual void pause_producing() = 0;  ///< enough is queued
    virtual void resume_producing() = 0; ///< there is room again
    virtual void stop_producing() = 0;   ///< the connection is lost
};

} // namespace twist
