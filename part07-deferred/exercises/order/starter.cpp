// order - in which order do these lines come?
#include "twist/deferred/deferred.hpp"

#include <functional>
#include <iostream>
#include <string>
#include <vector>

using Say = std::function<void(const std::string& line)>;

// The program in question.
void run(const Say& say) {
    twist::Deferred<int> d;
    const auto end = d.add_callback([&](int) { say("a"); }).add_callback([&] {
        say("b");
        throw twist::Exception("in b");
    });
    say("c");
    d.callback(1);
    say("d");
    end.add_errback([&](const twist::Failure&) { say("e"); }).add_callback([&] { say("f"); });
    say("g");
}

// What it says, line by line.
std::vector<std::string> order() {
    // TODO: put the seven letters into the order in which they come. Think, then check.
    return {"a", "b", "c", "d", "e", "f", "g"};
}

int main() {
    std::cout << "Your prediction:";
    for (const std::string& line : order())
        std::cout << ' ' << line;
    std::cout << "\n(./tour check compares it with what run() says.)\n";
}
