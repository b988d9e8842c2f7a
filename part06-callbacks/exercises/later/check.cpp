// Not before it has returned: fails_later is asked about several get_poetrys.
#include <functional>
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/loop/reactor.hpp"

using namespace check;

using Callback = std::function<void(std::string poem)>;
using Errback = std::function<void(const twist::Failure& reason)>;
using GetPoetry = std::function<void(twist::Reactor& reactor, const twist::Address& address,
                                     const Callback& callback, const Errback& errback)>;

bool fails_later(const GetPoetry& get, const twist::Address& address);
void get_poetry(twist::Reactor& reactor, const twist::Address& address, const Callback& callback,
                const Errback& errback);

namespace {

const twist::Failure refused{twist::Exception("nobody is there")};

// Asks about `get`; a timer in its reactor fails the check if the reactor never stops.
void expect_says(const Text& what, bool expected, const GetPoetry& get) {
    const Nobody nobody;
    act(what);
    const bool said = fails_later(
        [&](twist::Reactor& reactor, const twist::Address& address, const Callback& callback,
            const Errback& errback) {
            reactor.call_later(twist::Seconds(4), [] {
                fail({"It runs the reactor, but nothing can stop it any more.",
                      "它运行着反应堆，但已经没有任何事件能让它停下来。"});
            });
            get(reactor, address, callback, errback);
        },
        nobody.address());
    expect_equal({"what fails_later returns", "fails_later 的回答"}, said, expected);
}

} // namespace

CHECK(Text{"get_poetrys that fail later", "稍后失败的 get_poetry"}) {
    expect_says({"the get_poetry of the file, where nobody listens",
                 "文件里的 get_poetry，没有人监听的地方"},
                true, get_poetry);
    expect_says({"one that fails in the next turn", "在下一轮失败的"}, true,
                [](twist::Reactor& reactor, const twist::Address&, const Callback&,
                   const Errback& errback) {
                    reactor.call_later(twist::Seconds(0), [errback] { errback(refused); });
                });
    expect_says({"one that fails at the end of the turn", "在本轮末尾失败的"}, true,
                [](twist::Reactor& reactor, const twist::Address&, const Callback&,
                   const Errback& errback) {
                    reactor.call_at_end_of_turn([errback] { errback(refused); });
                });
}

CHECK(Text{"get_poetrys that do not", "不是稍后失败的 get_poetry"}) {
    expect_says({"one that calls the errback inside the call", "在调用之内就调用错误回调的"}, false,
                [](twist::Reactor&, const twist::Address&, const Callback&,
                   const Errback& errback) { errback(refused); });
    expect_says({"one that calls the errback inside the call, and again later",
                 "在调用之内调用错误回调，之后又调用一次的"},
                false,
                [](twist::Reactor& reactor, const twist::Address&, const Callback&,
                   const Errback& errback) {
                    reactor.call_later(twist::Seconds(0), [errback] { errback(refused); });
                    errback(refused);
                });
    expect_says({"one that calls the errback twice, later", "稍后调用两次错误回调的"}, false,
                [](twist::Reactor& reactor, const twist::Address&, const Callback&,
                   const Errback& errback) {
                    reactor.call_later(twist::Seconds(0), [errback] {
                        errback(refused);
                        try {
                            errback(refused);
                        } catch (const twist::ReactorNotRunning&) { // stopped twice
                        }
                    });
                });
    expect_says({"one that gets a poem later", "稍后得到一首诗的"}, false,
                [](twist::Reactor& reactor, const twist::Address&, const Callback& callback,
                   const Errback&) {
                    reactor.call_later(twist::Seconds(0), [callback] { callback("a poem"); });
                });
    expect_says({"one that gets a poem at once", "立刻得到一首诗的"}, false,
                [](twist::Reactor&, const twist::Address&, const Callback& callback,
                   const Errback&) { callback("a poem"); });
}

CHECK(Text{"the good one again", "再问一次好的"}) {
    expect_says({"the get_poetry of the file", "文件里的 get_poetry"}, true, get_poetry);
}
