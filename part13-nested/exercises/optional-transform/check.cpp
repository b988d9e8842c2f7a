// An optional transform: the servers answer when the check says so.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using GetPoetry = std::function<twist::Deferred<std::string>()>;
using Xform = std::function<twist::Deferred<std::string>(const std::string& transform,
                                                         const std::string& poem)>;

twist::Deferred<std::string> get_poem(const GetPoetry& get_poetry, const Xform& xform,
                                      const std::optional<std::string>& transform);

namespace {

// get_poem has been called; no answer has arrived yet.
struct Called {
    explicit Called(const std::optional<std::string>& transform) {
        act({"get_poem, the transform: " + transform.value_or("none"),
             "调用 get_poem，转换：" + transform.value_or("无")});
        const auto wish = std::make_unique<std::optional<std::string>>(transform);
        const auto xform = [this](const std::string& name, const std::string& text) {
            requests.push_back(name + "." + text);
            return answer;
        };
        get_poem([this] { return poem; }, xform, *wish)
            .add_callbacks([this](const std::string& text) { seen += "poem: " + text; },
                           [this](const twist::Failure& reason) { seen += reason.message(); });
    }
    void poem_comes() const {
        act({"the poem arrives: \"Alla Sera\"", "诗到了：\"Alla Sera\""});
        poem.callback("Alla Sera");
    }
    void expect_requests(const std::vector<std::string>& expected) const {
        expect_equal({"the list of requests to the transform server", "转换服务器收到的请求"},
                     requests, expected);
    }
    void expect_seen(const std::string& expected) const {
        expect_equal({"the result", "得到的结果"}, seen, expected);
    }

    const twist::Deferred<std::string> poem, answer; // of the two servers
    std::vector<std::string> requests;
    std::string seen;
};

} // namespace

CHECK(Text{"no transform", "不要转换"}) {
    const Called it(std::nullopt);
    it.expect_seen("");
    it.poem_comes();
    it.expect_requests({});
    it.expect_seen("poem: Alla Sera");
}

CHECK(Text{"a transform", "要一个转换"}) {
    const Called it("cummingsify");
    it.poem_comes();
    it.expect_requests({"cummingsify.Alla Sera"});
    it.expect_seen("");
    act({"the transform server answers: \"alla sera\"", "转换服务器应答：\"alla sera\""});
    it.answer.callback("alla sera");
    it.expect_seen("poem: alla sera");
}

CHECK(Text{"a transform that fails", "转换失败"}) {
    const Called it("shout");
    it.poem_comes();
    act({"the transform server fails", "转换服务器失败"});
    it.answer.errback(twist::Exception("no transformation"));
    it.expect_seen("poem: Alla Sera");
}

CHECK(Text{"a download that fails", "下载失败"}) {
    for (const std::optional<std::string>& transform :
         {std::optional<std::string>("cummingsify"), std::optional<std::string>()}) {
        const Called it(transform);
        act({"the download fails", "下载失败"});
        it.poem.errback(twist::Exception("no poem"));
        it.expect_requests({});
        it.expect_seen("no poem");
    }
}
