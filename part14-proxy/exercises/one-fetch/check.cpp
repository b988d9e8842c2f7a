// One fetch for all waiting clients: a server that answers when the check says so.
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using GetPoem = std::function<twist::Deferred<std::string>()>;

GetPoem make_proxy(GetPoem fetch);

namespace {

// The server, the proxy in front of it, and clients by name.
struct Class {
    GetPoem get_poem = make_proxy([this] {
        const twist::Deferred<std::string> answer;
        fetches.push_back(answer);
        return answer;
    });

    // A client that records its result and passes nothing on: the chain is its own.
    twist::Deferred<void> client(const std::string& name) {
        act({name + " asks the proxy", name + " 向代理请求"});
        try {
            return get_poem().add_callbacks(
                [this, name](const std::string& poem) { got += name + ": " + poem + "; "; },
                [this, name](const twist::Failure& reason) {
                    got += name + ": " + reason.message() + "; ";
                });
        } catch (const std::logic_error&) {
            fail({"Two clients share one chain: get_poem must give each client its own Deferred.",
                  "两个客户端共用一条回调链：get_poem 必须给每个客户端各自的 Deferred。"});
        }
    }

    void expect_fetches(std::size_t number) {
        expect_equal({"the number of requests to the server", "服务器被请求的次数"}, fetches.size(),
                     number);
    }
    void expect_got(const std::string& expected) {
        expect_equal({"what the clients got", "客户端得到的结果"}, got, expected);
    }
    void poem_comes(std::size_t fetch) {
        act({"the poem arrives", "诗到了"});
        fetches.at(fetch).callback("Alla Sera");
    }
    void fetch_fails(std::size_t fetch) {
        act({"the fetch fails", "取诗失败"});
        fetches.at(fetch).errback(twist::Exception("no poem"));
    }

    std::vector<twist::Deferred<std::string>> fetches;
    std::string got;
};

} // namespace

CHECK(Text{"three clients, one fetch", "三个客户端，一次取诗"}) {
    Class it;
    for (const std::string name : {"A", "B", "C"}) {
        it.client(name);
        it.expect_fetches(1);
    }
    it.expect_got("");
    it.poem_comes(0);
    it.expect_got("A: Alla Sera; B: Alla Sera; C: Alla Sera; ");
    it.client("D");
    it.expect_fetches(1);
    it.expect_got("A: Alla Sera; B: Alla Sera; C: Alla Sera; D: Alla Sera; ");
}

CHECK(Text{"the fetch fails", "取诗失败"}) {
    Class it;
    it.client("A");
    it.client("B");
    it.fetch_fails(0);
    if (it.got == "A: no poem; ")
        it.got += "B: nothing; ";
    it.expect_got("A: no poem; B: no poem; ");
    it.client("C");
    it.expect_fetches(2);
    it.poem_comes(1);
    it.expect_got("A: no poem; B: no poem; C: Alla Sera; ");
}

CHECK(Text{"clients that ask again at once", "立刻再次请求的客户端"}) {
    Class it;
    for (const std::string name : {"A", "B", "C"})
        it.client(name).add_callback([&it, name] { it.client(name + " again"); });
    it.fetch_fails(0);
    it.expect_fetches(2);
    it.expect_got("A: no poem; B: no poem; C: no poem; ");
    it.poem_comes(1);
    it.expect_got("A: no poem; B: no poem; C: no poem; "
                  "A again: Alla Sera; B again: Alla Sera; C again: Alla Sera; ");
}

CHECK(Text{"a server that answers at once", "立刻应答的服务器"}) {
    int asked = 0;
    std::string got;
    const GetPoem get_poem = make_proxy([&asked] {
        ++asked;
        return twist::succeed(std::string("Alla Sera"));
    });
    for (int client = 0; client < 2; ++client) {
        act({"a client asks the proxy", "客户端向代理请求"});
        get_poem().add_callback([&got](const std::string& poem) { got += poem + "; "; });
    }
    expect_equal({"the number of requests to the server", "服务器被请求的次数"}, asked, 1);
    expect_equal({"what the clients got", "客户端得到的结果"}, got,
                 std::string("Alla Sera; Alla Sera; "));
}

CHECK(Text{"a client that asks again after it gets the poem", "得到诗之后再次请求的客户端"}) {
    Class it;
    it.client("A").add_callback([&it] { it.client("A again"); });
    it.poem_comes(0);
    it.expect_fetches(1);
    it.expect_got("A: Alla Sera; A again: Alla Sera; ");
}

CHECK(Text{"a server that fails at once", "立刻失败的服务器"}) {
    int asked = 0;
    std::string got;
    const GetPoem get_poem = make_proxy([&asked] {
        ++asked;
        return twist::fail<std::string>(twist::Exception("no poem"));
    });
    for (int client = 0; client < 2; ++client) {
        act({"a client asks the proxy", "客户端向代理请求"});
        get_poem().add_callbacks(
            [&got](const std::string& poem) { got += poem + "; "; },
            [&got](const twist::Failure& reason) { got += reason.message() + "; "; });
    }
    expect_equal({"the number of requests to the server", "服务器被请求的次数"}, asked, 2);
    expect_equal({"what the clients got", "客户端得到的结果"}, got,
                 std::string("no poem; no poem; "));
}
