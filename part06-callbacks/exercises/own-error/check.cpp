// Your own error type: a server in the same reactor, and a clock that the check sets.
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <typeinfo>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"
#include "twist/loop/reactor.hpp"

using namespace check;
using namespace std::chrono_literals;

using Callback = std::function<void(std::string poem)>;
using Errback = std::function<void(const twist::Failure& reason)>;

void get_poetry(twist::Reactor& reactor, twist::Clock& clock, const twist::Address& address,
                twist::Seconds timeout, const Callback& callback, const Errback& errback);
std::string explain(const twist::Failure& reason);

namespace {

const Text what_explain_says{"what explain says", "explain 的回答"};

// Downloads from a server that sends the pieces and then nothing more; when all pieces have
// arrived, the time is up.
struct GivenUp {
    explicit GivenUp(const std::vector<std::string>& pieces)
        : poet(reactor, pieces, Poet::Then::stays), address(poet.address()) {
        get_poetry(
            reactor, clock, address, 5s,
            [](const std::string&) {
                fail({"It returns a poem that never ended.", "它给出了一首没有结束的诗。"});
            },
            [this](const twist::Failure& why) {
                reason = why;
                reactor.stop();
            });
        look();
        run(reactor);
    }

    void look() {
        if (poet.clients() == 1 && --turns_left == 0)
            clock.advance(5s);
        else
            reactor.call_later(1ms, [this] { look(); });
    }

    twist::Reactor reactor;
    twist::FakeClock clock;
    Poet poet;
    twist::Address address;
    std::optional<twist::Failure> reason;
    int turns_left = 20; // enough for the longest poem
};

} // namespace

CHECK(Text{"a poem of which only 7 bytes arrive", "只来了 7 个字节的诗"}) {
    act({"the server sends 7 bytes, and then nothing more", "服务器发送 7 个字节，然后什么也不说"});
    const GivenUp given_up({"The", " sun"});
    const twist::Failure& reason = *given_up.reason;
    expect(reason.check<twist::TimeoutError>(),
           {"Code that only knows twist::TimeoutError does not recognize the error.",
            "只认识 twist::TimeoutError 的人认不出这个错误。"});
    expect(reason.type() != typeid(twist::TimeoutError),
           {"The errback does not get a type of your own, but a twist::TimeoutError.",
            "错误回调得到的不是你自己的类型，而是 twist::TimeoutError。"});
    expect_equal(what_explain_says, explain(reason),
                 "7 bytes of " + twist::to_string(given_up.address) + " came in time");
}

CHECK(Text{"two servers that send too little", "两个说得太少的服务器"}) {
    act({"one server sends 3 bytes in 3 pieces, another one nothing",
         "一个服务器分三段发送 3 个字节，另一个什么也不发"});
    const GivenUp first({"O", "h", "!"}), second({});
    act({"explain both failures, now that both have happened", "两个失败都发生之后，逐一解释"});
    expect_equal(what_explain_says, explain(*first.reason),
                 "3 bytes of " + twist::to_string(first.address) + " came in time");
    expect_equal(what_explain_says, explain(*second.reason),
                 "0 bytes of " + twist::to_string(second.address) + " came in time");
}

CHECK(Text{"other failures", "其他失败"}) {
    for (const twist::Failure& reason :
         {twist::Failure(twist::ConnectionLost()), twist::Failure(twist::TimeoutError("Late.")),
          twist::Failure(5)}) {
        act({"explain " + reason.text(), "解释 " + reason.text()});
        expect_equal(what_explain_says, explain(reason), reason.text());
    }
}

CHECK(Text{"a poem that comes in time", "及时到达的诗"}) {
    twist::Reactor reactor;
    twist::FakeClock clock;
    const Poet poet(reactor, {"a ", "poem"});
    std::string got;
    act({"download a poem", "下载一首诗"});
    get_poetry(
        reactor, clock, poet.address(), 5s,
        [&](const std::string& poem) {
            got = poem;
            reactor.stop();
        },
        [&](const twist::Failure&) { reactor.stop(); });
    run(reactor);
    expect_equal({"the poem", "诗"}, got, std::string("a poem"));
    expect(clock.delayed_calls().empty(), {"The timer is still pending, though the poem is there.",
                                           "诗已经到了，定时器却还在等待。"});
}
