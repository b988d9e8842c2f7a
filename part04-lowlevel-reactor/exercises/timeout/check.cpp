// A time-out on the reactor: the check plays the servers. It passes the time-outs to the program;
// a poem that must be in time is sent at once, or has half a minute.
#include <poll.h>
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

void expect_got(const Ending& ending, int poems) {
    const std::size_t at = ending.out.rfind("Got ");
    const std::string expected = "Got " + std::to_string(poems) + " poems";
    expect_equal({"the number of poems that it reports", "它说自己得到的诗的数目"},
                 at == std::string::npos ? "" : ending.out.substr(at, expected.size()), expected);
}

void expect_given_up(const Ending& ending, const std::string& port) {
    expect(ending.err.find(":" + port) != std::string::npos,
           {"The poem that was given up (port " + port + ") is not named on stderr.",
            "stderr 上没有说明被放弃的诗（端口 " + port + "）。"});
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

} // namespace

CHECK(Text{"the poem comes in time", "诗及时到达"}) {
    Listener server;
    act({"start it with --timeout 60", "用 --timeout 60 启动它"});
    Program program({"--timeout", "60", server.port()});
    act({"send a poem", "发送一首诗"});
    Connection client = server.accept();
    client.send("a poem");
    client.finish();
    const Ending ending = program.wait();
    expect_got(ending, 1);
    expect_equal({"the exit status", "退出状态"}, ending.status, 0);
}

CHECK(Text{"one server of three sends its poem, two are silent",
           "三个服务器中一个发送诗，两个什么也不说"}) {
    Listener talks, silent, silent_too;
    act({"start it with --timeout 1 and three servers", "用 --timeout 1 和三个服务器启动它"});
    Program program({"--timeout", "1", talks.port(), silent.port(), silent_too.port()});
    act({"the first one sends its poem at once", "第一个立刻发送诗"});
    Connection first = talks.accept();
    first.send("the first poem");
    first.finish();
    act({"the second one sends nothing", "第二个什么也不说"});
    Connection second = silent.accept();
    act({"the third one sends a part of a poem, and no more", "第三个只发送诗的一部分"});
    Connection third = silent_too.accept();
    third.send("the thi");
    const Ending ending = program.wait();
    expect_got(ending, 1);
    expect_given_up(ending, silent.port());
    expect_given_up(ending, silent_too.port());
    expect(ending.err.find(":" + talks.port()) == std::string::npos,
           {"The first poem was complete in time, but was given up.",
            "第一首诗及时到达，却还是被放弃了。"});
}

CHECK(Text{"a server that always sends a little more", "总是再多发一点点的服务器"}) {
    Listener server;
    act({"start it with --timeout 0.5", "用 --timeout 0.5 启动它"});
    Program program({"--timeout", "0.5", server.port()});
    Connection client = server.accept();
    act({"send a word every 20 ms, endlessly", "每 20 毫秒发送一个词，永不结束"});
    int words = 0;
    while (client.offer("word ")) {
        expect(++words < 200,
               {"It waits for the end of a poem that takes longer than the time-out.",
                "诗已经超过时限，它却还在等诗的结尾。"});
        ::poll(nullptr, 0, 20);
    }
    const Ending ending = program.wait();
    expect_got(ending, 0);
    expect_given_up(ending, server.port());
}
