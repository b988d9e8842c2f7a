#include "tools/check/check.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <iostream>
#include <optional>
#include <unistd.h>
#include <utility>

#include "tools/check/events.hpp"
#include "twist/base/log.hpp"
#include "twist/loop/clock.hpp"

namespace check {

namespace {

struct Registered {
    Text what;
    void (*run)();
};

std::vector<Registered>& cases() {
    static std::vector<Registered> all;
    return all;
}

std::string path;
std::string reports;

// The check reports in lines of JSON, on the descriptor that verdict.py opens for it.
int report_descriptor() {
    const char* const number = std::getenv("CHECK_REPORT");
    return number == nullptr ? STDERR_FILENO : std::atoi(number);
}

std::string json(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            quoted += escaped;
        } else {
            quoted += c;
        }
    }
    return quoted + '"';
}

std::string json(const Text& text) {
    return "{\"en\": " + json(text.en) + ", \"zh\": " + json(text.zh) + "}";
}

void tell(const std::string& line) {
    const std::string whole = line + "\n";
    if (::write(report_descriptor(), whole.data(), whole.size()) == -1)
        return; // nobody reads any more
}

} // namespace

Case::Case(Text what, void (*run)()) {
    cases().push_back({std::move(what), run});
}

void act(const Text& what) {
    tell("{\"act\": " + json(what) + "}");
}

void event(const std::string& what) {
    tell("{\"event\": " + json(what) + "}");
}

void fail(const Text& what, const std::string& actual, const std::string& expected) {
    tell("{\"fail\": " + json(what) + ", \"actual\": " + json(actual) +
         ", \"expected\": " + json(expected) + "}");
    std::cout << std::flush;
    std::_Exit(1); // in a callback, the core would catch an exception
}

std::string show(const std::string& text) {
    constexpr std::size_t longest = 120;
    if (text.size() <= longest)
        return '"' + text + '"';
    return '"' + text.substr(0, longest / 2) + " … " + text.substr(text.size() - longest / 2) +
           "\" (" + std::to_string(text.size()) + " bytes)";
}

std::string take_reports() {
    return std::exchange(reports, "");
}

// Counts looks, not seconds: between two looks the loop has handled every event that was ready,
// however slow the machine is.
void run(twist::Reactor& reactor) {
    int looks = 100;
    twist::DelayedCall next;
    const std::function<void()> look = [&] {
        if (--looks == 0)
            fail({"The reactor is still running, and nothing is left that could stop it.",
                  "反应堆还在运行，但已经没有任何事件能让它停下来。"});
        next = reactor.call_later(twist::Seconds(0.05), look);
    };
    next = reactor.call_later(twist::Seconds(0.05), look);
    reactor.run();
    if (next.active())
        next.cancel();
}

void expect_nothing_left(twist::Reactor& reactor) {
    const auto timers = reactor.delayed_calls().size();
    if (timers > 0)
        fail({"A timer is still pending at the end.", "一切都结束了，却还有定时器没有取消。"},
             std::to_string(timers), "0");
    for (twist::ReadDescriptor* const left : reactor.descriptors())
        fail({"Something is still open at the end.", "一切都结束了，却还有东西没有关闭。"},
             left->log_prefix(), "");
}

const std::string& program_path() {
    return path;
}

} // namespace check

int main(int argc, char* argv[]) {
    if (argc > 1)
        check::path = argv[1];
    if (std::getenv("CHECK_REPORT") != nullptr) // the check's programs must not inherit it
        ::fcntl(check::report_descriptor(), F_SETFD, FD_CLOEXEC);
    const twist::log::Redirect redirect([](const twist::log::Report& report) {
        check::reports += report.why + ": " + report.failure.text() + "\n";
    });
    for (const auto& [what, run] : check::cases()) {
        check::tell("{\"case\": " + check::json(what) + "}");
        try {
            run();
        } catch (...) {
            check::fail({"An exception came out.", "有异常抛了出来。"}, twist::Failure().text());
        }
        if (const std::string reported = check::take_reports(); !reported.empty())
            check::fail(
                {"An error was reported that nobody handled.", "有错误没有人处理，被报告了出来。"},
                reported);
    }
    check::tell("{\"passed\": true}");
    return 0;
}
