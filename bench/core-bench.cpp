// core-bench - measures the core's own work, without sockets: Deferreds, coroutines, timers.
// Without arguments it lists its cases; --case NAME measures one case and prints one line.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "twist/deferred/deferred.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/clock.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/stopwatch.hpp"

namespace {

using twist::Deferred, twist::DelayedCall, twist::Reactor, twist::Seconds;
using Number = std::uint64_t;

// Every case computes a result that is checked, so the compiler can't leave the work out.
void check(Number result, Number expected) {
    if (result != expected)
        throw std::logic_error("The result is " + std::to_string(result) + ", not " +
                               std::to_string(expected));
}

// Processor time: other processes on this machine do not count.
class Stopwatch {
  public:
    Seconds elapsed() const {
        return Seconds(static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC);
    }

  private:
    std::clock_t start_ = std::clock();
};

// Deferreds ---------------------------------------------------------------------------------------

// Makes a Deferred, adds `length` callbacks, and fires it, until `size` callbacks have run.
template <std::size_t length>
Seconds chain(std::size_t size) {
    const Stopwatch stopwatch;
    Number total = 0;
    for (std::size_t begun = 0; begun < size; begun += length) {
        const Deferred<Number> d;
        for (std::size_t i = 0; i < length; ++i)
            d.add_callback([&total](Number n) {
                ++total;
                return n + 1;
            });
        d.callback(begun);
    }
    const Seconds time = stopwatch.elapsed();
    check(total, (size + length - 1) / length * length);
    return time;
}

// For comparison, the same by hand: a vector of functions, called one after the other.
template <std::size_t length>
Seconds functions(std::size_t size) {
    const Stopwatch stopwatch;
    Number total = 0;
    for (std::size_t begun = 0; begun < size; begun += length) {
        std::vector<std::function<Number(Number)>> callbacks;
        for (std::size_t i = 0; i < length; ++i)
            callbacks.emplace_back([&total](Number n) {
                ++total;
                return n + 1;
            });
        Number n = begun;
        for (const auto& callback : callbacks)
            n = callback(n);
    }
    const Seconds time = stopwatch.elapsed();
    check(total, (size + length - 1) / length * length);
    return time;
}

// Each Deferred has a callback that returns the next one. They are fired in order, so all of them
// wait; the last one has the result, which travels back through the others.
Seconds nested(std::size_t size) {
    const Stopwatch stopwatch;
    Number result = 0;
    {
        const std::vector<Deferred<Number>> all = [size] {
            std::vector<Deferred<Number>> made;
            for (std::size_t i = 0; i < size; ++i)
                made.emplace_back();
            return made;
        }();
        for (std::size_t i = 0; i + 1 < size; ++i)
            all[i].add_callback([next = all[i + 1]](Number) mutable { return std::move(next); });
        all.front().add_callback([&result](Number n) { result = n; });
        for (std::size_t i = 0; i < size; ++i)
            all[i].callback(i);
    }
    const Seconds time = stopwatch.elapsed();
    check(result, size - 1);
    return time;
}

// Coroutines --------------------------------------------------------------------------------------

// A number that the compiler can't predict.
Number opaque(Number n) {
    asm volatile("" : "+r"(n));
    return n;
}

Deferred<Number> sum_of_values(std::size_t size) {
    Number sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum += co_await opaque(1);
    co_return sum;
}

Deferred<Number> sum_of_ready(std::size_t size) {
    Number sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum += co_await twist::succeed(opaque(1));
    co_return sum;
}

Deferred<Number> sum_of_turns(std::size_t size, Reactor& reactor) {
    Number sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
        Deferred<Number> d;
        reactor.call_at_end_of_turn([d] { d.callback(1); });
        sum += co_await d;
    }
    co_return sum;
}

Seconds await_value(std::size_t size) {
    const Stopwatch stopwatch;
    Number sum = 0;
    sum_of_values(size).add_callback([&sum](Number n) { sum = n; });
    check(sum, size);
    return stopwatch.elapsed();
}

Seconds await_ready(std::size_t size) {
    const Stopwatch stopwatch;
    Number sum = 0;
    sum_of_ready(size).add_callback([&sum](Number n) { sum = n; });
    check(sum, size);
    return stopwatch.elapsed();
}

Seconds await_loop(std::size_t size) {
    Reactor reactor;
    Number sum = 0;
    Seconds time{0};
    reactor.call_when_running([&] {
        sum_of_turns(size, reactor).add_callback([&, stopwatch = Stopwatch()](Number n) {
            sum = n;
            time = stopwatch.elapsed();
            reactor.stop();
        });
    });
    reactor.run();
    check(sum, size);
    return time;
}

// Timers ------------------------------------------------------------------------------------------

// Delays between `least` and `least + span` seconds, unordered, and the same in each run.
std::vector<Seconds> delays(std::size_t size, double least, double span) {
    std::mt19937 generator;
    std::uniform_real_distribution<double> distribution(least, least + span);
    std::vector<Seconds> all(size);
    for (Seconds& delay : all)
        delay = Seconds(distribution(generator));
    return all;
}

Seconds schedule(std::size_t size) {
    Reactor reactor;
    const auto all = delays(size, 100, 100);
    Number fired = 0;
    const Stopwatch stopwatch;
    for (const Seconds delay : all)
        reactor.call_later(delay, [&fired] { ++fired; });
    const Seconds time = stopwatch.elapsed();
    check(reactor.delayed_calls().size(), size);
    return time;
}

Seconds cancel(std::size_t size) {
    Reactor reactor;
    Number fired = 0;
    std::vector<DelayedCall> calls;
    for (const Seconds delay : delays(size, 100, 100))
        calls.push_back(reactor.call_later(delay, [&fired] { ++fired; }));
    const Stopwatch stopwatch;
    for (DelayedCall& call : calls)
        call.cancel();
    const Seconds time = stopwatch.elapsed();
    check(reactor.delayed_calls().size(), 0);
    return time;
}

// All are due before the loop begins to turn: the wait in between does not count.
Seconds schedule_fire(std::size_t size) {
    constexpr double span = 0.2;
    Reactor reactor;
    const auto all = delays(size, 0, span);
    Number fired = 0;
    const Stopwatch scheduling;
    for (const Seconds delay : all)
        reactor.call_later(delay, [&fired] { ++fired; });
    Seconds time = scheduling.elapsed();
    reactor.call_later(Seconds(span), [&reactor] { reactor.stop(); });
    std::this_thread::sleep_for(Seconds(span));
    const Stopwatch firing;
    reactor.run();
    time += firing.elapsed();
    check(fired, size);
    return time;
}

// The list ----------------------------------------------------------------------------------------

struct Case {
    std::string name;
    std::size_t size; // operations in a round; the time is divided by this
    Seconds (*run)(std::size_t size);
    std::string what;
};

const std::vector<Case> cases{
    {"chain1", 1'000'000, chain<1>, "a callback: a Deferred with 1 callback, made and fired"},
    {"chain10", 1'000'000, chain<10>, "a callback: a Deferred with 10"},
    {"chain1000", 1'000'000, chain<1000>, "a callback: a Deferred with 1,000"},
    {"function1", 1'000'000, functions<1>, "a call: a vector of 1 std::function, made and called"},
    {"function10", 1'000'000, functions<10>, "a call: a vector of 10"},
    {"function1000", 1'000'000, functions<1000>, "a call: a vector of 1,000"},
    {"nested100k", 100'000, nested, "a Deferred: 100,000, each waiting for the next, then fired"},
    {"await_value", 10'000'000, await_value, "a co_await of a plain value"},
    {"await_ready", 1'000'000, await_ready, "a co_await of a Deferred that has fired, made here"},
    {"await_loop", 300'000, await_loop, "a co_await of a Deferred that fires in the next turn"},
    {"schedule", 1'000'000, schedule, "a call_later, of 1,000,000 that stay"},
    {"cancel", 1'000'000, cancel, "a cancel, of 1,000,000 timers"},
    {"schedule_fire", 1'000'000, schedule_fire, "a timer, of 1,000,000 scheduled and fired"},
};

void list() {
    std::cout << "What core-bench --case NAME measures, in nanoseconds of processor time:\n";
    for (const Case& c : cases)
        std::cout << "  " << std::left << std::setw(15) << c.name << c.what << '\n';
}

// getrusage would include our parent process.
std::string peak_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:" && status >> word)
            return word;
    return "0";
}

void measure(const Case& c, std::size_t size, std::size_t rounds) {
    c.run(std::max<std::size_t>(size / 10, 1)); // to warm up
    std::vector<double> times;
    for (std::size_t i = 0; i < rounds; ++i)
        times.push_back(c.run(size).count() / static_cast<double>(size) * 1e9);
    const auto median = times.begin() + static_cast<std::ptrdiff_t>(rounds / 2);
    std::nth_element(times.begin(), median, times.end());
    std::cout << "case=" << c.name << " ns=" << std::lround(*median) << " peak_kb=" << peak_kb()
              << '\n';
}

int bench_main(int argc, char* argv[]) {
    std::string name;
    std::size_t size = 0, rounds = 5;
    twist::CommandLine command_line("[options]", "Measures what the core's own work costs.");
    command_line.option("case", name, "what to measure (default: lists what there is)");
    command_line.option("size", size, "how many a round does (default: the case's own)");
    command_line.option("rounds", rounds, "the time is their median (default: 5)");
    if (!command_line.parse(argc, argv).empty())
        command_line.fail("There are options only.");
    if (name.empty())
        return list(), 0;
    const auto found =
        std::find_if(cases.begin(), cases.end(), [&](const Case& c) { return c.name == name; });
    if (found == cases.end())
        command_line.fail("There is no case '" + name + "'.");
    measure(*found, size != 0 ? size : found->size, rounds);
    return 0;
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, bench_main);
}
