#include "twist/net/port.hpp"

#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "twist/base/log.hpp"
#include "twist/net/connection.hpp"

namespace twist {

namespace {

// In one turn: few, so that each connection gets a turn while its socket is still in the
// processor's cache.
constexpr int most_accepts_at_once = 8;
constexpr Seconds until_descriptors_are_free{0.01};
constexpr Seconds between_complaints{60};

class ListeningPort final : public ReadDescriptor,
                            public Port,
                            public std::enable_shared_from_this<ListeningPort> {
  public:
    ListeningPort(Reactor& reactor, FileDescriptor socket, std::shared_ptr<Factory> factory)
        : reactor_(reactor), socket_(std::move(socket)), factory_(std::move(factory)) {}

    void start() {
        factory_->do_start();
        try {
            reactor_.keep_alive(shared_from_this());
            reactor_.add_reader(*this);
        } catch (const SystemError& reason) {
            const std::string here = to_string(get_host());
            close();
            throw CannotListenError(here, reason);
        }
    }

    Address get_host() const override { return SocketAddress::local(socket_.get()).address(); }

    void stop_listening(std::function<void()> stopped) override {
        if (stopped && !socket_)
            return stopped();
        if (stopped)
            on_stopped_.push_back(std::move(stopped));
        if (!std::exchange(stopping_, true)) {
            reactor_.remove_reader(*this);
            reactor_.call_at_end_of_turn([self = shared_from_this()] { self->close(); });
        }
    }

    int fileno() const override { return socket_.get(); }
    std::string log_prefix() const override { return "the port " + to_string(get_host()); }

    std::optional<Failure> do_read() override {
        for (int i = 0; i < most_accepts_at_once && !stopping_; ++i) {
            sockaddr_storage peer{};
            socklen_t size = sizeof peer;
            auto* const address = reinterpret_cast<sockaddr*>(&peer);
            FileDescriptor socket = accept(address, size);
            if (socket)
                welcome(std::move(socket), SocketAddress(address, size).address());
            else if (would_block(errno))
                break;
            else if (errno != ECONNABORTED && errno != EPROTO) // those were the client's fault
                return pause_accepting(last_error());
        }
        return {};
    }

    void connection_lost(const Failure&) override { close(); }

  private:
    // Where descriptors are scarce, leaves one to the new connection, which may need it: a proxy
    // connects to its server. One whose number is high shows that many are in use.
    FileDescriptor accept(sockaddr* peer, socklen_t& size) {
        const FileDescriptor spare(scarce_ ? ::fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0) : -1);
        if (scarce_ && !spare)
            return {};
        FileDescriptor socket(::accept4(socket_.get(), peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        scarce_ = scarce_ || socket.get() > many_descriptors_;
        return socket;
    }

    void welcome(FileDescriptor socket, const Address& peer) {
        log::run_reporting([&] {
            if (auto protocol = factory_->build_protocol(peer))
                std::make_shared<Connection>(reactor_, std::move(socket), peer, factory_,
                                             std::move(protocol), nullptr)
                    ->start();
        });
    }

    // Out of descriptors or memory: the clients wait in the kernel, and the loop does not spin.
    std::optional<Failure> pause_accepting(std::error_code reason) {
        scarce_ = true;
        if (const Seconds now = reactor_.seconds(); now >= next_complaint_) {
            next_complaint_ = now + between_complaints;
            log::report("Can't accept more connections for now",
                        Failure(SystemError(describe(reason), reason)));
        }
        reactor_.remove_reader(*this);
        retry_ = reactor_.call_later(until_descriptors_are_free,
                                     [self = shared_from_this()] { self->accept_again(); });
        return {};
    }

    void accept_again() {
        try {
            reactor_.add_reader(*this);
        } catch (const SystemError& reason) {
            pause_accepting(reason.code());
        }
    }

    void close() {
        if (!socket_)
            return;
        const auto alive = shared_from_this();
        reactor_.forget(*this);
        if (retry_.active())
            retry_.cancel();
        socket_.close();
        log::run_reporting([&] { std::exchange(factory_, nullptr)->do_stop(); });
        for (const auto& stopped : std::exchange(on_stopped_, {}))
            log::run_reporting(stopped);
    }

    Reactor& reactor_;
    FileDescriptor socket_;
    std::shared_ptr<Factory> factory_;
    std::vector<std::function<void()>> on_stopped_; // when it has stopped
    DelayedCall retry_;
    Seconds next_complaint_{0};
    const long many_descriptors_ = ::sysconf(_SC_OPEN_MAX) / 2;
    bool stopping_ = false;
    bool scarce_ = false; // once set, it stays set
};

std::shared_ptr<Port> start_port(Reactor& reactor, FileDescriptor socket,
                                 std::shared_ptr<Factory> factory) {
    auto port = std::make_shared<ListeningPort>(reactor, std::move(socket), std::move(factory));
    port->start();
    return port;
}

} // namespace

std::shared_ptr<Port> listen_tcp(Reactor& reactor, const Address& address,
                                 std::shared_ptr<ServerFactory> factory, int backlog) {
    auto addresses = numeric(address, "0.0.0.0");
    if (addresses.empty() && reactor.running())
        throw std::logic_error("listen_tcp: to look up " + address.host +
                               " would stop the loop. Give its number, or listen before run().");
    if (addresses.empty())
        addresses = look_up(address);
    const SocketAddress& here = addresses.front();
    FileDescriptor socket(::socket(here.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int yes = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == -1 ||
        ::bind(socket.get(), here.data(), here.size()) == -1 ||
        ::listen(socket.get(), backlog) == -1)
        throw CannotListenError(to_string(address), last_error());
    return start_port(reactor, std::move(socket), std::move(factory));
}

std::shared_ptr<Port> adopt_tcp(Reactor& reactor, FileDescriptor socket,
                                std::shared_ptr<ServerFactory> factory) {
    const int fd = socket.get();
    int listens = 0;
    socklen_t size = sizeof listens;
    std::error_code reason;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == -1)
        reason = last_error();
    else if (const int family = SocketAddress::local(fd).family();
             listens == 0 || (family != AF_INET && family != AF_INET6))
        reason = std::make_error_code(std::errc::invalid_argument);
    if (reason)
        throw CannotListenError("descriptor " + std::to_string(fd), reason);
    socket.set_nonblocking();
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return start_port(reactor, std::move(socket), std::move(factory));
}

} // namespace twist
