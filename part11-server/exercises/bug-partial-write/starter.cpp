// fastpoetry - sends a poem to every client, with hand-made readers and writers.
// TODO: one line here is wrong. Find it by its symptom.
#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/error.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

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

// One client, which gets the poem.
class PoetrySender : public twist::WriteDescriptor {
  public:
    PoetrySender(twist::FileDescriptor sock, std::shared_ptr<const std::string> poem)
        : sock_(std::move(sock)), poem_(std::move(poem)) {
        sock_.set_nonblocking();
    }

    int fileno() const override { return sock_.get(); }
    std::optional<twist::Failure> do_read() override { return {}; } // we do not read

    std::optional<twist::Failure> do_write() override {
        const std::string_view rest = std::string_view(*poem_).substr(sent_);
        if (rest.empty())
            return twist::connection_done();
        const ssize_t size = ::send(sock_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (size == -1 && twist::last_error() == std::errc::operation_would_block)
            return {};
        if (size == -1)
            return twist::Failure(twist::ConnectionLost(twist::last_error()));
        sent_ += rest.size();
        return {};
    }

    void connection_lost(const twist::Failure&) override { sock_.close(); }

  private:
    twist::FileDescriptor sock_;
    const std::shared_ptr<const std::string> poem_;
    std::size_t sent_ = 0;
};

// The listening socket. It makes a sender for each client, which the reactor keeps.
class PoetryPort : public twist::ReadDescriptor {
  public:
    PoetryPort(twist::Reactor& reactor, twist::FileDescriptor sock, std::string poem)
        : reactor_(reactor), sock_(std::move(sock)),
          poem_(std::make_shared<const std::string>(std::move(poem))) {
        reactor_.add_reader(*this);
    }

    int fileno() const override { return sock_.get(); }

    std::optional<twist::Failure> do_read() override {
        twist::FileDescriptor client(::accept(sock_.get(), nullptr, nullptr));
        if (!client)
            return {}; // the client has already left
        const auto sender = std::make_shared<PoetrySender>(std::move(client), poem_);
        reactor_.keep_alive(sender);
        reactor_.add_writer(*sender);
        return {};
    }

    void connection_lost(const twist::Failure&) override { sock_.close(); }

  private:
    twist::Reactor& reactor_;
    twist::FileDescriptor sock_;
    const std::shared_ptr<const std::string> poem_;
};

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    twist::CommandLine command_line("[options] poetry-file",
                                    "Serves a poem, at once and to any number of clients.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    const std::string poetry_file = twist::parse_poetry_file(command_line, argc, argv);

    twist::Reactor reactor;
    PoetryPort listener(reactor, listen_on({iface, port}), twist::read_file(poetry_file));
    std::cout << "Serving " << poetry_file << " on "
              << twist::SocketAddress::local(listener.fileno()).address() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
