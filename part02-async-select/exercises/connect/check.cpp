// connect without blocking: a server whose queue is full does not answer those who connect.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <vector>

#include "common/address.hpp"
#include "common/file_descriptor.hpp"
#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

// Listens, and has as many in its queue as fit: the kernel answers nobody else.
class Silent {
  public:
    Silent() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) == -1 ||
            ::listen(socket_.get(), 0) == -1)
            fail({"The check could not get a port.", "检查程序无法取得端口。"});
        const twist::SocketAddress there = twist::SocketAddress::local(socket_.get());
        for (int i = 0; i < 4; ++i) {
            queue_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            queue_.back().set_nonblocking();
            static_cast<void>(::connect(queue_.back().get(), there.data(), there.size()));
        }
    }
    std::string port() const {
        return std::to_string(twist::SocketAddress::local(socket_.get()).address().port);
    }

  private:
    twist::FileDescriptor socket_;
    std::vector<twist::FileDescriptor> queue_;
};

} // namespace

CHECK(Text{"the first of two servers does not answer", "两个服务器中的第一个不应答"}) {
    const Silent silent;
    Listener server;
    act({"start it with a server that does not answer, and a good one",
         "用一个不应答的服务器和一个正常的服务器启动它"});
    Program program({silent.port(), server.port()});
    act({"the good one accepts", "正常的那个接受连接"});
    Connection client = server.accept();
    program.wait_for("Task 2: connected to");
    act({"it sends a poem, and closes", "它发送一首诗，然后关闭"});
    client.send("a poem");
    program.wait_for("Task 2: got 6 bytes of poetry");
    client.finish();
    program.wait_for("Task 2 finished");
    expect(program.out().find("Task 1: connected") == std::string::npos,
           {"It says that it is connected to the server that does not answer.",
            "它说已经连接到了那个不应答的服务器。"});
}

CHECK(Text{"nobody listens on the first port", "第一个端口上没有服务器"}) {
    const Nobody nobody;
    Listener server;
    act({"start it with a port where nobody listens, and a good one",
         "用一个没有服务器的端口和一个正常的端口启动它"});
    Program program({std::to_string(nobody.address().port), server.port()});
    Connection client = server.accept();
    const std::string reason = program.wait_for("Task 1: can't connect to ");
    expect(reason.find("111") != std::string::npos || reason.find("refused") != std::string::npos,
           {"It does not give the reason: the connection was refused.",
            "它没有给出原因：连接被拒绝。"});
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
    program.wait_for("Task 1: connected to");
    act({"nothing comes for a while", "一段时间内什么都不来"});
    expect(program.is_idle(),
           {"It turns and turns while nothing comes.", "没有东西到来时，它在空转。"});
    act({"the poem comes", "诗来了"});
    client.send("a poem");
    client.finish();
    expect_equal({"the exit status", "退出状态"}, program.wait().status, 0);
}
