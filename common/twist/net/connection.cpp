#include "twist/net/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <linux/sockios.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>

#include "twist/base/log.hpp"
#include "twist/net/error.hpp"

namespace twist {

namespace {
// What is read in one turn, so that everybody gets his; and what may wait before a producer is
// paused.
constexpr std::size_t most_bytes_at_once = 65536;

// What the kernel sends to anybody at once: ten segments (RFC 6928).
constexpr std::uint64_t first_window = 14600;
constexpr Seconds patience_with_silence{5}, patience{30}, longest_pause{1};
} // namespace

void Connection::start() {
    reactor_.keep_alive(shared_from_this());
    work_at_end_of_turn();
    protocol_->make_connection(shared_from_this());
}

void Connection::lost(const Failure& reason) {
    const auto alive = shared_from_this();
    reactor_.forget(*this);
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
    if (socket_ && closing_ == Closing::no)
        reactor_.remove_reader(*this);
}

void Connection::resume_producing() {
    paused_ = false;
    if (!socket_ || !reads())
        return;
    if (auto thrown = log::run_reporting([&] { reactor_.add_reader(*this); })) {
        broken_.swap(thrown);
        work_at_end_of_turn();
    }
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
    if (closing_ != Closing::no)
        return throw_away();
    static thread_local std::array<char, most_bytes_at_once> buffer;
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size == 0)
        return end_reading();
    if (size > 0) {
        protocol_->data_received({buffer.data(), static_cast<std::size_t>(size)});
    } else if (!would_block(errno)) {
        return Failure(ConnectionLost(last_error()));
    }
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
    if (closing_ == Closing::now) { // the other side is to see a reset
        const linger at_once{1, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    if (timer_.active())
        timer_.cancel();
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
    if (when == Closing::now) { // nothing is sent any more, though there may be room in this turn
        reactor_.remove_reader(*this);
        reactor_.remove_writer(*this);
    }
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
    run([this] {
        auto reason = send();
        if (!reason && reads())
            reactor_.add_reader(*this);
        return reason;
    });
}

// Ends the connection if `step` gives a reason for that, or throws one.
template <class Step>
void Connection::run(Step step) {
    std::optional<Failure> reason;
    auto thrown = log::run_reporting([&] { reason = step(); });
    if (thrown)
        reason = std::move(thrown);
    if (reason)
        lost(*reason);
}

/// Sends what can be sent; the rest waits for the kernel's word. The reason to end, if any.
std::optional<Failure> Connection::send() {
    if (broken_)
        return broken_;
    if (const std::size_t before = queue_.size(); before > 0) {
        if (const std::error_code error = queue_.send(socket_.get()))
            return Failure(ConnectionLost(error));
        sent_ += before - queue_.size();
    }
    if (queue_.size() > 0) {
        reactor_.add_writer(*this);
        if (closing_ == Closing::when_sent && !read_ended_)
            reactor_.add_reader(*this); // who talks now may not listen before he has said it all
        return {};
    }
    reactor_.remove_writer(*this);
    if (producer_ && (producer_paused_ || !streaming_)) {
        producer_paused_ = false;
        tell_producer(&Producer::resume_producing);
    } else if (closing_ == Closing::when_sent) {
        return close_or_wait();
    } else if (writing_ == Writing::ends_when_sent) {
        end_writing();
        if (auto* const half = dynamic_cast<HalfCloseable*>(protocol_.get()))
            half->write_connection_lost();
        if (read_ended_)
            return connection_done();
    }
    return broken_;
}

void Connection::end_writing() {
    ::shutdown(socket_.get(), SHUT_WR);
    writing_ = Writing::ended;
}

// Where something has come that was not read, or comes after close(), the kernel sends a reset, and
// drops what the other side does not have yet. So a connection is closed at once only if there is
// nothing to read, and if all that was sent is on its way in the first packets. Else our half ends,
// and what comes is thrown away until all has arrived (nginx: lingering_close).
std::optional<Failure> Connection::close_or_wait() {
    if (read_ended_) // nothing can come
        return connection_done();
    closing_ = Closing::waiting;
    if (sent_ <= first_window) {
        if (auto reason = throw_away())
            return reason;
        if (!has_talked())
            return connection_done();
    }
    end_writing();
    until_ = reactor_.seconds() + patience;
    look_again_later();
    return {};
}

void Connection::look_again_later() {
    timer_ = reactor_.call_later(
        pause_, [self = shared_from_this()] { self->run([&] { return self->look_again(); }); });
    pause_ = std::min(2 * pause_, longest_pause);
}

std::optional<Failure> Connection::look_again() {
    if (auto reason = throw_away())
        return reason;
    const Seconds now = reactor_.seconds();
    if (now >= until_) // whoever has talked will talk on, and be reset
        return end(has_talked());
    if (now >= silent_until_ && !something_is_under_way())
        return connection_done();
    look_again_later();
    return {};
}

/// Reads what has come since lose_connection(). The reason to end, if the other side has closed.
std::optional<Failure> Connection::throw_away() {
    const ssize_t size = ::recv(socket_.get(), nullptr, 1 << 30, MSG_TRUNC | MSG_DONTWAIT);
    if (size == 0 && closing_ == Closing::when_sent) { // he may still listen
        read_ended_ = true;
        reactor_.remove_reader(*this);
        return {};
    }
    if (size == 0)
        return end(false);
    if (size == -1 && !would_block(errno))
        return end(true);
    if (size > 0) {
        silent_until_ = reactor_.seconds() + patience_with_silence;
        reactor_.add_reader(*this);
    }
    return {};
}

// A reset cuts what is under way.
Failure Connection::end(bool is_reset) const {
    if (is_reset && (queue_.size() > 0 || something_is_under_way()))
        return Failure(ConnectionLost(std::make_error_code(std::errc::connection_reset)));
    return connection_done();
}

// Whether the other side's kernel has not confirmed all; our end itself counts as one byte.
bool Connection::something_is_under_way() const {
    int left = 0;
    ::ioctl(socket_.get(), SIOCOUTQ, &left);
    return left > (writing_ == Writing::ended ? 1 : 0);
}

} // namespace twist
