// The library for the checks of the exercises. A check has cases; a case reports its steps, and
// expects conditions. The first condition that does not hold ends the check.
#pragma once

#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "twist/base/failure.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"

namespace check {

/// A sentence in the two languages of the class.
struct Text {
    std::string en, zh;
};

/// Reports the next step. If the case fails, the learner sees its numbered steps up to there.
void act(const Text& what);

/// Ends the check: `what` says what is wrong. `actual` and `expected` are shown unless empty.
[[noreturn]] void fail(const Text& what, const std::string& actual = "",
                       const std::string& expected = "");

inline void expect(bool holds, const Text& what) {
    if (!holds)
        fail(what);
}

// A value as the learner sees it.
std::string show(const std::string& text); ///< in quotes; long text loses its middle
inline std::string show(const char* text) {
    return show(std::string(text));
}
inline std::string show(bool yes) {
    return yes ? "yes" : "no";
}
inline std::string show(const twist::Failure& failure) {
    return failure.text();
}
template <class T>
std::string show(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}
template <class T>
std::string show(const std::vector<T>& values) {
    std::string all;
    for (const T& value : values)
        all += (all.empty() ? "" : ", ") + show(value);
    return "[" + all + "]";
}

/// `what` names the compared value: "the poem", "how often the errback ran".
template <class Actual, class Expected>
void expect_equal(const Text& what, const Actual& actual, const Expected& expected) {
    if (!(actual == expected))
        fail({what.en + " is not what it should be", what.zh + "不对"}, show(actual),
             show(expected));
}

/// The errors that the core reported since the last call, one per line. If a case does not take
/// them, it fails.
std::string take_reports();

/// Runs the reactor until something stops it; fails if nothing does.
void run(twist::Reactor& reactor);

/// Fails if the reactor still has a connection, a port or a timer.
void expect_nothing_left(twist::Reactor& reactor);

/// The path of the program under test, if the check is for a program.
const std::string& program_path();

/// One case of the check; CHECK creates it.
struct Case {
    Case(Text what, void (*run)());
};

} // namespace check

#define CHECK_JOIN_(a, b) a##b
#define CHECK_JOIN(a, b) CHECK_JOIN_(a, b)

/// CHECK(Text{"a poem that comes in time", "准时到达的诗"}) { … }
#define CHECK(...)                                                                                 \
    static void CHECK_JOIN(case_, __LINE__)();                                                     \
    static const check::Case CHECK_JOIN(registered_, __LINE__)(__VA_ARGS__,                        \
                                                               CHECK_JOIN(case_, __LINE__));       \
    static void CHECK_JOIN(case_, __LINE__)()
