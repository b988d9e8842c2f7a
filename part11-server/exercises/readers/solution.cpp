// slowpoetry - sends a poem to every client, a few bytes at a time: uses add_reader and
// add_writer, without protocols or transports.
#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/base/seconds.hpp"
#include "twist/loop/clock.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/error.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

twist::FileDescriptor listen_on(const twist::Address& address) {
    auto addresses = twist::numeric(address, "0.0.0.0");
    if (addresses.empty())
        addresses = twist::look_up(address);
    const twist::SocketAddress& here = addresses.front();
    twist::FileDescriptor sock(::socket(here.family(), SOCK_STREAM, 0));
    const int yes = 1;
    if (!sock || ::setsockopt(sock.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == -1 ||
        ::bind(sock.get(), here.data(), here.size()) == -1 || ::listen(sock.get(), SOMAXCONN) == -1)
        throw twist::CannotListenError(twist::to_string(address), twist::last_error());
    sock.set_nonblocking();
    return sock;
}

// The data that all clients share.
struct Poetry {
    twist::Reactor& reactor;
    std::string poem;
    std::size_t num_bytes;
    twist::Seconds delay;
};

// One client, which gets the poem.
class PoetrySender : public twist::WriteDescriptor {
  public:
    PoetrySender(twist::FileDescriptor sock, std::shared_ptr<const Poetry> poetry)
        : sock_(std::move(sock)), poetry_(std::move(poetry)) {
        sock_.set_nonblocking();
    }

    int fileno() const override { return sock_.get(); }

    std::optional<twist::Failure> do_read() override {
        char ignored[1024];
        const ssize_t size = ::recv(sock_.get(), ignored, sizeof ignored, 0);
        if (size == -1 && twist::last_error() != std::errc::operation_would_block)
            return twist::Failure(twist::ConnectionLost(twist::last_error()));
        if (size == 0)
            return twist::connection_done();
        return {};
    }

    std::optional<twist::Failure> do_write() override {
        const std::string_view piece =
            std::string_view(poetry_->poem).substr(sent_, poetry_->num_bytes);
        const ssize_t size = ::send(sock_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
        if (size == -1 && twist::last_error() == std::errc::operation_would_block)
            return {};
        if (size == -1)
            return twist::Failure(twist::ConnectionLost(twist::last_error()));
        sent_ += static_cast<std::size_t>(size);
        if (sent_ == poetry_->poem.size())
            return twist::connection_done();
        poetry_->reactor.remove_writer(*this);
        next_ = poetry_->reactor.call_later(poetry_->delay,
                                            [this] { poetry_->reactor.add_writer(*this); });
        return {};
    }

    void connection_lost(const twist::Failure&) override {
        if (next_.active())
            next_.cancel();
        sock_.close();
    }

  private:
    twist::FileDescriptor sock_;
    const std::shared_ptr<const Poetry> poetry_;
    std::size_t sent_ = 0;
    twist::DelayedCall next_;
};

// The listening socket. It makes a sender for each client, which the reactor keeps alive until it
// ends.
class PoetryPort : public twist::ReadDescriptor {
  public:
    PoetryPort(twist::FileDescriptor sock, std::shared_ptr<const Poetry> poetry)
        : sock_(std::move(sock)), poetry_(std::move(poetry)) {
        poetry_->reactor.add_reader(*this);
    }

    int fileno() const override { return sock_.get(); }

    std::optional<twist::Failure> do_read() override {
        twist::FileDescriptor client(::accept(sock_.get(), nullptr, nullptr));
        if (!client)
            return {}; // the client has already left
        const auto sender = std::make_shared<PoetrySender>(std::move(client), poetry_);
        poetry_->reactor.keep_alive(sender);
        poetry_->reactor.add_reader(*sender);
        poetry_->reactor.add_writer(*sender);
        return {};
    }

    void connection_lost(const twist::Failure&) override { sock_.close(); }

  private:
    twist::FileDescriptor sock_;
    const std::shared_ptr<const Poetry> poetry_;
};

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    twist::Seconds delay(0.1);
    std::size_t num_bytes = 10;
    twist::CommandLine command_line("[options] poetry-file",
                                    "Serves a poem slowly, to any number of clients.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    command_line.option("delay", delay, "the wait after every chunk (default: 0.1)");
    command_line.option("num-bytes", num_bytes, "the bytes in a chunk (default: 10)");
    const std::string poetry_file = twist::parse_poetry_file(command_line, argc, argv);

    twist::Reactor reactor;
    const auto poetry = std::make_shared<const Poetry>(
        Poetry{reactor, twist::read_file(poetry_file), num_bytes, delay});
    const PoetryPort listener(listen_on({iface, port}), poetry);
    std::cout << "Serving " << poetry_file << " on "
              << twist::SocketAddress::local(listener.fileno()).address() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
