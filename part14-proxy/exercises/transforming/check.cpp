// A proxy that transforms: two servers that answer when the check says so.
#include <functional>
#include <string>
#include <vector>

#include "common/deferred.hpp"
#include "common/error.hpp"
#include "tools/check/check.hpp"

using namespace check;

using GetPoem = std::function<twist::Deferred<std::string>()>;
using Cummingsify = std::function<twist::Deferred<std::string>(const std::string& poem)>;

GetPoem make_proxy(GetPoem fetch, Cummingsify cummingsify);

namespace {

class Proxy {
  public:
    // A client comes; the server has been asked so often then.
    void client(std::size_t fetches) {
        act({"a client asks the proxy", "客户端向代理请求"});
        got_ = "nothing yet";
        get_poem_().add_callbacks(
            [this](const std::string& poem) { got_ = poem; },
            [this](const twist::Failure& reason) { got_ = reason.message(); });
        expect_equal({"how often the server was asked", "服务器被请求的次数"}, fetches_.size(),
                     fetches);
    }
    void poem_comes() {
        act({"the poem comes: \"Alla Sera\"", "诗到了：\"Alla Sera\""});
        fetches_.back().callback("Alla Sera");
    }
    void fetch_fails() {
        act({"the fetch fails", "取诗失败"});
        fetches_.back().errback(twist::Exception("no poem"));
    }
    void transformed() {
        expect_transforms();
        act({"the transform server answers: \"alla sera\"", "转换服务器应答：\"alla sera\""});
        transforms_.back().callback("alla sera");
    }
    void transform_fails() {
        expect_transforms();
        act({"the transform server fails", "转换服务器失败"});
        transforms_.back().errback(twist::Exception("no transformation"));
    }
    void expect_got(const std::string& poem) const {
        expect_equal({"what the client got", "客户端得到的结果"}, got_, poem);
    }

  private:
    void expect_transforms() const {
        expect(!transforms_.empty(),
               {"The transform server was not asked.", "没有请求转换服务器。"});
    }

    std::vector<twist::Deferred<std::string>> fetches_, transforms_;
    std::string got_;
    GetPoem get_poem_ =
        make_proxy([this] { return fetches_.emplace_back(); },
                   [this](const std::string&) { return transforms_.emplace_back(); });
};

} // namespace

CHECK(Text{"fetched, transformed, kept", "取来、转换、保存"}) {
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
