// Three counters, on a clock that the check sets.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace check;
using namespace std::chrono_literals;

struct Counter {
    std::string name;
    int left;
    twist::Seconds pause;
};

using Say = std::function<void(const std::string& name, int number)>;
using Done = std::function<void()>;

void count_down(twist::Clock& clock, const std::vector<Counter>& counters, const Say& say,
                const Done& all_done);

namespace {

const Text how_often{"how often all_done was called", "all_done 被调用的次数"};
const Text what_was_said{"what the counters said", "计数器说出的内容"};

// The result of one call of count_down.
struct Seen {
    std::string said;
    int done = 0;
};

void start(twist::Clock& clock, const std::vector<Counter>& counters, Seen& seen) {
    count_down(
        clock, counters,
        [&seen](const std::string& name, int number) {
            seen.said += name + std::to_string(number) + " ";
        },
        [&seen] { ++seen.done; });
}

void pass(twist::FakeClock& clock, int half_seconds) {
    for (int i = 0; i < half_seconds; ++i)
        clock.advance(500ms);
}

} // namespace

CHECK(Text{"the first of three is the slowest", "三个中的第一个最慢"}) {
    twist::FakeClock clock;
    Seen seen;
    act({"start a (2 numbers, 2 s each), b (3 numbers, 0.5 s each), c (2 numbers, 1 s each)",
         "启动 a（2 个数，每个 2 秒）、b（3 个数，每个 0.5 秒）、c（2 个数，每个 1 秒）"});
    start(clock, {{"a", 2, 2s}, {"b", 3, 500ms}, {"c", 2, 1s}}, seen);
    act({"1.5 seconds pass: b is done", "过去 1.5 秒：b 数完"});
    pass(clock, 3);
    expect_equal(how_often, seen.done, 0);
    act({"0.5 more seconds pass: c is done", "再过 0.5 秒：c 数完"});
    pass(clock, 1);
    expect_equal(how_often, seen.done, 0);
    act({"2 more seconds pass: a is done", "再过 2 秒：a 数完"});
    pass(clock, 4);
    expect_equal(what_was_said, seen.said, std::string("a2 b3 c2 b2 c1 b1 a1 "));
    expect_equal(how_often, seen.done, 1);
    expect(clock.delayed_calls().empty(),
           {"A call is still pending, though all are done.", "大家都数完了，却还有延迟调用。"});
}

CHECK(Text{"the last two end at the same moment", "最后两个同时数完"}) {
    twist::FakeClock clock;
    Seen seen;
    start(clock, {{"a", 1, 500ms}, {"b", 2, 1s}, {"c", 1, 2s}}, seen);
    act({"1.5 seconds pass: a is done", "过去 1.5 秒：a 数完"});
    pass(clock, 3);
    expect_equal(how_often, seen.done, 0);
    act({"0.5 more seconds pass: b and c are done", "再过 0.5 秒：b 和 c 数完"});
    pass(clock, 1);
    expect_equal(how_often, seen.done, 1);
}

CHECK(Text{"two calls of count_down at the same time", "同时两次调用 count_down"}) {
    twist::FakeClock clock;
    Seen first, second;
    act({"call count_down with two counters, and again with three",
         "用两个计数器调用 count_down，再用三个计数器调用一次"});
    start(clock, {{"a", 1, 500ms}, {"b", 1, 1s}}, first);
    start(clock, {{"c", 1, 500ms}, {"d", 1, 1s}, {"e", 1, 1500ms}}, second);
    act({"1 second passes: the first two are done", "过去 1 秒：前两个数完"});
    pass(clock, 2);
    expect_equal(how_often, first.done, 1);
    expect_equal(how_often, second.done, 0);
    act({"0.5 more seconds pass: the other three are done", "再过 0.5 秒：另外三个数完"});
    pass(clock, 1);
    expect_equal(how_often, first.done, 1);
    expect_equal(how_often, second.done, 1);
}

CHECK(Text{"the first of two has nothing to count", "两个中的第一个没有可数的"}) {
    twist::FakeClock clock;
    Seen seen;
    act({"start a (no number: it is done at once) and b (1 number, 1 s)",
         "启动 a（没有数：立刻数完）和 b（1 个数，1 秒）"});
    start(clock, {{"a", 0, 1s}, {"b", 1, 1s}}, seen);
    expect_equal(how_often, seen.done, 0);
    act({"1 second passes: b is done", "过去 1 秒：b 数完"});
    pass(clock, 2);
    expect_equal(how_often, seen.done, 1);
}

CHECK(Text{"two counters with the same name", "两个同名的计数器"}) {
    twist::FakeClock clock;
    Seen seen;
    act({"start a (1 number, 0.5 s) and another a (1 number, 1 s)",
         "启动 a（1 个数，0.5 秒）和另一个 a（1 个数，1 秒）"});
    start(clock, {{"a", 1, 500ms}, {"a", 1, 1s}}, seen);
    act({"0.5 seconds pass: the first one is done", "过去 0.5 秒：第一个数完"});
    pass(clock, 1);
    expect_equal(how_often, seen.done, 0);
    act({"0.5 more seconds pass: the second one is done", "再过 0.5 秒：第二个数完"});
    pass(clock, 1);
    expect_equal(how_often, seen.done, 1);
}
