// outer - the outer Deferred waits for the inner one and is cancelled. What does this print?
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>
#include <vector>

void play(std::ostream& out) {
    const twist::Deferred<std::string> outer(
        [&out](twist::Deferred<std::string>&) { out << "outer canceller\n"; });
    const twist::Deferred<std::string> inner(
        [&out](twist::Deferred<std::string>&) { out << "inner canceller\n"; });

    const auto inner_end = inner.add_errback([&out](const twist::Failure& failure) {
        out << "inner errback: " << twist::type_name(failure.type()) << '\n';
        return std::string("an old poem");
    });
    outer
        .add_callback([&out, inner_end](const std::string& server) {
            out << "outer callback 1: " << server << '\n';
            return inner_end;
        })
        .add_callbacks(
            [&out](const std::string& poem) { out << "outer callback 2: " << poem << '\n'; },
            [&out](const twist::Failure& failure) {
                out << "outer errback: " << twist::type_name(failure.type()) << '\n';
            });

    outer.callback("a server");
    out << "outer is cancelled\n";
    outer.cancel();
    out << "inner is fired\n";
    try {
        inner.callback("a new poem");
        out << "nothing thrown\n";
    } catch (const twist::AlreadyCalledError&) {
        out << "AlreadyCalledError\n";
    }
    out << "done\n";
}

// The lines that play() prints.
std::vector<std::string> lines() {
    return {
        "outer callback 1: a server",
        "outer is cancelled",
        "inner canceller",
        "inner errback: CancelledError",
        "outer callback 2: an old poem",
        "inner is fired",
        "AlreadyCalledError",
        "done",
    };
}

int main() {
    std::cout << "Your answer:\n";
    for (const std::string& line : lines())
        std::cout << "  " << line << '\n';
    std::cout << "./tour check 19/outer tells you whether that is right.\n";
}
