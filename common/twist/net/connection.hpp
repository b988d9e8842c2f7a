// An open TCP connection: the Transport over a real socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "twist/base/failure.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/protocol.hpp"
#include "twist/net/send_queue.hpp"

namespace twist {

/// Closes `socket` so that the other side sees a reset.
void close_with_reset(FileDescriptor& socket);

/// An open connection of a server or a client. The reactor keeps it alive; it owns its protocol,
/// and keeps that one's factory alive. Programs know it as their Transport, which has the contract.
class Connection final : public WriteDescriptor,
                         public Transport,
                         public std::enable_shared_from_this<Connection> {
  public:
    using OnLost = std::function<void(const Failure& reason)>;

    /// `on_lost` is called after the protocol's connection_lost.
    Connection(Reactor& reactor, FileDescriptor socket, Address peer,
               std::shared_ptr<Factory> factory, std::unique_ptr<Protocol> protocol, OnLost on_lost)
        : reactor_(reactor), socket_(std::move(socket)), peer_(std::move(peer)),
          factory_(std::move(factory)), protocol_(std::move(protocol)),
          on_lost_(std::move(on_lost)) {}

    /// Call it once, when the connection is in a shared_ptr. What connection_made throws
    /// propagates.
    void start();

    /// Closes the connection, inside the call.
    void close(const Failure& reason);

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

    /// Whether all is sent, and only the other side's end is still to come.
    bool waits_for_peers_end() const { return closing_ == Closing::waiting; }

    int fileno() const override { return socket_.get(); }
    std::string log_prefix() const override { return "the connection with " + to_string(peer_); }
    std::optional<Failure> do_read() override;
    std::optional<Failure> do_write() override { return send_queued(); }
    void connection_lost(const Failure& reason) override;

  private:
    // Three states, independent of each other. The connection: open; to be closed when all is sent
    // (what is read is thrown away); waiting for the other side to have received it; to be closed
    // now (nothing more is sent). Our half: open, to end when all is sent, ended. Reading: going
    // on, paused, ended by the other side. A callback only asks for a change; end_of_turn() and
    // send_queued() make it. In Closing a later one overrules an earlier one.
    enum class Closing { no, when_sent, waiting, now };
    enum class Writing { open, ends_when_sent, ended };

    void limit_producer();
    void close_when(Closing when);
    void schedule_end_of_turn();
    void end_of_turn();
    std::optional<Failure> send_queued();
    void end_writing();
    std::optional<Failure> end_reading();
    bool reads() const { return closing_ == Closing::no && !paused_ && !read_ended_; }
    std::optional<Failure> close_or_wait();
    void check_again_later();
    std::optional<Failure> check_again();
    std::optional<Failure> discard_input();
    Failure reason_to_end(bool is_reset) const;
    bool has_unacknowledged_bytes() const;
    bool has_talked() const { return may_talk_until_ > Seconds(0); }
    template <class Step>
    void run(Step step);
    template <class Step>
    void run_or_end(Step step);

    Reactor& reactor_;
    FileDescriptor socket_;
    Address peer_;
    std::shared_ptr<Factory> factory_; // lives as long as its protocols
    std::unique_ptr<Protocol> protocol_;
    OnLost on_lost_;
    SendQueue queue_;
    std::shared_ptr<Producer> producer_;
    std::optional<Failure> failure_; // to end for, at the end of the turn
    Closing closing_ = Closing::no;
    Writing writing_ = Writing::open;
    bool streaming_ = false;
    bool producer_paused_ = false;
    bool paused_ = false;
    bool read_ended_ = false;
    bool is_scheduled_ = false; // for the end of the turn
    std::uint64_t sent_ = 0;    // bytes

    // While it waits for the other side:
    DelayedCall timer_;
    Seconds check_interval_{0.01};
    Seconds may_talk_until_{0}; // for a peer that has sent something
    Seconds give_up_at_{0};
};

} // namespace twist
