// The slow server on a bare select. A delay of 1,000 seconds shows which client is served first.
#include <csignal>
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

const std::string poem = "How happy is the little stone that rambles in the road alone";

} // namespace

CHECK(Text{"two clients and a very long delay", "两个客户端，延迟长得没有尽头"}) {
    const File file(poem);
    act({"start it with --num-bytes 9 --delay 1000", "用 --num-bytes 9 --delay 1000 启动它"});
    Program server({"--num-bytes", "9", "--delay", "1000", file.path()});
    const std::string port = server.port();
    act({"no client has connected yet", "还没有人来"});
    expect(server.is_idle(),
           {"It keeps looping while no client is connected.", "没有人的时候，它在空转。"});
    act({"a first client connects", "第一个客户端连接"});
    Connection first = connect(port);
    expect_equal({"the first piece for the first client", "第一个客户端最先得到的内容"},
                 first.receive(), poem.substr(0, 9));
    act({"a second client connects", "第二个客户端连接"});
    Connection second = connect(port);
    expect_equal({"the first piece for the second client", "第二个客户端最先得到的内容"},
                 second.receive(), poem.substr(0, 9));
    act({"no piece is due for a while", "一段时间内没有什么到期"});
    expect(server.is_idle(),
           {"It keeps looping while no piece is due.", "没有什么到期时，它在空转。"});
    act({"stop the server", "结束服务器"});
    server.signal(SIGKILL);
    expect_equal({"the text that the first client got meanwhile", "第一个客户端在此期间得到的内容"},
                 first.receive_all(), std::string());
}

CHECK(Text{"one piece at a time", "一段一段"}) {
    const File file(poem);
    act({"start it with --num-bytes 1 --delay 0.1", "用 --num-bytes 1 --delay 0.1 启动它"});
    Program server({"--num-bytes", "1", "--delay", "0.1", file.path()});
    act({"a client connects", "一个客户端连接"});
    Connection client = connect(server.port());
    expect_equal({"the client's first piece", "客户端最先得到的内容"}, client.receive(),
                 poem.substr(0, 1));
    act({"a delay passes", "过去一个延迟"});
    expect(client.receive().size() < poem.size() - 1, // else the check was stopped for six seconds
           {"After one delay the whole rest comes at once, not one piece.",
            "一个延迟之后，剩下的一下子全来了，而不是一段。"});
}

CHECK(Text{"two clients at the same time", "两个客户端同时下载"}) {
    const File file(poem);
    act({"start it with --num-bytes 7 --delay 0.001", "用 --num-bytes 7 --delay 0.001 启动它"});
    Program server({"--num-bytes", "7", "--delay", "0.001", file.path()});
    const std::string port = server.port();
    act({"two clients connect and read to the end", "两个客户端连接，并一直读到结束"});
    Connection first = connect(port), second = connect(port);
    expect_equal({"the poem of the first client", "第一个客户端的诗"}, first.receive_all(), poem);
    expect_equal({"the poem of the second client", "第二个客户端的诗"}, second.receive_all(), poem);
}

CHECK(Text{"a client leaves in the middle", "一个客户端中途离开"}) {
    const File file(poem);
    act({"start it with --num-bytes 1 --delay 0.01", "用 --num-bytes 1 --delay 0.01 启动它"});
    Program server({"--num-bytes", "1", "--delay", "0.01", file.path()});
    const std::string port = server.port();
    Connection leaves = connect(port);
    leaves.receive();
    act({"two clients connect, and one of them resets its connection after a piece",
         "两个客户端连接，其中一个收到一段后重置连接"});
    Connection stays = connect(port);
    leaves.reset();
    expect_equal({"the poem of the remaining client", "留下的客户端的诗"}, stays.receive_all(),
                 poem);
}
