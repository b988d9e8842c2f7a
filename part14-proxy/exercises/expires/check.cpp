// A cache that expires: the time is a clock that the check sets.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace check;
using namespace std::chrono_literals;

using GetPoem = std::function<twist::Deferred<std::string>()>;

GetPoem make_proxy(GetPoem fetch, twist::Clock& clock, twist::Seconds max_age);

namespace {

// A proxy that keeps a poem for ten seconds, and the server behind it.
class Proxy {
  public:
    // A client connects; then the server has had this number of requests.
    void client(std::size_t fetches) {
        act({"a client asks the proxy", "客户端向代理请求"});
        got_.clear();
        get_poem_().add_callbacks(
            [this](const std::string& poem) { got_ = poem; },
            [this](const twist::Failure& reason) { got_ = reason.message(); });
        expect_equal({"the number of requests to the server", "服务器被请求的次数"},
                     fetches_.size(), fetches);
    }
    // Another client connects before there is a poem: it may start its own fetch, or share one.
    bool causes_another_fetch() {
        const std::size_t before = fetches_.size();
        act({"another client asks the proxy", "另一个客户端向代理请求"});
        get_poem_().add_callback([](const std::string&) {});
        return fetches_.size() > before;
    }
    void comes(std::size_t fetch, const std::string& poem) {
        act({"the server sends \"" + poem + "\"", "服务器发来 \"" + poem + "\""});
        fetches_.at(fetch).callback(poem);
    }
    void fails(std::size_t fetch) {
        act({"the fetch fails", "取诗失败"});
        fetches_.at(fetch).errback(twist::Exception("no poem"));
    }
    void pass(int seconds) {
        const std::string number = std::to_string(seconds);
        act({number + " seconds pass", "过去 " + number + " 秒"});
        clock_.advance(twist::Seconds(seconds));
    }
    void expect_got(const std::string& poem) const {
        expect_equal({"what the client got", "客户端得到的结果"}, got_, poem);
    }

  private:
    twist::FakeClock clock_;
    std::vector<twist::Deferred<std::string>> fetches_;
    std::string got_;
    GetPoem get_poem_ = make_proxy(
        [this] {
            const twist::Deferred<std::string> answer;
            fetches_.push_back(answer);
            return answer;
        },
        clock_, 10s);
};

} // namespace

CHECK(Text{"a poem gets too old", "诗变旧了"}) {
    Proxy proxy;
    proxy.client(1);
    proxy.comes(0, "first edition");
    proxy.expect_got("first edition");
    proxy.pass(6);
    proxy.client(1);
    proxy.expect_got("first edition");
    proxy.pass(5);
    proxy.client(2);
    proxy.expect_got("");
    proxy.comes(1, "second edition");
    proxy.expect_got("second edition");
    proxy.pass(9);
    proxy.client(2);
    proxy.expect_got("second edition");
    proxy.pass(2);
    proxy.client(3);
    proxy.comes(2, "third edition");
    proxy.expect_got("third edition");
}

CHECK(Text{"a slow fetch", "耗时的取诗"}) {
    Proxy proxy;
    proxy.client(1);
    proxy.pass(8);
    proxy.comes(0, "first edition");
    proxy.pass(9);
    proxy.client(1);
    proxy.expect_got("first edition");
}

CHECK(Text{"the poem is too old, and the fetch fails", "诗太旧了，而取诗失败"}) {
    Proxy proxy;
    proxy.client(1);
    proxy.comes(0, "first edition");
    proxy.pass(11);
    proxy.client(2);
    proxy.fails(1);
    proxy.expect_got("no poem");
    proxy.client(3);
    proxy.comes(2, "second edition");
    proxy.expect_got("second edition");
}

CHECK(Text{"two fetches at once", "两次取诗同时进行"}) {
    Proxy proxy;
    proxy.client(1);
    const bool two = proxy.causes_another_fetch();
    proxy.comes(0, "first edition");
    proxy.pass(6);
    if (!two)
        return;
    proxy.comes(1, "second edition");
    proxy.pass(6);
    proxy.client(2);
    proxy.expect_got("second edition");
}

CHECK(Text{"two fetches at once, and the second is faster", "两次取诗同时进行，第二次更快"}) {
    Proxy proxy;
    proxy.client(1);
    if (!proxy.causes_another_fetch())
        return;
    proxy.comes(1, "first to come");
    proxy.pass(6);
    proxy.comes(0, "last to come");
    proxy.pass(6);
    proxy.client(2);
    proxy.expect_got("last to come");
}
