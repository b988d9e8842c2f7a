// A failure that is never reported: the check fires the poem, drops it, and wants the report.
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace check;
using namespace std::chrono_literals;

using Poem = twist::Deferred<std::string>;

void print_poem(twist::Clock& clock, const Poem& poem);

namespace {

const Text called{"print_poem", "调用 print_poem"};
const Text two_seconds{"two seconds pass", "过去两秒"};
const Text one_second{"one more second passes", "再过去一秒"};

// Collects the output as long as it lives.
class Printed {
  public:
    Printed() : before_(std::cout.rdbuf(text_.rdbuf())) {}
    ~Printed() { std::cout.rdbuf(before_); }
    Printed(const Printed&) = delete;
    Printed& operator=(const Printed&) = delete;

    int count(const std::string& words) const {
        const std::string all = text_.str();
        int found = 0;
        for (auto at = all.find(words); at != std::string::npos; at = all.find(words, at + 1))
            ++found;
        return found;
    }

  private:
    std::ostringstream text_;
    std::streambuf* before_;
};

void wait_two_seconds(twist::FakeClock& clock, const Printed& printed) {
    act(two_seconds);
    clock.advance(1s);
    clock.advance(1s);
    expect_equal({"the number of 'Still waiting.' lines", "它说自己在等待的次数"},
                 printed.count("Still waiting."), 2);
}

} // namespace

CHECK(Text{"the poem arrives", "诗到达"}) {
    twist::FakeClock clock;
    const Printed printed;
    auto poem = std::make_unique<Poem>();
    act(called);
    print_poem(clock, *poem);
    wait_two_seconds(clock, printed);
    act({"the poem arrives", "诗到达"});
    poem->callback("a poem");
    poem.reset();
    act(one_second);
    clock.advance(1s);
    expect_equal({"the number of times the poem is printed", "诗被打印的次数"},
                 printed.count("a poem"), 1);
    expect_equal({"the number of 'Still waiting.' lines", "它说自己在等待的次数"},
                 printed.count("Still waiting."), 2);
}

CHECK(Text{"the poem fails", "诗失败"}) {
    twist::FakeClock clock;
    const Printed printed;
    auto poem = std::make_unique<Poem>();
    act(called);
    print_poem(clock, *poem);
    wait_two_seconds(clock, printed);
    act({"it fails, and its maker lets go of it", "它失败了，制造它的人放开了它"});
    poem->errback(twist::Exception("no poem"));
    poem.reset();
    act(one_second);
    clock.advance(1s);
    expect(take_reports().find("no poem") != std::string::npos,
           {"The poem has failed, but nothing was reported.", "诗失败了，却没有人得知。"});
}

CHECK(Text{"two poems at the same time", "同时等待两首诗"}) {
    twist::FakeClock clock;
    const Printed printed;
    auto first = std::make_unique<Poem>(), second = std::make_unique<Poem>();
    act({"print_poem, twice", "调用 print_poem 两次"});
    print_poem(clock, *first);
    print_poem(clock, *second);
    act(one_second);
    clock.advance(1s);
    expect_equal(
        {"the number of 'Still waiting.' lines, with two poems", "它为两首诗说自己在等待的次数"},
        printed.count("Still waiting."), 2);
    act({"the second poem arrives; the first does not", "第二首诗到达，第一首没有"});
    second->callback("a poem");
    second.reset();
    act(one_second);
    clock.advance(1s);
    expect_equal(
        {"the number of 'Still waiting.' lines, with two poems", "它为两首诗说自己在等待的次数"},
        printed.count("Still waiting."), 3);
    act({"the first one fails, and its maker lets go of it", "第一首失败，制造它的人放开了它"});
    first->errback(twist::Exception("no poem"));
    first.reset();
    act(one_second);
    clock.advance(1s);
    expect(take_reports().find("no poem") != std::string::npos,
           {"The poem has failed, but nothing was reported.", "诗失败了，却没有人得知。"});
}
