// get-poetry - hand-made readers on the reactor, which read everything that has arrived.
// TODO: one line here is wrong. Find it by its symptom: one slow server holds up all poems.
#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/base/seconds.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/error.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

twist::FileDescriptor connect(const twist::Address& address) {
    std::error_code reason;
    for (const twist::SocketAddress& server : twist::look_up(address)) {
        twist::FileDescriptor sock(::socket(server.family(), SOCK_STREAM, 0));
        if (sock && ::connect(sock.get(), server.data(), server.size()) == 0)
            return sock;
        reason = twist::last_error();
    }
    throw twist::ConnectError(
        "Can't connect to " + to_string(address) + ": " + twist::describe(reason) + ".", reason);
}

class PoetrySocket : public twist::ReadDescriptor {
  public:
    PoetrySocket(twist::Reactor& reactor, std::size_t task_num, const twist::Address& address)
        : reactor_(reactor), task_num_(task_num), address_(address), sock_(connect(address)) {
        reactor_.add_reader(*this);
    }

    int fileno() const override { return sock_.get(); }
    std::string log_prefix() const override { return "poetry from " + to_string(address_); }

    std::optional<twist::Failure> do_read() override {
        char buffer[1024];
        ssize_t size = 0;
        while ((size = ::recv(sock_.get(), buffer, sizeof buffer, 0)) > 0) {
            const std::string_view data(buffer, static_cast<std::size_t>(size));
            poem_ += data;
            std::cout << "Task " << task_num_ << ": got " << data.size() << " bytes of poetry from "
                      << address_ << std::endl;
        }
        if (size == 0)
            return twist::connection_done();
        if (twist::last_error() == std::errc::operation_would_block)
            return {};
        return twist::Failure(twist::ConnectionLost(twist::last_error()));
    }

    void connection_lost(const twist::Failure& reason) override {
        sock_.close();
        complete_ = reason.check<twist::ConnectionDone>() != nullptr;
        if (complete_)
            std::cout << "Task " << task_num_ << " finished" << std::endl;
        else
            std::cerr << "Incomplete poem from " << address_ << ": " << reason << '\n';
        for (const twist::ReadDescriptor* reader : reactor_.get_readers())
            if (dynamic_cast<const PoetrySocket*>(reader))
                return;
        if (reactor_.running())
            reactor_.stop();
    }

    std::size_t task_num() const { return task_num_; }
    const std::string* poem() const { return complete_ ? &poem_ : nullptr; }

  private:
    twist::Reactor& reactor_;
    std::size_t task_num_;
    twist::Address address_;
    twist::FileDescriptor sock_;
    std::string poem_;
    bool complete_ = false;
};

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    const twist::Stopwatch stopwatch;
    twist::Reactor reactor;
    std::vector<std::unique_ptr<PoetrySocket>> sockets;
    for (const twist::Address& address : addresses)
        sockets.push_back(std::make_unique<PoetrySocket>(reactor, sockets.size() + 1, address));

    reactor.run();

    std::size_t poems = 0;
    for (const auto& socket : sockets)
        if (const std::string* poem = socket->poem()) {
            ++poems;
            std::cout << "Task " << socket->task_num() << ": " << poem->size()
                      << " bytes of poetry\n";
        }
    std::cout << "Got " << poems << " poems in " << stopwatch << std::endl;
    return poems == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
