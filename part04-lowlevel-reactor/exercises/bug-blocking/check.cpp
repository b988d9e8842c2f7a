// A callback that waits: the check plays a silent server, and one that sends.
#include <csignal>
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

void expect_got(const Ending& ending, const std::string& expected) {
    const std::size_t at = ending.out.rfind("Got ");
    expect_equal({"the number of poems that it reports", "它说自己得到的"},
                 at == std::string::npos ? "" : ending.out.substr(at, expected.size()), expected);
}

// The numbers of the tasks that received something, piece by piece: "11222".
std::string pieces(const std::string& printed) {
    std::string tasks;
    for (std::size_t at = printed.find(": got "); at != std::string::npos;
         at = printed.find(": got ", at + 1))
        tasks += printed[at - 1];
    return tasks;
}

} // namespace

CHECK(Text{"the first server is silent after a part", "第一个服务器发送一部分后沉默"}) {
    Listener slow, fast;
    act({"start it with two servers", "用两个服务器启动它"});
    Program program({slow.port(), fast.port()});
    Connection first = slow.accept();
    Connection second = fast.accept();
    act({"the first one sends a part of its poem", "第一个发送诗的一部分"});
    first.send("a part ");
    program.wait_for("Task 1: got 7 bytes");
    act({"the second one sends its poem: it must be finished now", "第二个发送诗：它现在就该完成"});
    second.send("a whole poem");
    second.finish();
    program.wait_for("Task 2 finished");
    act({"the first one sends the rest", "第一个发送其余部分"});
    first.send("and the rest");
    first.finish();
    const Ending ending = program.wait();
    expect(ending.out.find("Task 1: 19 bytes") != std::string::npos,
           {"The first poem is not complete.", "第一首诗不完整。"});
    expect_got(ending, "Got 2 poems");
    expect_equal({"the exit status", "退出状态"}, ending.status, 0);
}

CHECK(Text{"a poem of many kilobytes", "许多千字节的诗"}) {
    Listener server;
    Program program({server.port()});
    act({"a server sends 100,000 bytes", "服务器发送 100,000 字节"});
    Connection client = server.accept();
    client.send(std::string(100'000, 'a'));
    client.finish();
    const Ending ending = program.wait();
    expect(ending.out.find("Task 1: 100000 bytes") != std::string::npos,
           {"The poem is not complete.", "诗不完整。"});
    expect_got(ending, "Got 1 poems");
}

CHECK(Text{"both servers send a lot while it is busy", "它正忙的时候，两个服务器都发送了很多"}) {
    Listener first, second;
    Program program({first.port(), second.port()});
    Connection one = first.accept(), two = second.accept();
    one.send("A");
    program.wait_for("Task 1: got 1 bytes");
    act({"each server sends 9,000 bytes before it can read",
         "它还没来得及看，每个服务器就发送了 9,000 字节"});
    program.pause();
    one.send(std::string(9'000, 'a'));
    two.send(std::string(9'000, 'b'));
    program.resume();
    one.finish();
    two.finish();
    const Ending ending = program.wait();
    const std::string tasks = pieces(ending.out).substr(1);
    const std::size_t change = tasks.find(tasks[0] == '1' ? '2' : '1');
    if (tasks.find(tasks[0], change) != std::string::npos)
        fail({"do_read does not read everything that has arrived: the tasks take turns.",
              "do_read 没有取走已经到来的全部内容：两个任务轮流得到数据。"},
             tasks);
    expect_got(ending, "Got 2 poems");
}

CHECK(Text{"a poem that is cut by a reset", "被重置中断的诗"}) {
    Listener server;
    Program program({server.port()});
    Connection client = server.accept();
    act({"the server sends a part of its poem, and resets", "服务器发送诗的一部分，然后重置"});
    client.send("a part ");
    program.wait_for("Task 1: got 7 bytes");
    client.reset();
    const Ending ending = program.wait();
    expect_got(ending, "Got 0 poems");
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"Ctrl-C while a server is silent", "服务器沉默时按 Ctrl-C"}) {
    Listener server;
    Program program({server.port()});
    Connection client = server.accept();
    act({"the server sends a part of its poem", "服务器发送诗的一部分"});
    client.send("a part ");
    program.wait_for("Task 1: got 7 bytes");
    act({"Ctrl-C", "按 Ctrl-C"});
    program.signal(SIGINT);
    const Ending ending = program.wait();
    expect_got(ending, "Got 0 poems");
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}
