// pairs - add_callbacks, or add_callback and then add_errback: what is the difference?
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

#include <functional>
#include <iostream>
#include <string>
#include <vector>

using Say = std::function<void(const std::string& line)>;

// Three chains, fired with a value.
void run(const Say& say) {
    const auto callback = [&](int) -> int {
        say("callback");
        throw twist::Exception("in the callback");
    };
    const auto errback = [&](const twist::Failure&) {
        say("errback");
        return 0;
    };
    const auto end = [&](const twist::Result<int>& result) {
        say(result ? "a value" : "a failure");
    };

    say("one after the other:");
    twist::succeed(1).add_callback(callback).add_errback(errback).add_both(end);
    say("together:");
    twist::succeed(1).add_callbacks(callback, errback).add_both(end);
    say("the other way round:");
    twist::succeed(1).add_errback(errback).add_callback(callback).add_both(end);
}

// What it says, line by line.
std::vector<std::string> prediction() {
    return {
        "one after the other:",
        "callback", // TODO: what else is said here?
        "together:",
        "callback", // TODO
        "the other way round:",
        "callback", // TODO
    };
}

int main() {
    std::cout << "Your prediction:\n";
    for (const std::string& line : prediction())
        std::cout << "  " << line << '\n';
    std::cout << "(./tour check compares it with what run() says.)\n";
}
