// What the checks of the exercises are written with. A check has cases; a case says what it does,
// step by step, and what must hold then. The first thing that does not hold ends the check.
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

/// Says what is done next. Who fails sees the numbered steps of the case that led there.
void act(const Text& what);

/// Ends the check: `what` does not hold. `actual` and `expected` are shown if they say something.
[[noreturn]] void fail(const Text& what, const std::string& actual = "",
                       const std::string& expected = "");

inline void expect(bool holds, const Text& what) {
    if (!holds)
        fail(what);
}

// How a value is shown to the learner.
std::string show(const std::string& text); ///< in quotes; a long one is cut in the middle
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

/// `what` names the thing that is compared: "the poem", "how often the errback ran".
template <class Actual, class Expected>
void expect_equal(const Text& what, const Actual& actual, const Expected& expected) {
    if (!(actual == expected))
        fail({what.en + " is not what it should be", what.zh + "不对"}, show(actual),
             show(expected));
}

/// The errors that the core reported since the last call, one a line. A case that does not ask for
/// them fails if there are any.
std::string take_reports();

/// Runs the reactor until somebody stops it; fails if nobody does.
void run(twist::Reactor& reactor);

/// Fails if the reactor still has a connection, a port or a timer.
void expect_nothing_left(twist::Reactor& reactor);

/// What the program under test was started with, if the check is one of a program.
const std::string& program_path();

/// One case of the check. CHECK makes it.
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
