// Which server failed? Three servers: one does not exist, one resets, one is good.
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"

using namespace check;

CHECK(Text{"one is not there, one is reset later, one is good",
           "一个不存在，一个稍后被重置，一个正常"}) {
    const Nobody nobody;
    Listener broken, good;
    const std::string nowhere = std::to_string(nobody.address().port);
    act({"start it with the three of them", "用这三个服务器启动它"});
    Program program({broken.port(), nowhere, good.port()});
    Connection part = broken.accept();
    Connection poem = good.accept();
    const std::string first = program.wait_for("Poem failed: 127.0.0.1:");
    if (!first.starts_with(nowhere + ": [Failure: ConnectionRefusedError"))
        fail({"It does not name the server that is not there", "它没有说出不存在的那个服务器"},
             show(first), show(nowhere + ": [Failure: ConnectionRefusedError: …"));
    act({"the good one sends a poem", "正常的服务器发送一首诗"});
    poem.send("a poem");
    poem.finish();
    act({"the first one sends a part, and resets", "第一个发送一部分，然后重置"});
    part.send("a part");
    static_cast<void>(program.is_idle()); // it has handled all that, and waits for more
    part.reset();
    const Ending ending = program.wait();
    const std::string line =
        "Poem failed: 127.0.0.1:" + broken.port() + ": [Failure: ConnectionLost";
    if (ending.err.find(line) == std::string::npos)
        fail({"It does not name the server that was reset", "它没有说出被重置的那个服务器"},
             show(ending.err), show(line));
    expect_equal({"what it prints on stdout", "它在 stdout 上打印的内容"}, ending.out,
                 std::string("a poem\n"));
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}
