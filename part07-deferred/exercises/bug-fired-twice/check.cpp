// Fired twice: a poem, a refusal, a reset.
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"

using namespace check;

CHECK(Text{"a poem", "一首诗"}) {
    Listener server;
    act({"start it", "启动它"});
    Program program({server.port()});
    act({"send a poem", "发送一首诗"});
    Connection client = server.accept();
    client.send("a poem");
    client.finish();
    const Ending ending = program.wait();
    expect_equal({"what it says on stderr of a poem", "收到诗时它在 stderr 上说的话"}, ending.err,
                 std::string());
    expect_equal({"what it prints", "它打印的内容"}, ending.out, std::string("a poem\n"));
    expect_equal({"the exit status", "退出状态"}, ending.status, 0);
}

CHECK(Text{"a refusal", "被拒绝"}) {
    const Nobody nobody;
    act({"start it with a port where nobody listens", "用没有服务器的端口启动它"});
    Program program({std::to_string(nobody.address().port)});
    const Ending ending = program.wait();
    expect_equal({"what it says on stderr of a refusal", "被拒绝时它在 stderr 上说的话"},
                 ending.err,
                 std::string("Poem failed: [Failure: ConnectionRefusedError: Connection was "
                             "refused by other side: 111: Connection refused.]\n"));
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"a reset in the middle", "中途重置"}) {
    Listener server;
    act({"start it", "启动它"});
    Program program({server.port()});
    act({"send a part, and reset", "发送一部分，然后重置"});
    Connection client = server.accept();
    client.send("a part");
    client.reset();
    const Ending ending = program.wait();
    expect_equal({"what it says on stderr of a reset", "被重置时它在 stderr 上说的话"}, ending.err,
                 std::string("Poem failed: [Failure: ConnectionLost: Connection to the other side "
                             "was lost in a non-clean fashion.]\n"));
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}
