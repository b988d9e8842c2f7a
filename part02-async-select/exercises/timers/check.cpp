// Timers in the loop: the check gives the time as a number.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/seconds.hpp"

using namespace check;
using twist::Seconds;

struct Timer {
    twist::Seconds due;
    std::function<void()> call;
};

std::optional<twist::Seconds> time_out(const std::vector<Timer>& timers, twist::Seconds now);
void run_due(std::vector<Timer>& timers, twist::Seconds now);

namespace {

const Text called{"what was called", "被调用的"};

std::string shown(std::optional<Seconds> time) {
    return time ? show(time->count()) + " s" : "none";
}

struct Timers {
    std::vector<Timer> timers;
    std::vector<std::string> calls;

    void add(double due, const std::string& name) {
        timers.push_back({Seconds(due), [this, name] { calls.push_back(name); }});
    }
};

} // namespace

CHECK(Text{"the time-out", "超时"}) {
    Timers t;
    expect_equal({"the time-out without a timer", "没有定时器时的超时"},
                 shown(time_out(t.timers, Seconds(10))), std::string("none"));
    act({"timers are made for the times 17, 12 and 15", "为时刻 17、12、15 创建定时器"});
    t.add(17, "17");
    t.add(12, "12");
    t.add(15, "15");
    expect_equal({"the time-out at 10", "时刻 10 的超时"}, shown(time_out(t.timers, Seconds(10))),
                 std::string("2 s"));
    expect_equal({"the time-out at 12", "时刻 12 的超时"}, shown(time_out(t.timers, Seconds(12))),
                 std::string("0 s"));
    expect_equal({"the time-out at 20, when all are overdue", "时刻 20（全都过期）的超时"},
                 shown(time_out(t.timers, Seconds(20))), std::string("0 s"));
}

CHECK(Text{"some are due", "有些到期了"}) {
    Timers t;
    act({"timers are made for the times 13, 11, 19, 12 and 11",
         "为时刻 13、11、19、12、11 创建定时器"});
    t.add(13, "13");
    t.add(11, "11, made first");
    t.add(19, "19");
    t.add(12, "12");
    t.add(11, "11, made second");
    act({"run_due at 10", "在时刻 10 调用 run_due"});
    run_due(t.timers, Seconds(10));
    expect_equal(called, t.calls, std::vector<std::string>{});
    act({"run_due at 13", "在时刻 13 调用 run_due"});
    run_due(t.timers, Seconds(13));
    expect_equal(called, t.calls,
                 std::vector<std::string>{"11, made first", "11, made second", "12", "13"});
    act({"run_due at 14", "在时刻 14 调用 run_due"});
    run_due(t.timers, Seconds(14));
    expect_equal(called, t.calls,
                 std::vector<std::string>{"11, made first", "11, made second", "12", "13"});
    expect_equal({"the number of remaining timers", "剩下的定时器数"}, t.timers.size(), 1u);
}

CHECK(Text{"a call makes new timers", "被调用者创建新的定时器"}) {
    Timers t;
    act({"a timer for 5, which makes a hundred more for 5, and a timer for 6",
         "一个在时刻 5，它再创建一百个时刻 5 的；另一个在时刻 6"});
    t.timers.push_back({Seconds(5), [&t] {
                            t.calls.push_back("5");
                            for (int i = 0; i < 100; ++i)
                                t.add(5, "new");
                        }});
    t.add(6, "6");
    act({"run_due at 7", "在时刻 7 调用 run_due"});
    run_due(t.timers, Seconds(7));
    expect_equal(called, t.calls, std::vector<std::string>{"5", "6"});
    act({"run_due at 7 again", "再次在时刻 7 调用 run_due"});
    run_due(t.timers, Seconds(7));
    expect_equal({"the number of calls", "调用的次数"}, t.calls.size(), 102u);
}

CHECK(Text{"many are due at the same time", "许多定时器同时到期"}) {
    Timers t;
    act({"forty timers are made, alternately for the times 7 and 6",
         "创建四十个定时器，轮流在时刻 7 和时刻 6"});
    std::vector<std::string> at_6, at_7;
    for (int i = 0; i < 40; ++i) {
        const int due = i % 2 == 0 ? 7 : 6;
        const std::string name = std::to_string(due) + ", made as number " + std::to_string(i + 1);
        t.add(due, name);
        (due == 6 ? at_6 : at_7).push_back(name);
    }
    at_6.insert(at_6.end(), at_7.begin(), at_7.end());
    act({"run_due at 8", "在时刻 8 调用 run_due"});
    run_due(t.timers, Seconds(8));
    expect(t.calls == at_6, {"Those due at the same time are not called in the order in which they "
                             "were made.",
                             "同时到期的定时器没有按创建的顺序被调用。"});
}

CHECK(Text{"a call makes a new timer while another one waits",
           "被调用者创建新的定时器，而另一个还在等待"}) {
    Timers t;
    act({"a timer for 5, which makes a new one for 9; another one for 9 exists already",
         "一个在时刻 5，它创建一个时刻 9 的；另一个时刻 9 的早已存在"});
    t.timers.push_back({Seconds(5), [&t] { t.add(9, "9, made later"); }});
    t.add(9, "9, made first");
    act({"run_due at 6, and at 9", "在时刻 6 和时刻 9 各调用一次 run_due"});
    run_due(t.timers, Seconds(6));
    run_due(t.timers, Seconds(9));
    expect_equal(called, t.calls, std::vector<std::string>{"9, made first", "9, made later"});
}
