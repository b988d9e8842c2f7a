// A looping call, on a clock that the check sets.
#include <chrono>
#include <functional>
#include <memory>

#include "tools/check/check.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace check;
using namespace std::chrono_literals;

struct Looping {
    virtual ~Looping() = default;
    virtual void start() = 0;
    virtual void stop() = 0;
};

std::unique_ptr<Looping> make_looping_call(twist::Clock& clock, twist::Seconds interval,
                                           std::function<void()> f);

namespace {

const Text how_often{"how often f was called", "f 被调用的次数"};

void expect_none_pending(const twist::Clock& clock) {
    expect(clock.delayed_calls().empty(),
           {"A call is still pending after stop.", "stop 之后还有等待中的延迟调用。"});
}

} // namespace

CHECK(Text{"it calls every 2 seconds", "每 2 秒调用一次"}) {
    twist::FakeClock clock;
    int called = 0;
    const auto looping = make_looping_call(clock, 2s, [&] { ++called; });
    expect_equal(how_often, called, 0);
    act({"start", "start"});
    looping->start();
    expect_equal(how_often, called, 1);
    for (int i = 2; i < 6; ++i) {
        act({"1 second passes", "过去 1 秒"});
        clock.advance(1s);
        expect_equal(how_often, called, i - 1);
        act({"1 more second passes", "再过去 1 秒"});
        clock.advance(1s);
        expect_equal(how_often, called, i);
    }
    act({"stop", "stop"});
    looping->stop();
    expect_none_pending(clock);
    act({"10 seconds pass", "过去 10 秒"});
    clock.advance(10s);
    expect_equal(how_often, called, 5);
}

CHECK(Text{"f stops it in its third call", "f 在第三次被调用时停止它"}) {
    twist::FakeClock clock;
    int called = 0;
    std::unique_ptr<Looping> looping;
    looping = make_looping_call(clock, 2s, [&] {
        if (++called == 3)
            looping->stop();
    });
    act({"start", "start"});
    looping->start();
    act({"10 seconds pass", "过去 10 秒"});
    for (int i = 0; i < 10; ++i)
        clock.advance(1s);
    expect_equal(how_often, called, 3);
    expect_none_pending(clock);
}

CHECK(Text{"stop when there is nothing to stop, and start again",
           "没有可停止的时候 stop，然后再次 start"}) {
    twist::FakeClock clock;
    int called = 0;
    const auto looping = make_looping_call(clock, 2s, [&] { ++called; });
    act({"stop before start", "start 之前 stop"});
    looping->stop();
    act({"start, and stop twice", "start，然后 stop 两次"});
    looping->start();
    looping->stop();
    looping->stop();
    expect_equal(how_often, called, 1);
    act({"1 second passes; start again", "过去 1 秒；再次 start"});
    clock.advance(1s);
    looping->start();
    expect_equal(how_often, called, 2);
    act({"1 second passes", "过去 1 秒"});
    clock.advance(1s);
    expect_equal(how_often, called, 2);
    act({"1 more second passes", "再过去 1 秒"});
    clock.advance(1s);
    expect_equal(how_often, called, 3);
    looping->stop();
    expect_none_pending(clock);
}

CHECK(Text{"f stops it in its very first call", "f 在第一次被调用时就停止它"}) {
    twist::FakeClock clock;
    int called = 0;
    std::unique_ptr<Looping> looping;
    looping = make_looping_call(clock, 2s, [&] {
        ++called;
        looping->stop();
    });
    act({"start, which calls f, which calls stop", "start 调用 f，f 调用 stop"});
    looping->start();
    expect_none_pending(clock);
    act({"2 seconds pass", "过去 2 秒"});
    clock.advance(2s);
    expect_equal(how_often, called, 1);
}

CHECK(Text{"f stops it and starts it again in its second call",
           "f 在第二次被调用时停止它，又重新启动它"}) {
    twist::FakeClock clock;
    int called = 0;
    std::unique_ptr<Looping> looping;
    looping = make_looping_call(clock, 2s, [&] {
        if (++called == 2) {
            looping->stop();
            looping->start();
        }
    });
    act({"start", "start"});
    looping->start();
    act({"2 seconds pass: f calls stop and start, which calls f for the third time",
         "过去 2 秒：f 调用 stop 和 start，后者第三次调用 f"});
    clock.advance(2s);
    expect_equal(how_often, called, 3);
    expect(clock.delayed_calls().size() < 2,
           {"Two loops are running now: the restarted one and the old one.",
            "现在有两个循环在运行：重新启动的那个，还有旧的那个。"});
    act({"2 more seconds pass", "再过去 2 秒"});
    clock.advance(2s);
    expect_equal(how_often, called, 4);
    act({"stop", "stop"});
    looping->stop();
    expect_none_pending(clock);
}

CHECK(Text{"two looping calls on the same clock", "同一个时钟上的两个循环调用"}) {
    twist::FakeClock clock;
    int first_called = 0, second_called = 0;
    const auto first = make_looping_call(clock, 2s, [&] { ++first_called; });
    const auto second = make_looping_call(clock, 2s, [&] { ++second_called; });
    act({"start both, and stop the first", "启动两个，停止第一个"});
    first->start();
    second->start();
    first->stop();
    act({"2 seconds pass", "过去 2 秒"});
    clock.advance(2s);
    expect_equal({"how often the stopped one called its f", "被停止的那个调用 f 的次数"},
                 first_called, 1);
    expect_equal({"how often the other one called its f", "另一个调用 f 的次数"}, second_called, 2);
    second->stop();
    expect_none_pending(clock);
}
