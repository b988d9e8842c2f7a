// An errback that asks another server: the servers answer when the check says so.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/net/address.hpp"

using namespace check;

using GetPoetry = std::function<twist::Deferred<std::string>(const twist::Address&)>;

twist::Deferred<std::string> get_poetry_from_any(const GetPoetry& get_poetry,
                                                 const std::vector<twist::Address>& servers);

namespace {

// get_poetry_from_any has been called with the servers on the ports 10001, 10002, …
class Called {
  public:
    explicit Called(int number) {
        act({"get_poetry_from_any, " + std::to_string(number) + " server(s)",
             "调用 get_poetry_from_any，" + std::to_string(number) + " 个服务器"});
        auto servers = std::make_unique<std::vector<twist::Address>>();
        for (int i = 1; i <= number; ++i)
            servers->emplace_back("127.0.0.1", static_cast<std::uint16_t>(10000 + i));
        const auto get_poetry = [this](const twist::Address& server) {
            asked_ += std::to_string(server.port) + "; ";
            return answers_.emplace_back();
        };
        get_poetry_from_any(get_poetry, *servers)
            .add_callbacks([this](const std::string& poem) { seen_ += "poem: " + poem; },
                           [this](const twist::Failure& reason) { seen_ += reason.text(); });
    }
    void comes(const std::string& poem) {
        act({"the last server asked sends \"" + poem + "\"",
             "最后被请求的服务器发来 \"" + poem + "\""});
        twist::Deferred<std::string>(answers_.back()).callback(poem);
    }
    void fails(const std::string& why) {
        act({"the last server asked fails: " + why, "最后被请求的服务器失败：" + why});
        twist::Deferred<std::string>(answers_.back()).errback(twist::Exception(why));
    }
    void expect_asked(const std::string& servers) const {
        expect_equal({"the list of requests", "被请求的服务器"}, asked_, servers);
    }
    void expect_seen(const std::string& result) const {
        expect_equal({"the result", "得到的结果"}, seen_, result);
    }

  private:
    std::vector<twist::Deferred<std::string>> answers_;
    std::string asked_, seen_;
};

} // namespace

CHECK(Text{"the first server has the poem", "第一个服务器就有"}) {
    Called it(3);
    it.expect_asked("10001; ");
    it.expect_seen("");
    it.comes("Alla Sera");
    it.expect_asked("10001; ");
    it.expect_seen("poem: Alla Sera");
}

CHECK(Text{"the third server has the poem", "第三个服务器才有"}) {
    Called it(3);
    it.fails("no poem");
    it.expect_asked("10001; 10002; ");
    it.fails("not here");
    it.expect_asked("10001; 10002; 10003; ");
    it.expect_seen("");
    it.comes("Alla Sera");
    it.expect_seen("poem: Alla Sera");
}

CHECK(Text{"no server has the poem", "谁都没有"}) {
    Called it(2);
    it.fails("no poem");
    it.fails("not here either");
    it.expect_asked("10001; 10002; ");
    it.expect_seen("[Failure: Exception: not here either]");
}

CHECK(Text{"one server, and it fails", "只有一个服务器，它失败了"}) {
    Called it(1);
    it.fails("no poem");
    it.expect_asked("10001; ");
    it.expect_seen("[Failure: Exception: no poem]");
}
