// A server that fails: the check plays three servers, and one that is not there.
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"

using namespace check;

CHECK(Text{"nobody listens on the first port", "第一个端口上没有服务器"}) {
    const Nobody nobody;
    Listener server;
    const std::string refused = std::to_string(nobody.address().port);
    act({"start it with a port where nobody listens, and a good one",
         "用一个没有服务器的端口和一个正常的端口启动它"});
    Program program({refused, server.port()});
    act({"accept it on the good one, and send the poem", "在正常的端口上接受连接，并发送诗"});
    Connection client = server.accept();
    client.send("a poem");
    client.finish();
    const Ending ending = program.wait();
    expect(tells_of_refusal(ending.out + ending.err, refused),
           {"It does not say that the connection to port " + refused + " was refused.",
            "它没有说明到端口 " + refused + " 的连接被拒绝。"});
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"the second of three is reset in the middle", "三个服务器中的第二个在中途被重置"}) {
    Listener first, second, third;
    act({"start it with three servers", "用三个服务器启动它"});
    Program program({first.port(), second.port(), third.port()});
    act({"the first one sends a poem", "第一个发送一首诗"});
    Connection one = first.accept();
    one.send("the first poem");
    one.finish();
    act({"the second one sends a part, and resets", "第二个发送一部分，然后重置连接"});
    Connection two = second.accept();
    two.send("the sec");
    two.reset();
    act({"the third one sends a poem", "第三个发送一首诗"});
    Connection three = third.accept();
    three.send("the third poem");
    three.finish();
    const Ending ending = program.wait();
    const std::size_t got = ending.out.rfind("Got ");
    expect_equal({"how many poems it says it got", "它说自己得到的诗的数目"},
                 got == std::string::npos ? "" : ending.out.substr(got, 11),
                 std::string("Got 2 poems"));
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"nothing fails", "没有失败"}) {
    Listener server;
    Program program({server.port()});
    Connection client = server.accept();
    client.send("a poem");
    client.finish();
    expect_equal({"the exit status", "退出状态"}, program.wait().status, 0);
}
