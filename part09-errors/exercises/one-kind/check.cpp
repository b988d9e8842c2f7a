// One kind of error.
#include <string>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/error.hpp"
#include "twist/net/error.hpp"

using namespace check;

twist::Deferred<std::string> with_excuse(const twist::Deferred<std::string>& d);

namespace {

const Text what_came{"the result", "得到的结果"};

std::string result_of(const twist::Deferred<std::string>& d) {
    std::string seen = "nothing";
    d.add_callbacks([&](const std::string& poem) { seen = poem; },
                    [&](const twist::Failure& reason) { seen = reason.text(); });
    return seen;
}

} // namespace

CHECK(Text{"a poem", "一首诗"}) {
    act({"with_excuse of a Deferred with a poem", "对有诗的 Deferred 调用 with_excuse"});
    expect_equal(what_came, result_of(with_excuse(twist::succeed(std::string("a poem")))),
                 std::string("a poem"));
}

CHECK(Text{"no connection", "没有连接"}) {
    const auto refused = std::make_error_code(std::errc::connection_refused);
    act({"with_excuse of a Deferred that failed with ConnectionRefusedError",
         "对以 ConnectionRefusedError 失败的 Deferred 调用 with_excuse"});
    expect_equal(
        {"the result for a server that refused", "服务器拒绝连接时的结果"},
        result_of(with_excuse(twist::fail<std::string>(twist::ConnectionRefusedError(refused)))),
        std::string("(no poem today)"));
    act({"the same with ConnectTimeoutError", "同样，失败为 ConnectTimeoutError"});
    expect_equal({"the result for a server that did not answer", "服务器没有应答时的结果"},
                 result_of(with_excuse(twist::fail<std::string>(twist::ConnectTimeoutError()))),
                 std::string("(no poem today)"));
    act({"the same with a kind of ConnectError that is new to you",
         "同样，失败为一种你没见过的 ConnectError"});
    struct NoRoute : twist::ConnectError {
        using ConnectError::ConnectError;
    };
    const auto unreachable = std::make_error_code(std::errc::network_unreachable);
    expect_equal({"the result for an unreachable network", "网络无法到达时的结果"},
                 result_of(with_excuse(twist::fail<std::string>(NoRoute(unreachable)))),
                 std::string("(no poem today)"));
}

CHECK(Text{"another kind of error", "另一种错误"}) {
    for (const twist::Failure& bug : {twist::Failure(twist::Exception("nobody thought of this")),
                                      twist::Failure(twist::ConnectionLost()), twist::Failure(5)}) {
        twist::Result<std::string> seen = std::string();
        act({"with_excuse of a Deferred that failed with " + bug.text(),
             "对失败的 Deferred 调用 with_excuse，失败为 " + bug.text()});
        with_excuse(twist::fail<std::string>(bug))
            .add_both([&](const twist::Result<std::string>& result) { seen = result; });
        if (!seen.is_failure())
            fail({"It handled another kind of error, which must be passed on.",
                  "它处理了另一种错误，而这种错误必须继续传下去。"},
                 show(seen.value()), show(bug));
        if (!(seen.failure() == bug))
            fail({"The failure is not the original one", "失败不是原来的那一个"},
                 show(seen.failure()), show(bug));
    }
}

CHECK(Text{"the result comes only now", "结果现在才到来"}) {
    const auto refused = std::make_error_code(std::errc::connection_refused);
    const twist::Deferred<std::string> d;
    std::string seen = "nothing";
    act({"with_excuse of a Deferred that has no result yet",
         "对还没有结果的 Deferred 调用 with_excuse"});
    with_excuse(d).add_callbacks([&](const std::string& poem) { seen = poem; },
                                 [&](const twist::Failure& reason) { seen = reason.text(); });
    act({"it fails with ConnectionRefusedError", "它以 ConnectionRefusedError 失败"});
    d.errback(twist::ConnectionRefusedError(refused));
    expect_equal(what_came, seen, std::string("(no poem today)"));
}
