// What a reactor watches: descriptors that can be read or written. Stands for
// IReadDescriptor and IWriteDescriptor.
#pragma once

#include <optional>
#include <string>

#include "twist/base/failure.hpp"

namespace twist {

class Reactor;

/// Something with a descriptor that can be read: a socket, a pipe, a listening socket. Its maker
/// owns it, unless it asks the reactor to keep_alive() it. Its destructor takes it out of the
/// reactor.
class ReadDescriptor {
  public:
    ReadDescriptor() = default;
    ReadDescriptor(const ReadDescriptor&) = delete;
    ReadDescriptor& operator=(const ReadDescriptor&) = delete;
    virtual ~ReadDescriptor();

    /// The descriptor to watch; -1 when it is gone.
    virtual int fileno() const = 0;

    /// Called once a turn while there is something to read. Must not wait. Returns nothing to go
    /// on, or the reason to end: connection_done(), Failure(ConnectionLost()). An exception is
    /// reported, and is the reason.
    virtual std::optional<Failure> do_read() = 0;

    /// The reactor no longer knows this descriptor, neither as a reader nor as a writer, for
    /// `reason`. Called once.
    virtual void connection_lost(const Failure& reason) = 0;

    /// Its name in messages.
    virtual std::string log_prefix() const { return "descriptor " + std::to_string(fileno()); }

  private:
    friend class Reactor;
    Reactor* reactor_ = nullptr; // null: no reactor knows it
    int registered_as_ = -1;
};

/// A descriptor that can be written, too.
class WriteDescriptor : public ReadDescriptor {
  public:
    /// Called once a turn while the kernel has room for some bytes. Otherwise like do_read().
    virtual std::optional<Failure> do_write() = 0;
};

} // namespace twist
