// raw-epoll - a fast poetry server on epoll alone: the limit of what this machine can do.
#include <cerrno>
#include <cstdint>
#include <string>
#include <sys/epoll.h>
#include <unistd.h>
#include <vector>

#include "bench/peers.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

namespace {

// For a client that has not taken the whole poem, it stores only how much it has taken. A client
// that takes everything at once is never registered.
class Server {
  public:
    Server(std::string poem, twist::FileDescriptor listener)
        : poem_(std::move(poem)), listener_(std::move(listener)) {
        control(EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
    }

    [[noreturn]] void run() {
        for (epoll_event ready[64];;) {
            const int count = ::epoll_wait(epoll_.get(), ready, 64, -1);
            for (int i = 0; i < count; ++i)
                if (ready[i].data.fd == listener_.get())
                    accept_all();
                else
                    send(ready[i].data.fd);
        }
    }

  private:
    void accept_all() {
        for (int fd; (fd = ::accept4(listener_.get(), nullptr, nullptr,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1;) {
            if (sent_.size() <= static_cast<std::size_t>(fd))
                sent_.resize(static_cast<std::size_t>(fd) + 1);
            sent_[static_cast<std::size_t>(fd)] = 0;
            if (!send(fd))
                control(EPOLL_CTL_ADD, fd, EPOLLOUT);
        }
    }

    // Returns whether this client is finished; close() removes it from the epoll.
    bool send(int fd) {
        std::size_t& sent = sent_[static_cast<std::size_t>(fd)];
        const ssize_t taken = ::send(fd, poem_.data() + sent, poem_.size() - sent, MSG_NOSIGNAL);
        if (taken == -1 && twist::would_block(errno))
            return false;
        if (taken != -1 && (sent += static_cast<std::size_t>(taken)) < poem_.size())
            return false;
        ::close(fd);
        return true;
    }

    void control(int operation, int fd, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        ::epoll_ctl(epoll_.get(), operation, fd, &event);
    }

    std::string poem_;
    twist::FileDescriptor listener_;
    twist::FileDescriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
    std::vector<std::size_t> sent_; // bytes of the poem sent, by descriptor
};

int server_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    twist::CommandLine command_line("[options] poetry-file", "Serves a poem on bare epoll.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 1)
        command_line.fail("Provide exactly one poetry file.");
    twist::FileDescriptor listener = bench::listening(port);
    bench::say_where("Serving " + arguments[0], listener);
    Server(twist::read_file(arguments[0]), std::move(listener)).run();
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, server_main);
}
