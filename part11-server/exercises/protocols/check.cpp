// The slow server on protocols. A delay of 1,000 seconds shows which client is served first.
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
    act({"a first client connects", "第一个客户端连接"});
    Connection first = connect(port);
    std::string of_first = first.receive();
    act({"a second client connects", "第二个客户端连接"});
    Connection second = connect(port);
    std::string of_second = second.receive();
    act({"stop the server", "结束服务器"});
    server.signal(SIGKILL);
    of_first += first.receive_all();
    of_second += second.receive_all();
    expect_equal({"the text that the first client got", "第一个客户端得到的全部内容"}, of_first,
                 poem.substr(0, 9));
    expect_equal({"the text that the second client got", "第二个客户端得到的全部内容"}, of_second,
                 poem.substr(0, 9));
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
    act({"send SIGTERM to the server", "请服务器结束：SIGTERM"});
    server.signal(SIGTERM);
    expect_equal({"the exit status", "退出状态"}, server.wait().status, 0);
}

CHECK(Text{"the only client leaves", "唯一的客户端离开"}) {
    const File file(std::string(4'000'000, 'x')); // takes very long
    act({"start it with a poem of millions of pieces, --num-bytes 1 --delay 0.000000001",
         "用一首有几百万段的诗启动它，--num-bytes 1 --delay 0.000000001"});
    Program server({"--num-bytes", "1", "--delay", "0.000000001", file.path()});
    act({"a client connects and resets its connection after a piece",
         "一个客户端连接，收到一段后重置连接"});
    Connection client = connect(server.port());
    client.receive();
    client.reset();
    expect(server.is_idle(), {"The client has left, but its timers keep running.",
                              "客户端已经离开，他的定时器却还在继续。"});
}
