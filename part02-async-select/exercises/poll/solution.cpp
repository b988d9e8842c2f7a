// get-poetry - downloads poems all at the same time, on descriptors with any number.
#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/base/seconds.hpp"
#include "twist/net/address.hpp"
#include "twist/net/error.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>
#include <poll.h>
#include <string>
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
    for (;;) {
        std::vector<pollfd> watched; // one for each task; poll ignores a negative descriptor
        bool waiting = false;
        for (const Task& task : tasks) {
            watched.push_back({task.sock.get(), POLLIN, 0});
            waiting = waiting || task.sock;
        }
        if (!waiting)
            return;
        // The only call that waits: with no time-out, until something arrives.
        if (::poll(watched.data(), watched.size(), -1) == -1)
            throw twist::Exception("poll: " + twist::describe(twist::last_error()) + ".");
        for (std::size_t i = 0; i < tasks.size(); ++i)
            if (watched[i].revents != 0)
                receive(tasks[i]);
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
