// A computation in slices: the check counts its steps in each turn of a clock that it sets.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/loop/fake_clock.hpp"

using namespace check;
using namespace std::chrono_literals;

using Step = std::function<void(std::size_t i)>;
using Done = std::function<void()>;

void in_slices(twist::Clock& clock, std::size_t count, const Step& step, const Done& done);

namespace {

constexpr std::size_t slice = 1000;

// One computation, and what the check has seen of it.
struct Computation {
    Computation(twist::Clock& clock, std::size_t the_count) : count(the_count) {
        in_slices(
            clock, count, [this](std::size_t i) { made_step(i); }, [this] { ++done; });
        end_of_turn();
    }

    void made_step(std::size_t i) {
        expect_equal({"the number of the step", "步的编号"}, i, steps);
        expect_equal(
            {"how often done was called before the last step", "最后一步之前 done 被调用的次数"},
            done, 0);
        ++steps;
        if (++in_this_turn > slice)
            fail({"There are more than " + std::to_string(slice) + " steps in one turn.",
                  "一轮里超过了 " + std::to_string(slice) + " 步。"});
    }

    void end_of_turn() { in_this_turn = 0; }

    void expect_over() const {
        expect_equal({"how many steps were made", "做过的步数"}, steps, count);
        expect_equal({"how often done was called", "done 被调用的次数"}, done, 1);
    }

    std::size_t count;
    std::size_t steps = 0;
    std::size_t in_this_turn = 0;
    int done = 0;
};

// Turns until no call is pending.
void turn(twist::FakeClock& clock, const std::vector<Computation*>& computations) {
    for (int turns = 0; !clock.delayed_calls().empty(); ++turns) {
        expect(turns < 20'000,
               {"It keeps asking for another turn, and never ends.", "它总是再要一轮，却不结束。"});
        clock.advance(0s);
        for (Computation* const each : computations)
            each->end_of_turn();
    }
}

void expect_computes(std::size_t count) {
    twist::FakeClock clock;
    act({std::to_string(count) + " steps", std::to_string(count) + " 步"});
    Computation computation(clock, count);
    turn(clock, {&computation});
    computation.expect_over();
}

} // namespace

CHECK(Text{"many steps", "许多步"}) {
    expect_computes(10'500);
}

CHECK(Text{"whole slices, and almost whole ones", "整片，以及接近整片的"}) {
    for (const std::size_t count : {std::size_t{1}, slice - 1, slice, slice + 1, 3 * slice})
        expect_computes(count);
}

CHECK(Text{"nothing to do", "没有事情可做"}) {
    expect_computes(0);
}

CHECK(Text{"two computations at the same time", "两个同时进行的计算"}) {
    twist::FakeClock clock;
    act({"one of 2,500 steps, and one of 5,500", "一个 2,500 步，一个 5,500 步"});
    Computation first(clock, 2'500), second(clock, 5'500);
    turn(clock, {&first, &second});
    first.expect_over();
    second.expect_over();
}
