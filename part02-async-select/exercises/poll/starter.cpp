// get-poetry - downloads poems all at the same time, on descriptors with any number.
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
    std::string poem = {};
    bool complete = false;
};

twist::FileDescriptor connect(const twist::Address& address) {
    std::error_code reason;
    for (const twist::SocketAddress& server : twist::look_up(address)) {
        twist::FileDescriptor sock(::socket(server.family(), SOCK_STREAM, 0));
        // TODO: poll has no such limit.
        if (sock.get() >= FD_SETSIZE) // FD_SET would write past the end of the set
            throw twist::Exception("Can't wait for " + to_string(address) +
                                   ": select(2) takes only descriptors below " +
                                   std::to_string(FD_SETSIZE) + ".");
        if (sock && ::connect(sock.get(), server.data(), server.size()) == 0)
            return sock;
        reason = twist::last_error();
    }
    throw twist::ConnectError(
        "Can't connect to " + to_string(address) + ": " + twist::describe(reason) + ".", reason);
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
    // TODO: wait with poll(2).
    for (;;) {
        fd_set readable;
        FD_ZERO(&readable);
        int highest = -1;
        for (const Task& task : tasks) {
            if (task.sock)
                FD_SET(task.sock.get(), &readable);
            highest = std::max(highest, task.sock.get());
        }
        if (highest == -1)
            return;
        // The only call that waits: with no time-out, until something arrives.
        if (::select(highest + 1, &readable, nullptr, nullptr, nullptr) == -1)
            throw twist::Exception("select: " + twist::describe(twist::last_error()) + ".");
        for (Task& task : tasks)
            if (task.sock && FD_ISSET(task.sock.get(), &readable))
                receive(task);
    }
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    const twist::Stopwatch stopwatch;
    std::vector<Task> tasks;
    for (const twist::Address& address : addresses) {
        tasks.push_back({tasks.size() + 1, address, connect(address)});
        tasks.back().sock.set_nonblocking();
    }

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
