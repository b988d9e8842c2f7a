#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sstream>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

namespace check {

namespace {

bool can_be_read(int fd) {
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
}

// Waits until it can be read; false if it can't.
bool readable(int fd) {
    return wait_until([fd] { return can_be_read(fd); });
}

sockaddr_in local(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

twist::FileDescriptor new_socket() {
    return twist::FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

// Whether a line contains the words, the port, and one of the forms of the reason. A number counts
// only after the port, which may contain the same digits.
bool tells_of(const std::string& printed, const std::string& port, const std::string& words,
              const std::array<std::string, 3>& reason) {
    std::istringstream lines(printed);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find(port);
        if (at == std::string::npos || line.find(words) == std::string::npos)
            continue;
        if (line.find(reason[0]) != std::string::npos ||
            line.find(reason[1]) != std::string::npos ||
            line.find(reason[2], at + port.size()) != std::string::npos)
            return true;
    }
    return false;
}

} // namespace

// Connection --------------------------------------------------------------------------------------

void Connection::send(const std::string& data) {
    std::string_view rest = data;
    while (!rest.empty()) {
        const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent == -1)
            fail({"The program closed the connection while it was being sent data.",
                  "程序在对方还在发送时就关闭了连接。"});
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string Connection::receive() {
    if (!readable(socket_.get()))
        fail({"The program sends nothing, and does not close the connection.",
              "程序既不发送数据，也不关闭连接。"});
    std::array<char, 65536> buffer{};
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

std::string Connection::receive_all() {
    std::string all;
    for (std::string some = receive(); !some.empty(); some = receive())
        all += some;
    return all;
}

bool Connection::ended() {
    char byte = 0;
    return readable(socket_.get()) && ::recv(socket_.get(), &byte, 1, 0) <= 0;
}

void Connection::finish() {
    ::shutdown(socket_.get(), SHUT_WR);
    while (!receive().empty()) {
    }
    socket_.close();
}

void Connection::reset() {
    wait_until([this] { // the other side has acknowledged everything
        int unread = 0;
        ::ioctl(socket_.get(), SIOCOUTQ, &unread);
        return unread == 0;
    });
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.close();
}

bool Connection::offer(const std::string& data) {
    char byte = 0;
    return ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0 &&
           ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL) != -1;
}

// Listener ----------------------------------------------------------------------------------------

Listener::Listener() : socket_(new_socket()) {
    const sockaddr_in here = local(0);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) == -1 ||
        ::listen(socket_.get(), SOMAXCONN) == -1)
        fail({"The check could not get a port.", "检查程序无法取得端口。"});
}

std::string Listener::port() const {
    sockaddr_in here{};
    socklen_t size = sizeof here;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&here), &size);
    return std::to_string(ntohs(here.sin_port));
}

Connection Listener::accept() {
    if (!wait_until([this] { return is_waiting() || have_all_ended(); }) || !is_waiting())
        fail({"The program does not connect to the server.", "程序没有连接服务器。"},
             what_they_say(), "a connection to port " + port());
    return Connection(
        twist::FileDescriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
}

bool Listener::is_waiting() const {
    return can_be_read(socket_.get());
}

Connection connect(const std::string& port) {
    twist::FileDescriptor socket = new_socket();
    const sockaddr_in there = local(static_cast<std::uint16_t>(std::stoi(port)));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) == -1)
        fail({"The program does not accept a client.", "程序不接受客户端。"});
    return Connection(std::move(socket));
}

bool tells_of_refusal(const std::string& printed, const std::string& port,
                      const std::string& words) {
    return tells_of(printed, port, words, {"refused", "REFUSED", "111"});
}

bool tells_of_reset(const std::string& printed, const std::string& port, const std::string& words) {
    return tells_of(printed, port, words, {"reset", "RESET", "104"});
}

} // namespace check
