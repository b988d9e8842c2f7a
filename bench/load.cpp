// load - downloads a poem many times, over several connections at once, and checks it: every
// length, and every byte of each sixteenth poem. When a connection ends, the next one begins.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <iostream>
#include <string>
#include <sys/epoll.h>
#include <vector>

#include "bench/peers.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"
#include "twist/program/stopwatch.hpp"

namespace {

constexpr std::size_t checks_each = 16;

struct Connection {
    twist::FileDescriptor socket;
    std::size_t received = 0;
    bool checked = false;
};

class Load {
  public:
    Load(const twist::Address& server, std::string poem)
        : server_(twist::numeric(server).at(0)), poem_(std::move(poem)) {}

    void run(std::size_t clients, std::size_t poems) {
        connections_.resize(std::min(clients, poems));
        left_to_begin_ = left_to_end_ = poems;
        for (std::size_t i = 0; i < connections_.size(); ++i)
            begin(i);
        std::array<epoll_event, 64> ready;
        while (left_to_end_ > 0) {
            const int count =
                ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), -1);
            ended_.clear();
            for (int i = 0; i < count; ++i)
                receive(ready[static_cast<std::size_t>(i)].data.u64);
            for (const std::size_t index : ended_)
                if (left_to_begin_ > 0)
                    begin(index);
        }
    }

  private:
    void begin(std::size_t index) {
        Connection& connection = connections_[index];
        connection = {twist::FileDescriptor(::socket(
                          server_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
                      0, left_to_begin_-- % checks_each == 0};
        const int fd = connection.socket.get();
        if (::connect(fd, server_.data(), server_.size()) == -1 && errno != EINPROGRESS)
            throw twist::SystemError("Can't connect", twist::last_error());
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    }

    void receive(std::size_t index) {
        static std::array<char, 262144> buffer;
        Connection& connection = connections_[index];
        ssize_t size;
        while ((size = ::recv(connection.socket.get(), buffer.data(), buffer.size(), 0)) > 0) {
            const auto length = static_cast<std::size_t>(size);
            if (connection.checked &&
                poem_.compare(connection.received, length, buffer.data(), length) != 0)
                throw twist::Exception("A poem has come that is not the one in the file.");
            connection.received += length;
        }
        if (size == -1 && twist::would_block(errno))
            return;
        if (size == -1)
            throw twist::SystemError("A poem broke off", twist::last_error());
        if (connection.received != poem_.size())
            throw twist::Exception("A poem has " + std::to_string(connection.received) +
                                   " bytes, not " + std::to_string(poem_.size()) + ".");
        connection.socket.close();
        --left_to_end_;
        ended_.push_back(index);
    }

    twist::SocketAddress server_;
    std::string poem_;
    std::vector<Connection> connections_;
    std::vector<std::size_t> ended_; // these may begin again
    std::size_t left_to_begin_ = 0, left_to_end_ = 0;
    twist::FileDescriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
};

int load_main(int argc, char* argv[]) {
    std::size_t clients = 64, poems = 10000;
    twist::CommandLine command_line("[options] [host:]port poetry-file",
                                    "Downloads a poem many times and checks it.");
    command_line.option("clients", clients, "connections at once (default: 64)");
    command_line.option("poems", poems, "downloads in all (default: 10000)");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 2)
        command_line.fail("Provide an address and the poem that is expected.");
    Load load(twist::parse_address(command_line, arguments[0]), twist::read_file(arguments[1]));
    const twist::Stopwatch stopwatch;
    load.run(clients, poems);
    std::cout << poems << " poems in " << stopwatch << '\n';
    return 0;
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, load_main);
}
