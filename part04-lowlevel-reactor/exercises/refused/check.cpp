// A refused connection: the check plays the servers, except those that do not exist.
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

// Starts the program with three servers; number `refused` does not exist.
void expect_the_other_two(std::size_t refused) {
    const Nobody nobody;
    Listener one, two;
    std::vector<std::string> ports{one.port(), two.port()};
    const std::string nobodys = std::to_string(nobody.address().port);
    ports.insert(ports.begin() + static_cast<std::ptrdiff_t>(refused), nobodys);
    act({"start it with three ports; nobody listens on port " + nobodys,
         "用三个端口启动它；端口 " + nobodys + " 上没有人监听"});
    Program program(ports);
    act({"the other two send their poems", "另外两个发送诗"});
    for (Listener* const server : {&one, &two}) {
        Connection client = server->accept();
        client.send("a poem from port " + server->port());
        client.finish();
    }
    const Ending ending = program.wait();
    expect(tells_of_refusal(ending.err, nobodys),
           {"It does not say on stderr that the connection to port " + nobodys + " was refused.",
            "它没有在 stderr 上说明到端口 " + nobodys + " 的连接被拒绝。"});
    const std::size_t got = ending.out.rfind("Got ");
    expect_equal({"the number of poems that it reports", "它说自己得到的诗的数目"},
                 got == std::string::npos ? "" : ending.out.substr(got, 11),
                 std::string("Got 2 poems"));
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

} // namespace

CHECK(Text{"the second of three is refused", "三个中的第二个被拒绝"}) {
    expect_the_other_two(1);
}

CHECK(Text{"the first of three is refused", "三个中的第一个被拒绝"}) {
    expect_the_other_two(0);
}

CHECK(Text{"the last of three is refused", "三个中的最后一个被拒绝"}) {
    expect_the_other_two(2);
}

CHECK(Text{"all are refused", "全部被拒绝"}) {
    const Nobody nobody, nobody_either;
    act({"start it with two ports where nobody listens", "用两个没有人监听的端口启动它"});
    Program program(
        {std::to_string(nobody.address().port), std::to_string(nobody_either.address().port)});
    const Ending ending = program.wait();
    for (const Nobody* const each : {&nobody, &nobody_either})
        expect(ending.err.find(":" + std::to_string(each->address().port)) != std::string::npos,
               {"It does not name both addresses on stderr.", "它没有在 stderr 上说明两个地址。"});
    expect(ending.out.find("Got 0 poems") != std::string::npos,
           {"It does not say at the end that it got 0 poems.", "它最后没有说自己得到了 0 首诗。"});
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
}

CHECK(Text{"an unknown name", "没有人认识的名字"}) {
    const std::string unknown = std::string(64, 'a') + ".invalid"; // a label too long for a name
    Listener server;
    act({"start it with an unknown name and a good port",
         "用一个没有人认识的名字和一个正常的端口启动它"});
    Program program({unknown + ":10000", server.port()});
    Connection client = server.accept();
    client.send("a poem");
    client.finish();
    const Ending ending = program.wait();
    expect(ending.err.find(unknown) != std::string::npos,
           {"It does not say on stderr which name is unknown.",
            "它没有在 stderr 上说明哪个名字没有人认识。"});
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
