// get-poetry - downloads poems one after the other; every call waits until it is done.
// Answers blocking-client/get-poetry.py
#include "twist/base/file_descriptor.hpp"
#include "twist/base/seconds.hpp"
#include "twist/net/address.hpp"
#include "twist/net/error.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>
#include <string>
#include <sys/socket.h>

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

std::string get_poetry(const twist::Address& address) {
    const twist::FileDescriptor sock = connect(address);
    std::string poem;
    char buffer[1024];
    ssize_t size = 0;
    while ((size = ::recv(sock.get(), buffer, sizeof buffer, 0)) > 0)
        poem.append(buffer, static_cast<std::size_t>(size));
    if (size == -1) {
        const std::error_code reason = twist::last_error();
        throw twist::SystemError("Incomplete poem from " + to_string(address) + ": " +
                                     twist::describe(reason) + ".",
                                 reason);
    }
    return poem;
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, one after the other.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    twist::Seconds elapsed{0};
    std::size_t task_num = 0;
    for (const twist::Address& address : addresses) {
        std::cout << "Task " << ++task_num << ": get poetry from: " << address << std::endl;
        const twist::Stopwatch stopwatch;
        const std::string poem = get_poetry(address);
        const twist::Seconds time = stopwatch.elapsed();
        std::cout << "Task " << task_num << ": got " << poem.size() << " bytes of poetry from "
                  << address << " in " << twist::Elapsed{time} << std::endl;
        elapsed += time;
    }
    std::cout << "Got " << addresses.size() << " poems in " << twist::Elapsed{elapsed} << std::endl;
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
