#include "twist/net/connector.hpp"

#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"
#include "twist/net/connection.hpp"
#include "twist/net/resolver.hpp"

namespace twist {

namespace {

/// Whether the kernel has connected the socket with itself: if nobody listens at `port`, it may
/// choose that very port as ours (R37).
bool is_its_own_peer(const FileDescriptor& socket, std::uint16_t port) {
    const Address here = SocketAddress::local(socket.get()).address();
    return here.port == port && here == SocketAddress::peer(socket.get()).address();
}

Failure not_connected(const std::string& why, std::error_code code = {}) {
    return Failure(ConnectError("An error occurred while connecting: " + why, code));
}

/// While it connects, its timer and the reactor keep it alive; then the connection does. It is
/// connecting as long as its timer is active.
class TcpConnector final : public Connector, public WriteDescriptor {
  public:
    TcpConnector(Reactor& reactor, Address destination, std::shared_ptr<ClientFactory> factory,
                 Seconds timeout)
        : reactor_(reactor), destination_(std::move(destination)), factory_(std::move(factory)),
          timeout_(timeout) {}

    void connect() override {
        if (state_ != State::disconnected)
            throw std::logic_error("connect: this connector is connecting or connected already.");
        state_ = State::connecting;
        // A copy, since a callback below may begin another attempt:
        const DelayedCall timer = timer_ = reactor_.call_later(
            timeout_, [self = this_connector()] { self->fail(Failure(ConnectTimeoutError())); });
        if (!uses_factory_)
            enter_factory(timer);
        if (timer.active())
            log::run_reporting([&] { factory_->started_connecting(*this); });
        if (!timer.active()) // the factory has given up
            return leave_factory();
        look_up(timer);
    }

    void stop_connecting() override {
        if (state_ != State::connecting)
            throw NotConnectingError();
        fail(Failure(UserError()));
    }

    void disconnect() override {
        if (state_ == State::connecting)
            return stop_connecting();
        lose_at_once_ = true; // for build_protocol, whose connection has no transport yet
        if (const auto transport = transport_.lock())
            transport->lose_connection();
    }

    Address destination() const override { return destination_; }

    int fileno() const override { return socket_.get(); }
    std::string log_prefix() const override { return "connecting to " + to_string(peer_); }

    std::optional<Failure> do_read() override { return {}; } // never: it is a writer only

    std::optional<Failure> do_write() override {
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        on_attempt_end({error, std::system_category()});
        return {};
    }

    void connection_lost(const Failure&) override { // the reactor shuts down
        on_attempt_end(std::make_error_code(std::errc::operation_canceled));
    }

  private:
    enum class State { disconnected, connecting, connected };

    std::shared_ptr<TcpConnector> this_connector() {
        return std::static_pointer_cast<TcpConnector>(shared_from_this());
    }

    void look_up(const DelayedCall& timer) {
        auto found = [weak = weak_from_this(), timer](Result<std::vector<SocketAddress>> result) {
            if (const auto self = weak.lock(); self && timer.active()) // it still waits for this
                static_cast<TcpConnector&>(*self).on_looked_up(std::move(result));
        };
        Resolver::Cancel cancel;
        try {
            cancel = resolve(reactor_, destination_, std::move(found));
        } catch (...) {
            on_looked_up(Failure());
        }
        if (timer.active())
            cancel_look_up_ = std::move(cancel);
        else if (cancel) // the connector has failed already, or has gone
            log::run_reporting(cancel);
    }

    void on_looked_up(Result<std::vector<SocketAddress>> result) {
        if (result.is_failure())
            return fail_later(result.failure());
        const auto addresses = std::move(result).value();
        if (addresses.empty())
            return fail_later(Failure(DNSLookupError(destination_.host)));
        addresses_.assign(addresses.rbegin(), addresses.rend());
        try_next_address();
    }

    // For a failure that may be known inside connect(): the factory hears of it in a later turn
    // (R36).
    void fail_later(const Failure& reason) {
        timer_.cancel();
        timer_ = reactor_.call_later(Seconds(0),
                                     [self = this_connector(), reason] { self->fail(reason); });
    }

    void try_next_address() {
        const SocketAddress address = addresses_.back();
        addresses_.pop_back();
        peer_ = address.address();
        socket_ = FileDescriptor(
            ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (socket_ && (::connect(socket_.get(), address.data(), address.size()) == 0 ||
                        errno == EINPROGRESS)) {
            try {
                reactor_.keep_alive(this_connector());
                reactor_.add_writer(*this);
            } catch (const SystemError& reason) {
                fail_later(not_connected(reason.what(), reason.code()));
            }
        } else { // the factory hears of this later, too
            reactor_.call_at_end_of_turn(
                [error = last_error(), self = this_connector(), timer = timer_] {
                    if (timer.active())
                        self->on_attempt_end(error);
                });
        }
    }

    void on_attempt_end(std::error_code error) {
        const auto alive = shared_from_this();
        reactor_.forget(*this);
        FileDescriptor socket = std::move(socket_);
        if (!error && is_its_own_peer(socket, peer_.port)) {
            close_with_reset(socket); // otherwise the kernel would keep the port for a minute
            error = {ECONNREFUSED, std::system_category()};
        }
        const bool shutting_down = error == std::errc::operation_canceled;
        if (!error)
            on_connected(std::move(socket));
        else if (addresses_.empty() || shutting_down)
            fail(error == std::errc::connection_refused ? Failure(ConnectionRefusedError(error))
                                                        : Failure(ConnectError(error)));
        else
            try_next_address();
    }

    void on_connected(FileDescriptor socket) {
        state_ = State::connected;
        lose_at_once_ = false;
        timer_.cancel();
        let_go(cancel_look_up_);
        std::unique_ptr<Protocol> protocol;
        const auto thrown = log::run_reporting([&] { protocol = factory_->build_protocol(peer_); });
        if (!protocol)
            socket.close();
        if (thrown)
            return fail(not_connected(thrown->text() + "."));
        if (!protocol)
            return end_connection(connection_done());
        const auto connection = std::make_shared<Connection>(
            reactor_, std::move(socket), peer_, factory_, std::move(protocol),
            [self = this_connector()](const Failure& reason) { self->end_connection(reason); });
        transport_ = connection;
        if (lose_at_once_)
            connection->lose_connection();
        if (const auto reason = log::run_reporting([&] { connection->start(); }))
            connection->close(*reason);
    }

    void fail(const Failure& reason) {
        const auto alive = shared_from_this();
        state_ = State::disconnected;
        if (timer_.active())
            timer_.cancel();
        reactor_.forget(*this);
        socket_.close();
        if (const auto cancel = std::exchange(cancel_look_up_, nullptr))
            log::run_reporting(cancel);
        log::run_reporting([&] { factory_->client_connection_failed(*this, reason); });
        leave_factory();
    }

    void end_connection(const Failure& reason) {
        state_ = State::disconnected;
        log::run_reporting([&] { factory_->client_connection_lost(*this, reason); });
        leave_factory();
    }

    void enter_factory(const DelayedCall& timer) {
        try {
            factory_->do_start();
            uses_factory_ = true;
        } catch (...) {
            if (timer.active()) {
                timer.cancel();
                state_ = State::disconnected;
            }
            throw;
        }
    }

    void leave_factory() {
        if (state_ == State::disconnected && std::exchange(uses_factory_, false))
            log::run_reporting([&] { factory_->do_stop(); });
    }

    Reactor& reactor_;
    Address destination_;
    std::shared_ptr<ClientFactory> factory_;
    Seconds timeout_;
    State state_ = State::disconnected;
    bool uses_factory_ = false;
    bool lose_at_once_ = false;
    DelayedCall timer_;
    Resolver::Cancel cancel_look_up_;
    std::vector<SocketAddress> addresses_; // still to try; the next one is at the back
    FileDescriptor socket_;                // while it connects with peer_
    Address peer_;
    std::weak_ptr<Transport> transport_;
};

} // namespace

std::shared_ptr<Connector> connect_tcp(Reactor& reactor, const Address& address,
                                       std::shared_ptr<ClientFactory> factory, Seconds timeout) {
    const auto connector =
        std::make_shared<TcpConnector>(reactor, address, std::move(factory), timeout);
    connector->connect();
    return connector;
}

} // namespace twist
