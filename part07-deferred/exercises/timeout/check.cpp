// A time-out, by hand: the time is a clock that the check sets.
#include <chrono>
#include <string>

#include "common/clock.hpp"
#include "common/deferred.hpp"
#include "common/error.hpp"
#include "tools/check/check.hpp"

using namespace check;
using namespace std::chrono_literals;

twist::Deferred<std::string> with_timeout(const twist::Deferred<std::string>& d,
                                          twist::Seconds timeout, twist::Clock& clock);

namespace {

const Text what_came{"what came of it", "得到的结果"};
const Text called{"with_timeout, 5 seconds", "调用 with_timeout，5 秒"};

// Notes what a chain comes to.
void note(const twist::Deferred<std::string>& d, std::string& seen) {
    d.add_callbacks([&seen](const std::string& poem) { seen += "poem: " + poem + "; "; },
                    [&seen](const twist::Failure& reason) {
                        seen += reason.check<twist::TimeoutError>() ? "TimeoutError; "
                                                                    : reason.text() + "; ";
                    });
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
    try {
        d.callback("late");
    } catch (const twist::AlreadyCalledError&) { // as if it had been cancelled without a canceller
    }
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
