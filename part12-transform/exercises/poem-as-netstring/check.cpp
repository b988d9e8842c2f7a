// A poem as a netstring: the server's message, and the client's reaction to incomplete messages.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "tools/check/wire.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"

using namespace check;
using namespace std::chrono_literals;

std::shared_ptr<twist::ServerFactory> poetry_server(const std::string& poem);
twist::Deferred<std::string> get_poetry(twist::Reactor& reactor, const twist::Address& address);

namespace {

const Text what_came{"the result of the download", "下载得到的结果"};
const std::string cut = "[Failure: PoemCut";
const std::string lost = "[Failure: ConnectionLost";

// Runs the reactor until the download has a result and `is_over` returns true. Returns
// "the poem: …", or the failure.
std::string result_of(
    twist::Reactor& reactor, const twist::Address& server,
    const std::function<bool()>& is_over = [] { return true; }) {
    std::string result;
    get_poetry(reactor, server)
        .add_callbacks([&](const std::string& poem) { result = "the poem: " + poem; },
                       [&](const twist::Failure& reason) { result = reason.text(); });
    int turns_left = 3; // when all has ended: now a second result would arrive
    const std::function<void()> look = [&] {
        if (!result.empty() && is_over() && --turns_left == 0)
            reactor.stop();
        else
            reactor.call_later(1ms, look);
    };
    look();
    run(reactor);
    return result;
}

// Downloads from a scripted server. Returns when both sides have closed.
std::string download(const std::vector<std::string>& pieces, Poet::Then then = Poet::Then::closes) {
    twist::Reactor reactor;
    const Poet poet(reactor, pieces, then);
    return result_of(reactor, poet.address(),
                     [&] { return poet.clients() == 1 && poet.present() == 0; });
}

void expect_failure(const std::string& result, const std::string& expected) {
    if (!result.starts_with(expected))
        fail({"the result of the download is not what it should be", "下载得到的结果不对"},
             show(result), expected + ": …]");
}

} // namespace

CHECK(Text{"what the server sends", "服务器发送的内容"}) {
    const auto expect_sent = [](const std::string& poem, const std::string& expected) {
        act({"a client connects to the server of " + show(poem),
             "客户端连接到诗为 " + show(poem) + " 的服务器"});
        const Wire client(poetry_server(poem));
        expect_equal({"what the server sends", "服务器发送的内容"}, client.received(), expected);
        expect(client.closed(),
               {"The server does not close the connection.", "服务器没有关闭连接。"});
    };
    expect_sent("To Science\n", "11:To Science\n,");
    expect_sent("床前明月光", "15:床前明月光,");
    expect_sent("", "0:,");
}

CHECK(Text{"a complete poem", "完整的诗"}) {
    act({"\"13:one,two:three,\" arrives in two pieces; then the server closes",
         "\"13:one,two:three,\" 分两段到来；然后服务器关闭"});
    expect_equal(what_came, download({"13:one,tw", "o:three,"}),
                 std::string("the poem: one,two:three"));
    act({"\"0:,\" arrives, an empty poem; then the server closes",
         "\"0:,\" 到来，这是一首空诗；然后服务器关闭"});
    expect_equal(what_came, download({"0:,"}), std::string("the poem: "));
}

CHECK(Text{"a server that does not close", "不关闭连接的服务器"}) {
    act({"a complete poem arrives, and the server waits for the client to close",
         "来了一首完整的诗，服务器等客户端关闭"});
    expect_equal(what_came, download({"6:a poem,"}, Poet::Then::stays),
                 std::string("the poem: a poem"));
}

CHECK(Text{"an incomplete poem", "被中断的诗"}) {
    const std::string message = "15:one, two, three,";
    for (std::size_t size = 0; size < message.size(); ++size) {
        act({show(message.substr(0, size)) + " arrives; then the server closes",
             show(message.substr(0, size)) + " 到来；然后服务器关闭"});
        expect_failure(download({message.substr(0, size)}), cut);
    }
}

CHECK(Text{"a poem that a reset cuts short", "被重置中断的诗"}) {
    act({"\"15:one, two\" arrives, then a reset", "\"15:one, two\" 到来，然后是重置"});
    expect_failure(download({"15:one, two"}, Poet::Then::resets), lost);
}

CHECK(Text{"input that is not a netstring", "不是网络字符串的内容"}) {
    act({"a poem arrives that is not a netstring; then the server closes",
         "来了一首不是网络字符串的诗；然后服务器关闭"});
    expect_failure(download({"How happy is the little stone"}), "[Failure");
    act({"the same arrives, and the server waits for the client to close",
         "来了同样的内容，服务器等客户端关闭"});
    expect_failure(download({"How happy is the little stone"}, Poet::Then::stays), "[Failure");
    act({"\"3:stone,\" arrives, with the comma in the wrong place",
         "\"3:stone,\" 到来，逗号应该在别的位置"});
    expect_failure(download({"3:stone,"}), "[Failure");
}

CHECK(Text{"the server and the client", "服务器和客户端"}) {
    twist::Reactor reactor;
    act({"the client downloads from the server", "客户端从服务器下载"});
    const auto port = twist::listen_tcp(reactor, {"127.0.0.1", 0}, poetry_server("a poem\n"));
    expect_equal(what_came, result_of(reactor, port->get_host()),
                 std::string("the poem: a poem\n"));
    const Nobody nobody;
    act({"the client connects to a port where nothing listens", "客户端连接到没有人监听的地址"});
    twist::Reactor another;
    expect_failure(result_of(another, nobody.address()), "[Failure: ConnectionRefusedError");
}
