#include "twist/net/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <linux/sockios.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>

#include "twist/base/log.hpp"
#include "twist/net/error.hpp"

namespace twist {

namespace {
// What is read in one turn, so that each connection gets a turn; and what may be queued before a
// producer is paused (R35).
constexpr std::size_t most_bytes_at_once = 65536;

// What the kernel sends at once, without a word from the other side: ten segments (RFC 6928).
constexpr std::uint64_t first_window = 14600;
constexpr Seconds patience_with_silence{5}, patience{30}, longest_check_interval{1};
} // namespace

void close_with_reset(FileDescriptor& socket) {
    const linger at_once{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket.close();
}

void Connection::start() {
    reactor_.keep_alive(shared_from_this());
    schedule_end_of_turn();
    protocol_->make_connection(shared_from_this());
}

void Connection::close(const Failure& reason) {
    const auto alive = shared_from_this();
    reactor_.forget(*this);
    connection_lost(reason);
}

void Connection::write(std::string_view data) {
    if (!socket_ || writing_ == Writing::ended || data.empty())
        return;
    queue_.add(data);
    limit_producer();
}

void Connection::write(std::shared_ptr<const std::string> data) {
    if (!socket_ || writing_ == Writing::ended || data->empty())
        return;
    queue_.add(std::move(data));
    limit_producer();
}

void Connection::lose_write_connection() {
    if (!socket_ || writing_ != Writing::open)
        return;
    writing_ = Writing::ends_when_sent;
    schedule_end_of_turn();
}

void Connection::pause_producing() {
    paused_ = true;
    if (socket_ && closing_ == Closing::no)
        reactor_.remove_reader(*this);
}

void Connection::resume_producing() {
    paused_ = false;
    if (!socket_ || !reads())
        return;
    run_or_end([this] { reactor_.add_reader(*this); });
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
        run_or_end([alive = producer_] { alive->resume_producing(); });
}

void Connection::unregister_producer() {
    producer_.reset();
    if (socket_ && (closing_ != Closing::no || writing_ == Writing::ends_when_sent))
        schedule_end_of_turn();
}

std::optional<Failure> Connection::do_read() {
    if (closing_ != Closing::no)
        return discard_input();
    static thread_local std::array<char, most_bytes_at_once> buffer;
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size == 0)
        return end_reading();
    if (size > 0)
        protocol_->data_received({buffer.data(), static_cast<std::size_t>(size)});
    else if (!would_block(errno))
        return Failure(ConnectionLost(last_error()));
    return {};
}

std::optional<Failure> Connection::end_reading() {
    auto* const half = dynamic_cast<HalfCloseable*>(protocol_.get());
    if (half == nullptr)
        return connection_done();
    read_ended_ = true;
    reactor_.remove_reader(*this);
    half->read_connection_lost();
    if (writing_ == Writing::ended)
        return connection_done();
    return {};
}

void Connection::connection_lost(const Failure& reason) {
    if (!socket_)
        return;
    if (timer_.active())
        timer_.cancel();
    if (closing_ == Closing::now)
        close_with_reset(socket_);
    socket_.close();
    queue_.clear();
    const auto factory = std::move(factory_); // goes after its protocol
    if (const auto producer = std::move(producer_))
        log::run_reporting([&] { producer->stop_producing(); });
    const auto protocol = std::move(protocol_);
    log::run_reporting([&] { protocol->connection_lost(reason); });
    if (on_lost_)
        std::exchange(on_lost_, nullptr)(reason);
}

void Connection::limit_producer() {
    schedule_end_of_turn();
    if (producer_ && streaming_ && !producer_paused_ && queue_.size() > most_bytes_at_once) {
        producer_paused_ = true;
        run_or_end([alive = producer_] { alive->pause_producing(); }); // it may unregister itself
    }
}

// What `step` throws, such as a producer, ends this connection at the end of the turn. It does not
// propagate from write() (R35).
template <class Step>
void Connection::run_or_end(Step step) {
    if (auto thrown = log::run_reporting(step)) {
        failure_ = std::move(thrown);
        schedule_end_of_turn();
    }
}

void Connection::close_when(Closing when) {
    if (!socket_ || closing_ >= when)
        return;
    closing_ = when;
    if (when == Closing::now) { // nothing is sent any more, though there may be room in this turn
        reactor_.remove_reader(*this);
        reactor_.remove_writer(*this);
    }
    schedule_end_of_turn();
}

void Connection::schedule_end_of_turn() {
    if (!std::exchange(is_scheduled_, true))
        reactor_.call_at_end_of_turn([self = shared_from_this()] { self->end_of_turn(); });
}

// Sends, then closes or begins to read. A connection that sends a poem and closes in its first turn
// is never registered with the kernel's epoll.
void Connection::end_of_turn() {
    is_scheduled_ = false;
    if (!socket_)
        return;
    if (closing_ == Closing::now)
        return close(Failure(ConnectionAborted()));
    run([this] {
        auto reason = send_queued();
        if (!reason && reads())
            reactor_.add_reader(*this);
        return reason;
    });
}

// Closes the connection if `step` returns a reason, or throws one.
template <class Step>
void Connection::run(Step step) {
    if (const auto reason = log::reason_of(step))
        close(*reason);
}

std::optional<Failure> Connection::send_queued() {
    if (failure_)
        return failure_;
    if (const std::size_t before = queue_.size(); before > 0) {
        if (const std::error_code error = queue_.send(socket_.get()))
            return Failure(ConnectionLost(error));
        sent_ += before - queue_.size();
    }
    if (queue_.size() > 0) {
        reactor_.add_writer(*this);
        if (closing_ == Closing::when_sent && !read_ended_)
            reactor_.add_reader(*this); // a peer that sends may not read before it has sent all
        return {};
    }
    reactor_.remove_writer(*this);
    if (producer_ && (producer_paused_ || !streaming_)) {
        producer_paused_ = false;
        run_or_end([alive = producer_] { alive->resume_producing(); });
    } else if (closing_ == Closing::when_sent) {
        return close_or_wait();
    } else if (writing_ == Writing::ends_when_sent) {
        end_writing();
        if (auto* const half = dynamic_cast<HalfCloseable*>(protocol_.get()))
            half->write_connection_lost();
        if (read_ended_)
            return connection_done();
    }
    return failure_;
}

void Connection::end_writing() {
    ::shutdown(socket_.get(), SHUT_WR);
    writing_ = Writing::ended;
}

// R25. If bytes are unread at close(), or come after it, the kernel sends a reset, and drops what
// the other side does not have yet. So we close at once only if there is nothing to read, and if
// all that was sent fits into the first packets. Otherwise we end our half, and discard what comes
// until all has arrived. (nginx calls this lingering_close.)
std::optional<Failure> Connection::close_or_wait() {
    if (read_ended_) // nothing can come
        return connection_done();
    closing_ = Closing::waiting;
    if (sent_ <= first_window) {
        if (auto reason = discard_input())
            return reason;
        if (!has_talked())
            return connection_done();
    }
    end_writing();
    give_up_at_ = reactor_.seconds() + patience;
    check_again_later();
    return {};
}

void Connection::check_again_later() {
    timer_ = reactor_.call_later(check_interval_, [self = shared_from_this()] {
        self->run([&] { return self->check_again(); });
    });
    check_interval_ = std::min(2 * check_interval_, longest_check_interval);
}

std::optional<Failure> Connection::check_again() {
    if (auto reason = discard_input())
        return reason;
    const Seconds now = reactor_.seconds();
    if (now >= give_up_at_) // a peer that has talked will talk on, and be reset
        return reason_to_end(has_talked());
    if (now >= may_talk_until_ && !has_unacknowledged_bytes())
        return connection_done();
    check_again_later();
    return {};
}

// Reads what has come since lose_connection(); with MSG_TRUNC the kernel drops it, and copies
// nothing. Returns the reason to end, if the other side closed.
std::optional<Failure> Connection::discard_input() {
    const ssize_t size = ::recv(socket_.get(), nullptr, 1 << 30, MSG_TRUNC | MSG_DONTWAIT);
    if (size == 0 && closing_ == Closing::when_sent) { // the peer may still read
        read_ended_ = true;
        reactor_.remove_reader(*this);
        return {};
    }
    if (size == 0)
        return reason_to_end(false);
    if (size == -1 && !would_block(errno))
        return reason_to_end(true);
    if (size > 0) {
        may_talk_until_ = reactor_.seconds() + patience_with_silence;
        reactor_.add_reader(*this);
    }
    return {};
}

// A reset cuts what the other side does not have yet.
Failure Connection::reason_to_end(bool is_reset) const {
    if (is_reset && (queue_.size() > 0 || has_unacknowledged_bytes()))
        return Failure(ConnectionLost(std::make_error_code(std::errc::connection_reset)));
    return connection_done();
}

// Whether the other side's kernel has not confirmed everything. The end of our half counts as one
// byte.
bool Connection::has_unacknowledged_bytes() const {
    int left = 0;
    ::ioctl(socket_.get(), SIOCOUTQ, &left);
    return left > (writing_ == Writing::ended ? 1 : 0);
}

} // namespace twist
