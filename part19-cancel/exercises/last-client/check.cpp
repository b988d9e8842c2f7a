// The last client: the check plays the poetry server and the clients that come and leave.
#include <csignal>
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

const Text a_client{"a client connects, and the proxy fetches the poem",
                    "来了一个客户端，代理去取诗"};
const Text another{"another client connects", "又来了一个客户端"};
const Text leaves{"one of the two leaves", "两者之一离开"};
const Text sent{"the server sends the poem", "服务器发送诗"};
const Text who_stayed{"what the remaining client got", "留下的客户端得到的内容"};
const std::string poem = "a poem";

// A proxy, and its clients.
class Proxy {
  public:
    explicit Proxy(const std::string& server) : program_({server}) {
        act({"start it, with the check as its poetry server", "启动它，由检查程序扮演诗歌服务器"});
        const std::string where = program_.wait_for(" on ");
        port_ = where.substr(where.rfind(':') + 1);
    }

    // A client that waits for the poem; with it, `number` clients wait.
    Connection client(const Text& what, const std::string& number) {
        act(what);
        Connection connection = connect(port_);
        program_.wait_for("Waiting clients: " + number);
        return connection;
    }
    Connection client() { return connect(port_); }
    void expect_idle() const {
        expect(program_.is_idle(), {"The proxy keeps looping without a pause.", "代理在空转。"});
    }

    void wait_until_one_has_left() { program_.wait_for("A client has left."); }

    // Stops it, and checks its reports of missing poems.
    Ending end(bool complains = false) {
        program_.signal(SIGTERM);
        const Ending ending = program_.wait();
        expect_equal({"the exit status after SIGTERM", "SIGTERM 之后的退出状态"}, ending.status, 0);
        const std::string all = ending.out + ending.err;
        expect_equal({"whether it reports an error", "它是否报告错误"},
                     all.find("No poem") != std::string::npos ||
                         all.find("rror") != std::string::npos,
                     complains);
        return ending;
    }

  private:
    Program program_;
    std::string port_;
};

void send_poem(Connection& download) {
    act(sent);
    download.send(poem);
    download.finish();
}

} // namespace

CHECK(Text{"one of two leaves", "两个中的一个离开"}) {
    Listener server;
    Proxy proxy(server.port());
    Connection first = proxy.client(a_client, "1");
    Connection download = server.accept();
    Connection second = proxy.client(another, "2");
    act(leaves);
    first.finish();
    proxy.wait_until_one_has_left();
    send_poem(download);
    expect_equal(who_stayed, second.receive_all(), poem);
    expect(!server.is_waiting(), {"It has fetched the poem twice.", "它取了两次诗。"});
    proxy.end();
}

CHECK(Text{"the last one leaves", "最后一个离开"}) {
    Listener server;
    Proxy proxy(server.port());
    Connection first = proxy.client(a_client, "1");
    Connection download = server.accept();
    Connection second = proxy.client(another, "2");
    act({"the second leaves, then the first", "后来的离开，然后先来的也离开"});
    second.finish();
    first.finish();
    expect(download.ended(), {"All clients have left, but the download continues.",
                              "所有客户端都离开了，下载却还在继续。"});
    act({"a client connects, and the proxy fetches the poem again",
         "来了一个客户端，代理重新去取诗"});
    Connection third = proxy.client();
    Connection again = server.accept();
    send_poem(again);
    expect_equal(who_stayed, third.receive_all(), poem);
    proxy.end();
}

CHECK(Text{"the poem is cut short", "诗被截断"}) {
    Listener server;
    Proxy proxy(server.port());
    Connection first = proxy.client(a_client, "1");
    Connection download = server.accept();
    Connection second = proxy.client(another, "2");
    act({"the server sends a part and resets", "服务器发送一部分，然后重置连接"});
    download.send("a p");
    download.reset();
    const Text both{"what the clients got", "两个客户端得到的内容"};
    expect_equal(both, first.receive_all() + second.receive_all(), std::string());
    proxy.end(true);
}

CHECK(Text{"one leaves, and another connects", "一个离开，又来了一个"}) {
    Listener server;
    Proxy proxy(server.port());
    Connection first = proxy.client(a_client, "1");
    Connection download = server.accept();
    Connection second = proxy.client(another, "2");
    act(leaves);
    first.finish();
    proxy.wait_until_one_has_left();
    act(another);
    Connection third = proxy.client();
    proxy.expect_idle();
    send_poem(download);
    expect_equal({"what the two remaining clients got", "在场的两个客户端得到的内容"},
                 second.receive_all() + third.receive_all(), poem + poem);
    expect(proxy.end().out.find("Waiting clients: 3") == std::string::npos,
           {"It counts a client that has left as waiting.", "它把已经离开的客户端也算作在等待。"});
}
