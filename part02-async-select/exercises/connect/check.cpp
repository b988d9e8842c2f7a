// connect without blocking: a server with a full queue does not answer new connections.
#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/net/address.hpp"

using namespace check;

namespace {

// Listens with a full queue: the kernel answers no other client until `accept`.
class Silent {
  public:
    Silent() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) == -1 ||
            ::listen(socket_.get(), 0) == -1)
            fail({"The check could not get a port.", "检查程序无法取得端口。"});
        const twist::SocketAddress there = local(socket_);
        for (int i = 0; i < 4; ++i) {
            queue_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            queue_.back().set_nonblocking();
            static_cast<void>(::connect(queue_.back().get(), there.data(), there.size()));
        }
    }
    std::string port() const { return std::to_string(local(socket_).address().port); }

    // Answers every client, and returns the program's connection: the kernel tries again about once
    // a second, as long as the program has its socket.
    Connection accept() {
        ::listen(socket_.get(), SOMAXCONN);
        pollfd watched{socket_.get(), POLLIN, 0};
        while (::poll(&watched, 1, 6000) == 1) {
            sockaddr_in peer{};
            socklen_t size = sizeof peer;
            auto* const address = reinterpret_cast<sockaddr*>(&peer);
            twist::FileDescriptor client(::accept4(socket_.get(), address, &size, SOCK_CLOEXEC));
            const bool is_own =
                std::any_of(queue_.begin(), queue_.end(), [&](const twist::FileDescriptor& own) {
                    return local(own).address().port == ntohs(peer.sin_port);
                });
            if (!is_own)
                return Connection(std::move(client));
        }
        fail({"It no longer waits for the server that answers late.",
              "它不再等待那个很晚才应答的服务器。"});
    }

  private:
    static twist::SocketAddress local(const twist::FileDescriptor& socket) {
        return twist::SocketAddress::local(socket.get());
    }

    twist::FileDescriptor socket_;
    std::vector<twist::FileDescriptor> queue_;
};

// Waits for "Task N: connected to ADDRESS".
void expect_connected(Program& program, int task, const std::string& port) {
    const std::string address = program.wait_for("Task " + std::to_string(task) + ": connected to");
    expect(address.find(":" + port) != std::string::npos,
           {"It says that it is connected, but not to which address.",
            "它说已经连接，却没有说出连到了哪个地址。"});
}

void expect_idle(const Program& program) {
    act({"nothing arrives for a while", "一段时间内什么都不来"});
    expect(program.is_idle(), {"It spins while nothing arrives.", "没有东西到来时，它在空转。"});
}

} // namespace

CHECK(Text{"the first of two servers answers late", "两个服务器中的第一个很晚才应答"}) {
    Silent silent;
    Listener server;
    act({"start it with a server that does not answer, and a good one",
         "用一个不应答的服务器和一个正常的服务器启动它"});
    Program program({silent.port(), server.port()});
    act({"the good one accepts", "正常的那个接受连接"});
    Connection client = server.accept();
    expect_connected(program, 2, server.port());
    expect_idle(program);
    act({"it sends a poem, and closes", "它发送一首诗，然后关闭"});
    client.send("a poem");
    program.wait_for("Task 2: got 6 bytes of poetry");
    client.finish();
    program.wait_for("Task 2 finished");
    expect(program.out().find("Task 1: connected") == std::string::npos,
           {"It says that it is connected to the server that does not answer.",
            "它说已经连接到了那个不应答的服务器。"});
    act({"now the first one answers, and its poem comes together with the connection",
         "现在第一个应答了，诗和连接一起到来"});
    program.pause();
    Connection late = silent.accept();
    late.send("late poem");
    program.resume();
    expect_connected(program, 1, silent.port());
    program.wait_for("Task 1: got 9 bytes of poetry");
    const std::size_t connected = program.out().find("Task 1: connected to");
    expect(connected < program.out().find("Task 1: got"),
           {"It says that poetry has come before it says that it is connected.",
            "它先说诗来了，然后才说已经连接。"});
    late.finish();
    const Ending ending = program.wait();
    expect(ending.out.rfind("Task 1: connected to") == connected,
           {"It says twice that it is connected.", "它两次说已经连接。"});
    expect(ending.out.find("Got 2 poems") != std::string::npos,
           {"It did not get both poems.", "它没有得到两首诗。"});
    expect_equal({"the exit status", "退出状态"}, ending.status, 0);
}

CHECK(Text{"nobody listens on the first port", "第一个端口上没有服务器"}) {
    const Nobody nobody;
    Listener server;
    act({"start it with a port where nobody listens, and a good one",
         "用一个没有服务器的端口和一个正常的端口启动它"});
    const std::string refused = std::to_string(nobody.address().port);
    Program program({refused, server.port()});
    Connection client = server.accept();
    expect(tells_of_refusal(program.wait_for("Task 1: can't connect to"), refused),
           {"It does not give both the address and the reason: the connection was refused.",
            "它没有说出地址，或者没有给出原因：连接被拒绝。"});
    program.wait_for("Task 2: connected to");
    expect_idle(program);
    act({"the good one sends a poem, and closes", "正常的那个发送一首诗，然后关闭"});
    client.send("a poem");
    client.finish();
    const Ending ending = program.wait();
    expect(ending.out.find("Task 1: connected") == std::string::npos,
           {"It says that it is connected where nobody listens.",
            "没有服务器的地方，它却说已经连接。"});
    expect(ending.out.find("Got 1 poems") != std::string::npos,
           {"It did not get the poem of the good server.", "它没有得到正常服务器的诗。"});
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"a server that is connected, and silent", "已连接但沉默的服务器"}) {
    Listener server;
    Program program({server.port()});
    Connection client = server.accept();
    expect_connected(program, 1, server.port());
    expect_idle(program);
    act({"the poem comes", "诗来了"});
    client.send("a poem");
    client.finish();
    expect_equal({"the exit status", "退出状态"}, program.wait().status, 0);
}
