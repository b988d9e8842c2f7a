// A server that fails: the check plays three servers, and one that does not exist.
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

void expect_got(const Ending& ending, const std::string& expected) {
    const std::size_t at = ending.out.rfind("Got ");
    expect_equal({"the number of poems that it reports", "它说自己得到的诗的数目"},
                 at == std::string::npos ? "" : ending.out.substr(at, expected.size()), expected);
}

void send_poem(Connection client) {
    client.send("a poem");
    client.finish();
}

} // namespace

CHECK(Text{"nobody listens on the first port", "第一个端口上没有服务器"}) {
    const Nobody nobody;
    Listener server;
    const std::string refused = std::to_string(nobody.address().port);
    act({"start it with a port where nobody listens, and a good one",
         "用一个没有服务器的端口和一个正常的端口启动它"});
    Program program({refused, server.port()});
    act({"accept the connection on the good one, and send the poem",
         "在正常的端口上接受连接，并发送诗"});
    send_poem(server.accept());
    const Ending ending = program.wait();
    expect(tells_of_refusal(ending.out + ending.err, refused),
           {"It does not say that the connection to port " + refused + " was refused.",
            "它没有说明到端口 " + refused + " 的连接被拒绝。"});
    expect(tells_of_refusal(ending.out + ending.err, refused, "Task 1: "),
           {"It says what failed, but not in a line 'Task 1: …'.",
            "它说明了什么失败了，但不是以“Task 1: …”的形式。"});
    expect_got(ending, "Got 1 poems");
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"the second of three is reset in the middle", "三个服务器中的第二个在中途被重置"}) {
    Listener first, second, third;
    act({"start it with three servers", "用三个服务器启动它"});
    Program program({first.port(), second.port(), third.port()});
    act({"the first one sends a poem", "第一个发送一首诗"});
    send_poem(first.accept());
    act({"the second one sends a part, and resets", "第二个发送一部分，然后重置"});
    Connection two = second.accept();
    two.send("the sec");
    two.reset();
    act({"the third one sends a poem", "第三个发送一首诗"});
    send_poem(third.accept());
    const Ending ending = program.wait();
    expect(tells_of_reset(ending.out + ending.err, second.port(), "Task 2: "),
           {"No line 'Task 2: …' says that the connection to port " + second.port() + " was reset.",
            "没有一行“Task 2: …”说明到端口 " + second.port() + " 的连接被重置。"});
    expect_got(ending, "Got 2 poems");
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"an unknown name", "没有人认识的名字"}) {
    const std::string unknown = std::string(64, 'a') + ".invalid"; // a label too long for a name
    Listener server;
    act({"start it with an unknown name and a good port",
         "用一个没有人认识的名字和一个正常的端口启动它"});
    Program program({unknown + ":10000", server.port()});
    act({"accept the connection on the good one, and send the poem",
         "在正常的端口上接受连接，并发送诗"});
    send_poem(server.accept());
    const Ending ending = program.wait();
    expect_got(ending, "Got 1 poems");
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"an empty poem", "空诗"}) {
    Listener server;
    Program program({server.port()});
    act({"the server sends nothing, and closes normally", "服务器什么也不发送，正常关闭"});
    server.accept().finish();
    const Ending ending = program.wait();
    expect_got(ending, "Got 1 poems");
    expect_equal({"the exit status", "退出状态"}, ending.status, 0);
}

CHECK(Text{"nothing fails", "没有失败"}) {
    Listener server;
    Program program({server.port()});
    send_poem(server.accept());
    expect_equal({"the exit status", "退出状态"}, program.wait().status, 0);
}
