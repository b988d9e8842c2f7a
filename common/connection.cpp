#include "common/connection.hpp"

#include <array>
#include <cerrno>
#include <functional>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

#include "common/error.hpp"
#include "common/log.hpp"

namespace twist {

namespace {
// What is read in one turn, so that everybody gets his; and what may wait before a producer is
// paused.
constexpr std::size_t most_bytes_at_once = 65536;
} // namespace

void Connection::start() {
    reactor_.adopt(shared_from_this());
    work_at_end_of_turn();
    protocol_->make_connection(shared_from_this());
}

void Connection::lost(const Failure& reason) {
    const auto alive = shared_from_this();
    reactor_.release(*this);
    connection_lost(reason);
}

void Connection::write(std::string_view data) {
    if (!socket_ || writing_ == Writing::ended || data.empty())
        return;
    queue_.add(data);
    queued();
}

void Connection::write(std::shared_ptr<const std::string> data) {
    if (!socket_ || writing_ == Writing::ended || data->empty())
        return;
    queue_.add(std::move(data));
    queued();
}

void Connection::lose_write_connection() {
    if (!socket_ || writing_ != Writing::open)
        return;
    writing_ = Writing::ends_when_sent;
    work_at_end_of_turn();
}

void Connection::pause_producing() {
    paused_ = true;
    if (socket_)
        reactor_.remove_reader(*this);
}

void Connection::resume_producing() {
    paused_ = false;
    if (socket_ && closing_ == Closing::no)
        reactor_.add_reader(*this);
}

void Connection::register_producer(std::shared_ptr<Producer> producer, bool streaming) {
    if (producer_)
        throw std::logic_error("register_producer: this connection has a producer already.");
    if (!socket_) {
        log::run_reporting([&] { producer->stop_producing(); });
        return;
    }
    producer_ = std::move(producer);
    streaming_ = streaming;
    producer_paused_ = false;
    if (!streaming)
        tell_producer(&Producer::resume_producing);
}

void Connection::unregister_producer() {
    producer_.reset();
    if (socket_ && (closing_ != Closing::no || writing_ == Writing::ends_when_sent))
        work_at_end_of_turn();
}

std::optional<Failure> Connection::do_read() {
    static thread_local std::array<char, most_bytes_at_once> buffer;
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size == 0)
        return connection_done();
    if (size > 0)
        protocol_->data_received({buffer.data(), static_cast<std::size_t>(size)});
    else if (!would_block(errno))
        return Failure(ConnectionLost(last_error()));
    return {};
}

void Connection::connection_lost(const Failure& reason) {
    if (!socket_)
        return;
    if (closing_ == Closing::now) { // the other side is to see a reset
        const linger at_once{1, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    } else if (closing_ == Closing::when_sent) {
        // Throws away what was not read: close() would make it a reset, and the kernel would drop
        // what it still has to send.
        ::recv(socket_.get(), nullptr, 1 << 30, MSG_TRUNC | MSG_DONTWAIT);
    }
    socket_.close();
    queue_.clear();
    const auto factory = std::move(factory_); // goes after its protocol
    if (const auto producer = std::move(producer_))
        log::run_reporting([&] { producer->stop_producing(); });
    const auto protocol = std::move(protocol_);
    log::run_reporting([&] { protocol->connection_lost(reason); });
    if (ended_)
        std::exchange(ended_, nullptr)(reason);
}

void Connection::queued() {
    work_at_end_of_turn();
    if (producer_ && streaming_ && !producer_paused_ && queue_.size() > most_bytes_at_once) {
        producer_paused_ = true;
        tell_producer(&Producer::pause_producing);
    }
}

// What a producer throws ends this connection, and is no business of whoever is writing on it.
void Connection::tell_producer(void (Producer::*what)()) {
    const auto alive = producer_; // it may unregister itself
    if (auto thrown = log::run_reporting([&] { std::invoke(what, *alive); })) {
        broken_.swap(thrown);
        work_at_end_of_turn();
    }
}

void Connection::close_when(Closing when) {
    if (!socket_ || closing_ >= when)
        return;
    closing_ = when;
    reactor_.remove_reader(*this);
    if (when == Closing::now) // nothing is sent any more, though there may be room in this turn
        reactor_.remove_writer(*this);
    work_at_end_of_turn();
}

void Connection::work_at_end_of_turn() {
    if (!std::exchange(has_work_, true))
        reactor_.call_at_end_of_turn([self = shared_from_this()] { self->end_of_turn(); });
}

// Sends, then closes or starts to listen to the other side. A poem that is sent and closed in
// its first turn is never registered with the kernel's epoll at all.
void Connection::end_of_turn() {
    has_work_ = false;
    if (!socket_)
        return;
    if (closing_ == Closing::now)
        return lost(Failure(ConnectionAborted()));
    std::optional<Failure> reason;
    auto thrown = log::run_reporting([&] {
        reason = send();
        if (!reason && closing_ == Closing::no && !paused_)
            reactor_.add_reader(*this);
    });
    if (thrown)
        reason = std::move(thrown);
    if (reason)
        lost(*reason);
}

/// Sends what can be sent; the rest waits for the kernel's word. The reason to end, if any.
std::optional<Failure> Connection::send() {
    if (broken_)
        return broken_;
    if (queue_.size() > 0)
        if (const std::error_code error = queue_.send(socket_.get()))
            return Failure(ConnectionLost(error));
    if (queue_.size() > 0) {
        reactor_.add_writer(*this);
        return {};
    }
    reactor_.remove_writer(*this);
    if (producer_ && (producer_paused_ || !streaming_)) {
        producer_paused_ = false;
        tell_producer(&Producer::resume_producing);
    } else if (closing_ != Closing::no) {
        return connection_done();
    } else if (writing_ == Writing::ends_when_sent) {
        end_writing();
    }
    return broken_;
}

void Connection::end_writing() {
    ::shutdown(socket_.get(), SHUT_WR);
    writing_ = Writing::ended;
}

} // namespace twist
