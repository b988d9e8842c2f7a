// A proxy that transforms: two servers that answer when the check says so.
#include <functional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using GetPoem = std::function<twist::Deferred<std::string>()>;
using Cummingsify = std::function<twist::Deferred<std::string>(const std::string& poem)>;

GetPoem make_proxy(GetPoem fetch, Cummingsify cummingsify);

namespace {

class Proxy {
  public:
    // A client connects; then the server has had this number of requests.
    void client(std::size_t fetches) {
        act({"a client asks the proxy", "客户端向代理请求"});
        got_ = "nothing yet";
        get_poem_().add_callbacks(
            [this](const std::string& poem) { got_ = poem; },
            [this](const twist::Failure& reason) { got_ = reason.message(); });
        expect_equal({"the number of requests to the server", "服务器被请求的次数"},
                     fetches_.size(), fetches);
    }
    // Another client connects before there is a transformed poem: it may start its own fetch, or
    // wait.
    bool causes_another_fetch() {
        const std::size_t before = fetches_.size();
        act({"another client asks the proxy", "另一个客户端向代理请求"});
        got_ = "nothing yet";
        get_poem_().add_callback([this](const std::string& poem) { got_ = poem; });
        return fetches_.size() > before;
    }
    void poem_comes() { poem_comes(fetches_.size() - 1); }
    void poem_comes(std::size_t fetch) {
        act({"the poem arrives: \"Alla Sera\"", "诗到了：\"Alla Sera\""});
        asked_ = "nothing";
        twist::Deferred<std::string>(fetches_.at(fetch)).callback("Alla Sera");
        expect_equal({"the list of requests to the transform server", "转换服务器收到的请求"},
                     asked_, std::string("Alla Sera"));
    }
    void fetch_fails() {
        act({"the fetch fails", "取诗失败"});
        fetches_.back().errback(twist::Exception("no poem"));
    }
    void transformed() {
        act({"the transform server answers: \"alla sera\"", "转换服务器应答：\"alla sera\""});
        transforms_.back().callback("alla sera");
    }
    void transform_fails() {
        act({"the transform server fails", "转换服务器失败"});
        transforms_.back().errback(twist::Exception("no transformation"));
    }
    void expect_got(const std::string& poem) const {
        expect_equal({"what the client got", "客户端得到的结果"}, got_, poem);
    }

  private:
    std::vector<twist::Deferred<std::string>> fetches_, transforms_;
    std::string asked_, got_;
    GetPoem get_poem_ = make_proxy([this] { return fetches_.emplace_back(); },
                                   [this](const std::string& poem) {
                                       asked_ = poem;
                                       return transforms_.emplace_back();
                                   });
};

} // namespace

CHECK(Text{"fetch, transform, keep", "取来、转换、保存"}) {
    Proxy proxy;
    proxy.client(1);
    proxy.poem_comes();
    proxy.expect_got("nothing yet");
    proxy.transformed();
    proxy.expect_got("alla sera");
    proxy.client(1);
    proxy.expect_got("alla sera");
}

CHECK(Text{"the transformation fails", "转换失败"}) {
    Proxy proxy;
    proxy.client(1);
    proxy.poem_comes();
    proxy.transform_fails();
    proxy.expect_got("Alla Sera");
    proxy.client(2);
    proxy.poem_comes();
    proxy.transformed();
    proxy.expect_got("alla sera");
}

CHECK(Text{"the fetch fails", "取诗失败"}) {
    Proxy proxy;
    proxy.client(1);
    proxy.fetch_fails();
    proxy.expect_got("no poem");
    proxy.client(2);
}

CHECK(Text{"a client connects during the transformation", "转换期间来了另一个客户端"}) {
    Proxy proxy;
    proxy.client(1);
    proxy.poem_comes();
    proxy.causes_another_fetch();
    proxy.expect_got("nothing yet");
}

CHECK(Text{"two at once, and one transformation fails", "两个同时，其中一次转换失败"}) {
    Proxy proxy;
    proxy.client(1);
    if (!proxy.causes_another_fetch())
        return;
    proxy.poem_comes(0);
    proxy.transformed();
    proxy.poem_comes(1);
    proxy.transform_fails();
    proxy.client(2);
    proxy.expect_got("alla sera");
}
