// A time-out, by hand, on a clock that the check sets.
#include <chrono>
#include <functional>
#include <string>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace check;
using namespace std::chrono_literals;

twist::Deferred<std::string> with_timeout(const twist::Deferred<std::string>& d,
                                          twist::Seconds timeout, twist::Clock& clock);

namespace {

const Text what_came{"the result", "得到的结果"};
const Text called{"with_timeout, 5 seconds", "调用 with_timeout，5 秒"};

// Notes the result of a chain.
void note(const twist::Deferred<std::string>& d, std::string& seen) {
    d.add_callbacks([&seen](const std::string& poem) { seen += "poem: " + poem + "; "; },
                    [&seen](const twist::Failure& reason) {
                        seen += reason.check<twist::TimeoutError>() ? "TimeoutError; "
                                                                    : reason.text() + "; ";
                    });
}

// Code that fires it late, with a poem or a failure, must not get an exception.
void fire_late(const std::function<void()>& fire) {
    try {
        fire();
    } catch (const twist::AlreadyCalledError&) {
        fail({"The code that brings the late result gets an AlreadyCalledError: the time-out has "
              "fired this Deferred.",
              "带来迟到结果的人得到一个 AlreadyCalledError：超时已经替他激活了这个 Deferred。"});
    }
}

} // namespace

CHECK(Text{"nobody fires it", "没有人激活它"}) {
    twist::FakeClock clock;
    std::string seen;
    const twist::Deferred<std::string> d;
    act(called);
    note(with_timeout(d, 5s, clock), seen);
    act({"4 seconds pass", "过去 4 秒"});
    clock.advance(4s);
    expect_equal(what_came, seen, std::string());
    act({"1 more second passes", "再过去 1 秒"});
    clock.advance(1s);
    expect_equal(what_came, seen, std::string("TimeoutError; "));
    act({"the poem comes, too late", "诗来了，太晚了"});
    fire_late([&] { d.callback("late"); });
    expect_equal(what_came, seen, std::string("TimeoutError; "));
}

CHECK(Text{"the poem comes in time", "诗及时到达"}) {
    twist::FakeClock clock;
    std::string seen;
    const twist::Deferred<std::string> d;
    act(called);
    note(with_timeout(d, 5s, clock), seen);
    act({"the poem comes after 2 seconds", "2 秒后诗到达"});
    clock.advance(2s);
    d.callback("in time");
    expect_equal(what_came, seen, std::string("poem: in time; "));
    expect(clock.delayed_calls().empty(), {"The timer is still pending, though the poem is there.",
                                           "诗已经到了，定时器却还在等待。"});
    act({"10 more seconds pass", "再过去 10 秒"});
    clock.advance(10s);
    expect_equal(what_came, seen, std::string("poem: in time; "));
}

CHECK(Text{"it fails in time", "及时失败"}) {
    twist::FakeClock clock;
    std::string seen;
    const twist::Deferred<std::string> d;
    act(called);
    note(with_timeout(d, 5s, clock), seen);
    act({"it fails after 2 seconds", "2 秒后失败"});
    clock.advance(2s);
    d.errback(twist::Exception("no poem"));
    expect_equal(what_came, seen, std::string("[Failure: Exception: no poem]; "));
    expect(clock.delayed_calls().empty(),
           {"The timer is still pending, though the failure is there.",
            "失败已经到了，定时器却还在等待。"});
}

CHECK(Text{"it has fired already", "它已经被激活过"}) {
    twist::FakeClock clock;
    std::string seen;
    act({"with_timeout on a Deferred that has its poem", "对已有诗的 Deferred 调用 with_timeout"});
    note(with_timeout(twist::succeed(std::string("ready")), 5s, clock), seen);
    expect_equal(what_came, seen, std::string("poem: ready; "));
    expect(clock.delayed_calls().empty(), {"The timer is still pending, though the poem is there.",
                                           "诗已经到了，定时器却还在等待。"});
}

CHECK(Text{"it fails too late", "失败来得太晚"}) {
    twist::FakeClock clock;
    std::string seen;
    const twist::Deferred<std::string> d;
    act(called);
    note(with_timeout(d, 5s, clock), seen);
    act({"5 seconds pass, and then it fails", "过去 5 秒，然后它失败"});
    clock.advance(5s);
    fire_late([&] { d.errback(twist::Exception("no poem, and too late")); });
    expect_equal(what_came, seen, std::string("TimeoutError; "));
}

CHECK(Text{"it is cancelled in time", "及时被取消"}) {
    twist::FakeClock clock;
    std::string seen;
    const twist::Deferred<std::string> d;
    act(called);
    note(with_timeout(d, 5s, clock), seen);
    act({"it is cancelled after 2 seconds", "2 秒后有人取消它"});
    clock.advance(2s);
    d.cancel();
    expect_equal(what_came, seen, std::string("[Failure: CancelledError]; "));
    expect(clock.delayed_calls().empty(),
           {"The timer is still pending, though the failure is there.",
            "失败已经到了，定时器却还在等待。"});
}

CHECK(Text{"two Deferreds on the same clock", "同一个时钟上的两个 Deferred"}) {
    twist::FakeClock clock;
    std::string first_seen, second_seen;
    const twist::Deferred<std::string> first, second;
    act({"with_timeout of two Deferreds, 5 seconds", "对两个 Deferred 调用 with_timeout，5 秒"});
    note(with_timeout(first, 5s, clock), first_seen);
    note(with_timeout(second, 5s, clock), second_seen);
    act({"the first poem comes, and 5 seconds pass", "第一首诗到达，过去 5 秒"});
    first.callback("in time");
    clock.advance(5s);
    expect_equal({"the first result", "第一个的结果"}, first_seen, std::string("poem: in time; "));
    expect_equal({"the second result", "第二个的结果"}, second_seen, std::string("TimeoutError; "));
}
