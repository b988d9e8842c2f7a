// One transform after another: a transform server that answers when the check says so.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using Xform = std::function<twist::Deferred<std::string>(const std::string& transform,
                                                         const std::string& poem)>;

twist::Deferred<std::string> transformed(const Xform& xform,
                                         const std::vector<std::string>& transforms,
                                         const std::string& poem);

namespace {

// `transformed` has been called for the poem "Alla Sera".
class Called {
  public:
    explicit Called(std::vector<std::string> names) {
        act({"transformed, with the transforms " + show(names),
             "调用 transformed，转换为 " + show(names)});
        const auto list = std::make_unique<std::vector<std::string>>(std::move(names));
        const auto xform = [this](const std::string& transform, const std::string& poem) {
            requests_.push_back(transform + "." + poem);
            return answers_.emplace_back();
        };
        transformed(xform, *list, "Alla Sera")
            .add_callbacks([this](const std::string& poem) { seen_ += "poem: " + poem; },
                           [this](const twist::Failure& reason) { seen_ += reason.text(); });
    }
    void answers(const std::string& poem) {
        act({"the transform server answers \"" + poem + "\"", "转换服务器应答 \"" + poem + "\""});
        twist::Deferred<std::string>(answers_.back()).callback(poem);
    }
    void fails() {
        act({"the transform server fails", "转换服务器失败"});
        twist::Deferred<std::string>(answers_.back())
            .errback(twist::Exception("no such transform"));
    }
    void expect_requests(const std::vector<std::string>& requests) const {
        expect_equal({"the list of requests to the transform server", "转换服务器收到的请求"},
                     requests_, requests);
    }
    void expect_seen(const std::string& result) const {
        expect_equal({"the result", "得到的结果"}, seen_, result);
    }

  private:
    std::vector<std::string> requests_;
    std::vector<twist::Deferred<std::string>> answers_;
    std::string seen_;
};

} // namespace

CHECK(Text{"three transforms", "三个转换"}) {
    Called it({"cummingsify", "quote", "reverse"});
    it.expect_requests({"cummingsify.Alla Sera"});
    it.answers("alla sera");
    it.expect_requests({"cummingsify.Alla Sera", "quote.alla sera"});
    it.answers("<<alla sera>>");
    it.expect_requests({"cummingsify.Alla Sera", "quote.alla sera", "reverse.<<alla sera>>"});
    it.expect_seen("");
    it.answers(">>ares alla<<");
    it.expect_seen("poem: >>ares alla<<");
}

CHECK(Text{"the first of two fails", "两个转换中的第一个失败"}) {
    Called it({"shout", "quote"});
    it.fails();
    it.expect_requests({"shout.Alla Sera"});
    it.expect_seen("[Failure: Exception: no such transform]");
}

CHECK(Text{"the same transform twice", "同一个转换两次"}) {
    Called it({"quote", "quote"});
    it.answers("<<Alla Sera>>");
    it.expect_requests({"quote.Alla Sera", "quote.<<Alla Sera>>"});
    it.answers("<<<<Alla Sera>>>>");
    it.expect_seen("poem: <<<<Alla Sera>>>>");
}

CHECK(Text{"an empty list", "一个转换也没有"}) {
    Called it({});
    it.expect_requests({});
    it.expect_seen("poem: Alla Sera");
}
