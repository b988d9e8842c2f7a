// The slow server on readers and writers. A delay of 1,000 seconds shows which client is served
// first, and whether connections are closed at once.
#include <csignal>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

const std::string poem = "How happy is the little stone that rambles in the road alone";

// Several clients get a first piece and close cleanly; the server closes, too.
void come_and_leave(const std::string& port) {
    std::vector<Connection> clients;
    for (int i = 0; i < 3; ++i)
        clients.push_back(connect(port));
    for (Connection& client : clients)
        client.receive();
    for (Connection& client : clients)
        client.finish();
}

} // namespace

CHECK(Text{"two clients and a very long delay", "两个客户端，延迟长得没有尽头"}) {
    const File file(poem);
    act({"start it with --num-bytes 9 --delay 1000", "用 --num-bytes 9 --delay 1000 启动它"});
    Program server({"--num-bytes", "9", "--delay", "1000", file.path()});
    const std::string port = server.port();
    act({"a first client connects", "第一个客户端连接"});
    Connection first = connect(port);
    expect_equal({"the first piece for the first client", "第一个客户端最先得到的内容"},
                 first.receive(), poem.substr(0, 9));
    act({"a second client connects", "第二个客户端连接"});
    Connection second = connect(port);
    expect_equal({"the first piece for the second client", "第二个客户端最先得到的内容"},
                 second.receive(), poem.substr(0, 9));
    act({"the first client sends something; no piece is due for a while",
         "第一个客户端说了一句话；一段时间内没有什么到期"});
    first.send("Hello?\n");
    expect(server.is_idle(),
           {"It keeps looping while no piece is due.", "没有什么到期时，它在空转。"});
    act({"clients come, get a piece, and leave; the server should close their connections",
         "一些客户端到来，得到一段，然后离开；服务器应当关闭他们的连接"});
    come_and_leave(port);
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
    act({"two clients connect, the first sends something, and both read to the end",
         "两个客户端连接，第一个说了一句话，两个都一直读到结束"});
    Connection first = connect(port), second = connect(port);
    first.send("Hello?\n");
    expect_equal({"the poem of the first client", "第一个客户端的诗"}, first.receive_all(), poem);
    expect_equal({"the poem of the second client", "第二个客户端的诗"}, second.receive_all(), poem);
}

CHECK(Text{"some clients leave in the middle", "一些客户端中途离开"}) {
    const File file(poem);
    act({"start it with --num-bytes 9 --delay 0.05", "用 --num-bytes 9 --delay 0.05 启动它"});
    Program server({"--num-bytes", "9", "--delay", "0.05", file.path()});
    const std::string port = server.port();
    act({"one client connects and stays; others leave after a piece; one resets its connection",
         "一个客户端连接并留下；其他的收到一段后离开；有一个重置连接"});
    Connection stays = connect(port);
    come_and_leave(port);
    Connection resets = connect(port);
    resets.receive();
    resets.reset();
    expect_equal({"the poem of the remaining client", "留下的客户端的诗"}, stays.receive_all(),
                 poem);
    act({"send SIGTERM to the server", "请服务器结束：SIGTERM"});
    server.signal(SIGTERM);
    expect_equal({"the exit status", "退出状态"}, server.wait().status, 0);
}

CHECK(Text{"pieces that are too big for one send", "内核无法整个收下的段"}) {
    std::string verses;
    for (int verse = 1; verses.size() < 16'000'000; ++verse)
        verses += "This is the verse with the number " + std::to_string(verse) + ".\n";
    const File file(verses);
    act({"start it with --num-bytes 10000000 --delay 0.001",
         "用 --num-bytes 10000000 --delay 0.001 启动它"});
    Program server({"--num-bytes", "10000000", "--delay", "0.001", file.path()});
    act({"a client connects and reads to the end", "一个客户端连接，并一直读到结束"});
    const std::string got = connect(server.port()).receive_all();
    expect_equal({"the number of bytes that arrived", "到达的字节数"}, got.size(), verses.size());
    expect(got == verses,
           {"All bytes have arrived, but they are not the poem.", "字节数对了，但不是那首诗。"});
}
