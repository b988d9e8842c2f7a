// A proxy for several servers, which answer when the check says so.
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using GetPoem = std::function<twist::Deferred<std::string>(const std::string& server)>;

GetPoem make_proxy(GetPoem fetch);

namespace {

// A long name is on the heap, so AddressSanitizer notices any use after it is gone.
std::string full_name(const std::string& server) {
    return "the poetry server of the city of " + server;
}

class Proxy {
  public:
    void client(const std::string& server) {
        act({"a client asks for the poem of " + server, "客户端请求 " + server + " 的诗"});
        const auto name = std::make_unique<std::string>(full_name(server));
        got_[server] = "nothing yet";
        get_poem_(*name).add_callbacks(
            [this, server](const std::string& poem) { got_[server] = poem; },
            [this, server](const twist::Failure& reason) { got_[server] = reason.message(); });
    }
    void comes(const std::string& server, const std::string& poem) {
        act({server + " sends \"" + poem + "\"", server + " 发来 \"" + poem + "\""});
        const twist::Deferred<std::string> answer = fetches_.at(full_name(server));
        answer.callback(poem);
    }
    void fails(const std::string& server) {
        act({server + " fails", server + " 失败"});
        const twist::Deferred<std::string> answer = fetches_.at(full_name(server));
        answer.errback(twist::Exception("no poem"));
    }
    void expect_asked(const std::string& servers) {
        expect_equal({"the list of requests", "被请求的服务器"}, asked_, servers);
    }
    void expect_got(const std::string& server, const std::string& poem) {
        expect_equal({"what the client got", "客户端得到的结果"}, got_[server], poem);
    }

  private:
    std::map<std::string, twist::Deferred<std::string>> fetches_; // the last of each server
    std::map<std::string, std::string> got_;                      // the last client of each server
    std::string asked_;
    GetPoem get_poem_ = make_proxy([this](const std::string& server) {
        const twist::Deferred<std::string> answer;
        fetches_.insert_or_assign(server, answer);
        asked_ += server.substr(full_name("").size()) + "; ";
        return answer;
    });
};

} // namespace

CHECK(Text{"two servers, one after another", "两个服务器，一先一后"}) {
    Proxy proxy;
    proxy.client("Rome");
    proxy.comes("Rome", "Alla Sera");
    proxy.client("Dublin");
    proxy.expect_asked("Rome; Dublin; ");
    proxy.comes("Dublin", "Ecstasy");
    proxy.expect_got("Dublin", "Ecstasy");
    for (int again = 0; again < 2; ++again) {
        proxy.client("Rome");
        proxy.expect_got("Rome", "Alla Sera");
        proxy.client("Dublin");
        proxy.expect_got("Dublin", "Ecstasy");
    }
    proxy.expect_asked("Rome; Dublin; ");
}

CHECK(Text{"two servers at once", "两个服务器同时"}) {
    Proxy proxy;
    proxy.client("Rome");
    proxy.client("Dublin");
    proxy.expect_got("Rome", "nothing yet");
    proxy.comes("Dublin", "Ecstasy");
    proxy.comes("Rome", "Alla Sera");
    proxy.client("Rome");
    proxy.expect_got("Rome", "Alla Sera");
    proxy.client("Dublin");
    proxy.expect_got("Dublin", "Ecstasy");
    proxy.expect_asked("Rome; Dublin; ");
}

CHECK(Text{"one of the two fails", "其中一个失败"}) {
    Proxy proxy;
    proxy.client("Dublin");
    proxy.comes("Dublin", "Ecstasy");
    proxy.client("Rome");
    proxy.fails("Rome");
    proxy.expect_got("Rome", "no poem");
    proxy.client("Rome");
    proxy.expect_asked("Dublin; Rome; Rome; ");
    proxy.comes("Rome", "Alla Sera");
    proxy.expect_got("Rome", "Alla Sera");
    proxy.client("Dublin");
    proxy.expect_asked("Dublin; Rome; Rome; ");
    proxy.expect_got("Dublin", "Ecstasy");
}

CHECK(Text{"an empty poem", "一首空的诗"}) {
    Proxy proxy;
    proxy.client("Rome");
    proxy.comes("Rome", "");
    proxy.client("Rome");
    proxy.expect_asked("Rome; ");
    proxy.expect_got("Rome", "");
}
