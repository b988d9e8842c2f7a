// An open TCP connection: the transport that is real.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "twist/base/failure.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/protocol.hpp"
#include "twist/net/send_queue.hpp"

namespace twist {

/// An open connection, of a server or of a client. The reactor owns it; it owns its protocol, and
/// keeps the factory of that. Programs know it as their Transport, which has the contract.
class Connection final : public WriteDescriptor,
                         public Transport,
                         public std::enable_shared_from_this<Connection> {
  public:
    using Ended = std::function<void(const Failure& reason)>;

    /// `ended` is called last of all, after the protocol's connection_lost.
    Connection(Reactor& reactor, FileDescriptor socket, Address peer,
               std::shared_ptr<Factory> factory, std::unique_ptr<Protocol> protocol, Ended ended)
        : reactor_(reactor), socket_(std::move(socket)), peer_(std::move(peer)),
          factory_(std::move(factory)), protocol_(std::move(protocol)), ended_(std::move(ended)) {}

    /// To be called once. What connection_made throws comes out.
    void start();

    /// Ends it, here and now.
    void lost(const Failure& reason);

    void write(std::string_view data) override;
    void write(std::shared_ptr<const std::string> data) override;
    void lose_connection() override { close_when(Closing::when_sent); }
    void lose_write_connection() override;
    void abort_connection() override { close_when(Closing::now); }
    void pause_producing() override;
    void resume_producing() override;
    void register_producer(std::shared_ptr<Producer> producer, bool streaming) override;
    void unregister_producer() override;
    Address get_host() const override { return SocketAddress::local(socket_.get()).address(); }
    Address get_peer() const override { return peer_; }

    /// All is sent, and only the other side is waited for.
    bool is_closing() const { return closing_ == Closing::waiting; }

    int fileno() const override { return socket_.get(); }
    std::string log_prefix() const override { return "the connection with " + to_string(peer_); }
    std::optional<Failure> do_read() override;
    std::optional<Failure> do_write() override { return send(); }
    void connection_lost(const Failure& reason) override;

  private:
    // Three things go their own ways. The connection: open, to be closed when all is sent (and what
    // is read is thrown away), waiting for the other side to have it all, or to be closed now (and
    // nothing more is sent). Our half of it: open, to end when all is sent, or ended (and nothing
    // more is written). Its reading: going on, paused, or ended by the other side. A callback only
    // asks for such a change; end_of_turn() and send() make it.
    enum class Closing { no, when_sent, waiting, now };
    enum class Writing { open, ends_when_sent, ended };

    void queued();
    void tell_producer(void (Producer::*what)());
    void close_when(Closing when);
    void work_at_end_of_turn();
    void end_of_turn();
    std::optional<Failure> send();
    void end_writing();
    std::optional<Failure> end_reading();
    bool reads() const { return closing_ == Closing::no && !paused_ && !read_ended_; }
    std::optional<Failure> close_or_wait();
    void look_again_later();
    std::optional<Failure> look_again();
    std::optional<Failure> throw_away();
    Failure end(bool is_reset) const;
    bool something_is_under_way() const;
    bool has_talked() const { return silent_until_ > Seconds(0); }
    template <class Step>
    void run(Step step);

    Reactor& reactor_;
    FileDescriptor socket_;
    Address peer_;
    std::shared_ptr<Factory> factory_; // lives as long as its protocols
    std::unique_ptr<Protocol> protocol_;
    Ended ended_;
    SendQueue queue_;
    std::shared_ptr<Producer> producer_;
    std::optional<Failure> broken_; // by its producer
    Closing closing_ = Closing::no;
    Writing writing_ = Writing::open;
    bool streaming_ = false;
    bool producer_paused_ = false;
    bool paused_ = false;
    bool read_ended_ = false;
    bool has_work_ = false;
    std::uint64_t sent_ = 0; // bytes

    // While it waits for the other side.
    DelayedCall timer_;
    Seconds pause_{0.01};
    Seconds silent_until_{0}, until_{0}; // its patience with one that talks, and with any
};

} // namespace twist
