// get-poetry - downloads poems all at the same time, and connects without blocking, too.
#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/base/seconds.hpp"
#include "twist/net/address.hpp"
#include "twist/net/error.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <algorithm>
#include <iostream>
#include <string>
#include <sys/select.h>
#include <sys/socket.h>
#include <vector>

struct Task {
    std::size_t task_num;
    twist::Address address;
    twist::FileDescriptor sock; // open until the poem has ended
    bool connected = false;
    std::string poem = {};
    bool complete = false;
};

twist::FileDescriptor connect(const twist::Address& address) {
    std::error_code reason;
    for (const twist::SocketAddress& server : twist::look_up(address)) {
        twist::FileDescriptor sock(::socket(server.family(), SOCK_STREAM, 0));
        if (sock.get() >= FD_SETSIZE) // FD_SET would write past the end of the set
            throw twist::Exception("Can't wait for " + to_string(address) +
                                   ": select(2) takes only descriptors below " +
                                   std::to_string(FD_SETSIZE) + ".");
        if (sock)
            sock.set_nonblocking();
        if (sock && (::connect(sock.get(), server.data(), server.size()) == 0 ||
                     twist::last_error() == std::errc::operation_in_progress))
            return sock;
        reason = twist::last_error();
    }
    throw twist::ConnectError(
        "Can't connect to " + to_string(address) + ": " + twist::describe(reason) + ".", reason);
}

// The socket is writable: it is connected, or the attempt has failed.
void finish_connecting(Task& task) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(task.sock.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    task.connected = error == 0;
    if (task.connected) {
        std::cout << "Task " << task.task_num << ": connected to " << task.address << std::endl;
        return;
    }
    const std::error_code reason(error, std::system_category());
    std::cerr << "Task " << task.task_num << ": can't connect to " << task.address << ": "
              << twist::describe(reason) << '.' << std::endl;
    task.sock.close();
}

// Takes what has arrived, and does not wait for more.
void receive(Task& task) {
    std::string data;
    char buffer[1024];
    ssize_t size = 0;
    while ((size = ::recv(task.sock.get(), buffer, sizeof buffer, 0)) > 0)
        data.append(buffer, static_cast<std::size_t>(size));
    const std::error_code reason = twist::last_error();
    task.poem += data;
    if (!data.empty())
        std::cout << "Task " << task.task_num << ": got " << data.size() << " bytes of poetry from "
                  << task.address << std::endl;
    if (size == -1 && reason == std::errc::operation_would_block)
        return;
    task.sock.close();
    task.complete = size == 0;
    if (task.complete)
        std::cout << "Task " << task.task_num << " finished" << std::endl;
    else
        std::cerr << "Incomplete poem from " << task.address << ": " << twist::describe(reason)
                  << ".\n";
}

void get_poetry(std::vector<Task>& tasks) {
    for (;;) {
        fd_set readable, writable;
        FD_ZERO(&readable);
        FD_ZERO(&writable);
        int highest = -1;
        for (const Task& task : tasks) {
            if (task.sock)
                FD_SET(task.sock.get(), task.connected ? &readable : &writable);
            highest = std::max(highest, task.sock.get());
        }
        if (highest == -1)
            return;
        // The only call that waits: with no time-out, until something arrives.
        if (::select(highest + 1, &readable, &writable, nullptr, nullptr) == -1)
            throw twist::Exception("select: " + twist::describe(twist::last_error()) + ".");
        for (Task& task : tasks)
            if (task.sock && FD_ISSET(task.sock.get(), &writable))
                finish_connecting(task);
            else if (task.sock && FD_ISSET(task.sock.get(), &readable))
                receive(task);
    }
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    const twist::Stopwatch stopwatch;
    std::vector<Task> tasks;
    for (const twist::Address& address : addresses)
        tasks.push_back({tasks.size() + 1, address, connect(address)});

    get_poetry(tasks);

    std::size_t poems = 0;
    for (const Task& task : tasks)
        if (task.complete) {
            ++poems;
            std::cout << "Task " << task.task_num << ": " << task.poem.size()
                      << " bytes of poetry\n";
        }
    std::cout << "Got " << poems << " poems in " << stopwatch << std::endl;
    return poems == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
