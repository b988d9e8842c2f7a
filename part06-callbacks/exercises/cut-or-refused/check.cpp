// Cut or refused: real failures from the check's server, and some made by hand.
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "twist/base/failure.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/error.hpp"

using namespace check;

using Callback = std::function<void(std::string poem)>;
using Errback = std::function<void(const twist::Failure& reason)>;

void get_poetry(twist::Reactor& reactor, const twist::Address& address, const Callback& callback,
                const Errback& errback);
std::string what_failed(const twist::Failure& reason);

namespace {

const Text what_it_says{"what what_failed returns", "what_failed 的回答"};

// The answer of what_failed to the failure that comes from `address`.
std::string download(twist::Reactor& reactor, const twist::Address& address) {
    std::string said = "(no failure)";
    get_poetry(
        reactor, address, [&](const std::string&) { reactor.stop(); },
        [&](const twist::Failure& reason) {
            said = what_failed(reason);
            reactor.stop();
        });
    run(reactor);
    return said;
}

void expect_cut(const std::vector<std::string>& pieces) {
    twist::Reactor reactor;
    const Poet poet(reactor, pieces, Poet::Then::resets);
    expect_equal(what_it_says, download(reactor, poet.address()), std::string("cut"));
}

void expect_says(const Text& what, const twist::Failure& reason, const std::string& expected) {
    act(what);
    expect_equal(what_it_says, what_failed(reason), expected);
}

} // namespace

CHECK(Text{"nobody listens", "没有人监听"}) {
    const Nobody nobody;
    twist::Reactor reactor;
    act({"download a poem where nobody listens", "从没有人监听的地方下载诗"});
    expect_equal(what_it_says, download(reactor, nobody.address()), std::string("refused"));
}

CHECK(Text{"the server resets the connection", "服务器重置连接"}) {
    act({"download a poem that is reset after two pieces", "下载一首诗，两段之后连接被重置"});
    expect_cut({"The Proper Scope\n", "The ground"});
    act({"download a poem that is reset before its first byte",
         "下载一首诗，第一个字节之前连接就被重置"});
    expect_cut({});
}

CHECK(Text{"the other side becomes unreachable in the middle of the poem",
           "诗到一半，对方无法到达"}) {
    using std::errc;
    for (const errc code : {errc::timed_out, errc::host_unreachable}) {
        const twist::Failure lost{twist::ConnectionLost(std::make_error_code(code))};
        expect_says({"the connection was there, and is lost: " + lost.text(),
                     "连接曾经建立，后来断开：" + lost.text()},
                    lost, "cut");
    }
}

CHECK(Text{"other reasons", "其他原因"}) {
    expect_says({"an unknown name", "没有人认识的名字"},
                twist::Failure(twist::DNSLookupError("nowhere")), "failed");
    expect_says({"a server that could not be reached in time", "没有及时连上的服务器"},
                twist::Failure(twist::ConnectTimeoutError()), "failed");
    expect_says(
        {"an unreachable network", "无法到达的网络"},
        twist::Failure(twist::ConnectError(std::make_error_code(std::errc::network_unreachable))),
        "failed");
    expect_says({"something quite different", "完全不同的错误"},
                twist::Failure(std::runtime_error("refused, lost, or cut?")), "failed");
}
