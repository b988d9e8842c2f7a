// Fired twice: a poem, a refusal, a reset.
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

// Resets a connection that the program knows: it sleeps until something arrives there.
void reset_when_known(const Program& program, Connection& connection) {
    static_cast<void>(program.is_idle());
    connection.reset();
}

} // namespace

CHECK(Text{"a poem", "一首诗"}) {
    Listener server;
    act({"start it", "启动它"});
    Program program({server.port()});
    act({"send a poem", "发送一首诗"});
    Connection client = server.accept();
    client.send("a poem");
    client.finish();
    const Ending ending = program.wait();
    expect_equal({"what it prints on stderr for a poem", "收到诗时它在 stderr 上说的话"},
                 ending.err, std::string());
    expect_equal({"what it prints", "它打印的内容"}, ending.out, std::string("a poem\n"));
    expect_equal({"the exit status", "退出状态"}, ending.status, 0);
}

CHECK(Text{"a refusal", "被拒绝"}) {
    const Nobody nobody;
    act({"start it with a port where nobody listens", "用没有服务器的端口启动它"});
    Program program({std::to_string(nobody.address().port)});
    const Ending ending = program.wait();
    expect_equal({"what it prints on stderr for a refusal", "被拒绝时它在 stderr 上说的话"},
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
    reset_when_known(program, client);
    const Ending ending = program.wait();
    // If it was very slow, it did not know the connection yet: a ConnectError.
    const bool is_one_line = ending.err.find('\n') + 1 == ending.err.size();
    if (!is_one_line || !ending.err.starts_with("Poem failed: [Failure: Connect"))
        fail({"It does not say in one line on stderr that the poem failed.",
              "它没有在 stderr 上用一行说明诗失败了。"},
             show(ending.err), show("Poem failed: [Failure: …]\n"));
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"two servers, of which the first is reset", "两个服务器，第一个被重置"}) {
    Listener broken, good;
    act({"start it with both", "用两个服务器启动它"});
    Program program({broken.port(), good.port()});
    Connection part = broken.accept(), poem = good.accept();
    act({"the first one resets, then the second one sends a poem",
         "第一个重置，然后第二个发送一首诗"});
    reset_when_known(program, part);
    program.wait_for("Poem failed: ");
    poem.send("a poem");
    poem.finish();
    const Ending ending = program.wait();
    expect_equal({"what it prints", "它打印的内容"}, ending.out, std::string("a poem\n"));
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}
