#include "twist/program/stack_trace.hpp"

#include <doctest/doctest.h>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include "twist/loop/reactor.hpp"

namespace {

std::string static_function();

} // namespace

[[gnu::always_inline]] inline std::string inlined_function() {
    return static_function() + "!";
}

namespace {

std::string trace() {
    std::ostringstream out;
    twist::print_stack_trace(out);
    return out.str();
}

[[gnu::noinline]] std::string static_function() {
    std::string result = trace();
    return result + "!"; // no tail call: this function stays on the stack
}

template <class T>
[[gnu::noinline]] std::string template_function(T) {
    return inlined_function() + "!";
}

bool in_order(const std::string& text, std::initializer_list<std::string> parts) {
    std::size_t at = 0;
    for (const std::string& part : parts)
        if ((at = text.find(part, at)) == std::string::npos)
            return false;
    return true;
}

} // namespace

TEST_CASE("a stack trace names functions and places, outermost first") {
    const std::string text = template_function(1);
    INFO(text);
    CHECK(in_order(text, {"template_function at program/test_stack_trace.cpp:",
                          "\nstatic_function at program/test_stack_trace.cpp:",
                          "\ntrace at program/test_stack_trace.cpp:"}));
#ifndef __clang__ // addr2line does not find functions that clang 16 has inlined
    CHECK(in_order(text, {"template_function", "\ninlined_function at program/", "\nstatic_func"}));
#endif
    CHECK(text.find("print_stack_trace") == std::string::npos);
    CHECK(text.find("_start") == std::string::npos);
}

TEST_CASE("of a std::function only the function that it calls is in the trace") {
    const std::function<std::string()> f = [] { return trace() + "!"; };
    const std::string text = f();
    INFO(text);
    CHECK(in_order(text, {"\ntrace at program/test_stack_trace.cpp:"}));
    CHECK(text.find("function.h") == std::string::npos);
    CHECK(text.find("invoke.h") == std::string::npos);
    CHECK(text.find("operator") == std::string::npos); // a lambda is named as a lambda
}

TEST_CASE("libevent's calls are one line") {
    twist::Reactor reactor;
    std::string text;
    reactor.call_from_thread([&] {
        text = trace();
        reactor.stop();
    });
    reactor.run();
    INFO(text);
    CHECK(in_order(text, {"twist::Reactor::run at loop/reactor.cpp:",
                          "twist::Reactor::wait_for_descriptors at loop/reactor.cpp:",
                          "\n... libevent: event_base_loop ...\n",
                          "twist::Reactor::", "\ntrace at program/test_stack_trace.cpp:"}));
    CHECK(text.find("libevent") == text.rfind("libevent"));
}
