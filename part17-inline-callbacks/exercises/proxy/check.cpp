// The proxy as a coroutine: the check plays the poetry server, and the proxy's clients.
#include <csignal>
#include <optional>
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

const Text start{"start it, with the check as its poetry server",
                 "启动它，由检查程序扮演诗歌服务器"};
const Text a_client{"a client connects", "来了一个客户端"};
const Text another{"another client connects", "又来了一个客户端"};
const Text whole{"the server sends the poem, in two pieces", "服务器分两次发送诗"};
const Text what_it_got{"what the client got", "客户端得到的内容"};
const std::string poem = "a poem, all of it";

// The port that it prints.
std::string port_of(Program& proxy) {
    const std::string where = proxy.wait_for(" on ");
    return where.substr(where.rfind(':') + 1);
}

void send_poem(Connection fetch) {
    fetch.send(poem.substr(0, 8));
    fetch.send(poem.substr(8));
    fetch.finish();
}

int count(const std::string& all, const std::string& words) {
    int found = 0;
    for (auto at = all.find(words); at != std::string::npos; at = all.find(words, at + 1))
        ++found;
    return found;
}

// Stops the proxy, and checks its reports of missing poems.
void expect_complaints(Program& proxy, int expected) {
    act({"stop it with SIGTERM", "用 SIGTERM 让它结束"});
    proxy.signal(SIGTERM);
    const Ending ending = proxy.wait();
    expect_equal({"the exit status", "退出状态"}, ending.status, 0);
    expect_equal({"the number of times it reports a missing poem", "它报告没有诗的次数"},
                 count(ending.out + ending.err, "No poem from"), expected);
}

} // namespace

CHECK(Text{"one fetch, two clients", "取一次，供两个客户端"}) {
    std::optional<Listener> server(std::in_place);
    act(start);
    Program proxy({server->port()});
    const std::string port = port_of(proxy);
    act(a_client);
    Connection first = connect(port);
    act(whole);
    send_poem(server->accept());
    expect_equal(what_it_got, first.receive_all(), poem);
    act({"the server closes its port", "服务器关闭端口"});
    server.reset();
    act(another);
    expect_equal(
        {"the cached poem that the second client got", "第二个客户端得到的内容（诗应当在缓存里）"},
        connect(port).receive_all(), poem);
    expect_complaints(proxy, 0);
}

CHECK(Text{"an incomplete poem", "被截断的诗"}) {
    Listener server;
    act(start);
    Program proxy({server.port()});
    const std::string port = port_of(proxy);
    act(a_client);
    Connection first = connect(port);
    act({"the server sends a part and resets", "服务器发送一部分，然后重置连接"});
    Connection fetch = server.accept();
    fetch.send("a po");
    fetch.reset();
    expect_equal(what_it_got, first.receive_all(), std::string());
    act(another);
    Connection second = connect(port);
    act(whole);
    send_poem(server.accept());
    expect_equal(what_it_got, second.receive_all(), poem);
    expect_complaints(proxy, 1);
}

CHECK(Text{"stop while it waits", "等待时结束"}) {
    Listener server;
    act(start);
    Program proxy({server.port()});
    act(a_client);
    const Connection client = connect(port_of(proxy));
    act({"the server sends a part and no more", "服务器只发送一部分"});
    Connection fetch = server.accept();
    fetch.send("a po");
    expect_complaints(proxy, 0);
}

CHECK(Text{"nothing listens on the server's port", "服务器的端口上没有人监听"}) {
    const Nobody nobody;
    act({"start it; nothing listens on the port of its poetry server",
         "启动它；诗歌服务器应该在的地方没有人监听"});
    Program proxy({std::to_string(nobody.address().port)});
    act(a_client);
    expect_equal(what_it_got, connect(port_of(proxy)).receive_all(), std::string());
    expect_complaints(proxy, 1);
}
