// All or nothing: the check plays three servers and finishes them in its own order.
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

const Text start{"start it with three servers that accept", "用三个服务器启动它，三个都接受连接"};
const Text what_it_prints{"what it prints", "它打印的内容"};
const Text status{"the exit status", "退出状态"};

// The program, and its three connections.
struct Three {
    Listener servers[3];
    Program program{{servers[0].port(), servers[1].port(), servers[2].port()}};
    Connection first = servers[0].accept(), second = servers[1].accept(),
               third = servers[2].accept();
};

void send(Connection& connection, const std::string& poem) {
    connection.send(poem);
    connection.finish();
}

void expect_nothing(const Ending& ending) {
    if (!ending.out.empty())
        fail({"It prints poems, although one is missing.", "缺了一首诗，它却打印了诗。"},
             show(ending.out));
    expect(!ending.err.empty(),
           {"It does not say why there are no poems.", "它没有说明为什么没有诗。"});
    expect_equal(status, ending.status, 1);
}

} // namespace

CHECK(Text{"all arrive, the last one first", "全部到达，最后一个最先"}) {
    act(start);
    Three three;
    act({"the third sends its poem, then the second, then the first",
         "第三个发送诗，然后第二个，然后第一个"});
    send(three.third, "poem 3");
    send(three.second, "poem 2");
    send(three.first, "poem 1");
    const Ending ending = three.program.wait();
    expect_equal(what_it_prints, ending.out, std::string("poem 1\npoem 2\npoem 3\n"));
    expect_equal(status, ending.status, 0);
}

CHECK(Text{"the last one to arrive is cut", "最后到达的被截断"}) {
    act(start);
    Three three;
    act({"the second and the third send their poems", "第二个和第三个发送诗"});
    send(three.second, "poem 2");
    send(three.third, "poem 3");
    act({"the first sends a part and resets", "第一个发送一部分，然后重置连接"});
    three.first.send("po");
    three.first.reset();
    expect_nothing(three.program.wait());
}

CHECK(Text{"the last one of the command line is cut", "命令行里最后一个被截断"}) {
    act(start);
    Three three;
    act({"the first and the second send their poems", "第一个和第二个发送诗"});
    send(three.first, "poem 1");
    send(three.second, "poem 2");
    act({"the third sends a part and resets", "第三个发送一部分，然后重置连接"});
    three.third.send("po");
    three.third.reset();
    expect_nothing(three.program.wait());
}

CHECK(Text{"nothing listens on one of the ports", "有一个端口上没有服务器"}) {
    const Nobody nobody;
    act({"start it with a port where nothing listens", "用一个没有服务器的端口启动它"});
    Program program({std::to_string(nobody.address().port)});
    expect_nothing(program.wait());
}
