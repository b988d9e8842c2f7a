// One client per thread. A delay of a thousand seconds shows which client is served first.
#include <filesystem>
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

int threads_without = 0; // the number of threads without a client; the first case finds it

const std::string poem = "How happy is the little stone that rambles in the road alone";

// Waits until it has this number of threads. A thread that has closed its socket may still exist.
void expect_threads(const Program& server, int number, const Text& what) {
    wait_until([&] { return server.threads() == number; });
    expect_equal(what, server.threads(), number);
}

} // namespace

CHECK(Text{"two clients, and an endless delay", "两个客户端，延迟长得没有尽头"}) {
    const File file(poem);
    act({"start it with --num-bytes 9 --delay 1000", "用 --num-bytes 9 --delay 1000 启动它"});
    Program server({"--num-bytes", "9", "--delay", "1000", file.path()});
    const std::string port = server.port();
    act({"a first client connects", "第一个客户端连接"});
    Connection first = connect(port);
    expect_equal({"the first bytes that the first client gets", "第一个客户端最先得到的内容"},
                 first.receive(), poem.substr(0, 9));
    const int with_one = server.threads();
    threads_without = with_one - 1;
    act({"a second client connects", "第二个客户端连接"});
    Connection second = connect(port);
    expect_equal({"the first bytes that the second client gets", "第二个客户端最先得到的内容"},
                 second.receive(), poem.substr(0, 9));
    expect_threads(server, with_one + 1,
                   {"the number of threads with two clients", "有两个客户端时的线程数"});
}

CHECK(Text{"three clients to the end", "三个客户端直到结束"}) {
    const File file(poem);
    act({"start it with --num-bytes 7 --delay 0.001", "用 --num-bytes 7 --delay 0.001 启动它"});
    Program server({"--num-bytes", "7", "--delay", "0.001", file.path()});
    const std::string port = server.port();
    act({"three clients connect, and read to the end", "三个客户端连接，并一直读到结束"});
    Connection first = connect(port), second = connect(port), third = connect(port);
    for (Connection* client : {&first, &second, &third})
        expect_equal({"a client's poem", "某个客户端的诗"}, client->receive_all(), poem);
    expect_threads(server, threads_without,
                   {"the number of threads when all have left", "所有客户端离开后的线程数"});
}

CHECK(Text{"the poem can't be read for a while", "有一段时间读不到诗"}) {
    const File file(poem);
    Program server({"--num-bytes", "100", "--delay", "0.001", file.path()});
    const std::string port = server.port();
    act({"the file is moved away, and a client connects", "文件被移走，然后一个客户端连接"});
    const std::string elsewhere = file.path() + ".away";
    std::filesystem::rename(file.path(), elsewhere);
    Connection unlucky = connect(port);
    const std::string got = unlucky.receive_all();
    std::filesystem::rename(elsewhere, file.path());
    expect_equal({"what the client got", "客户端得到的内容"}, got, std::string());
    act({"the file is back, and the next client connects", "文件回来了，下一个客户端连接"});
    server.wait_for("slowpoetry: Can't read");
    Connection next = connect(port);
    expect_equal({"the next client's poem", "下一个客户端的诗"}, next.receive_all(), poem);
}
