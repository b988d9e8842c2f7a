// defer-9 - the common part of both sides becomes a step. Answers twisted-deferred/defer-9.py
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"

#include <iostream>
#include <string>

int main() {
    twist::Reactor reactor;

    const auto got_poem = [](const std::string& poem) { std::cout << poem << '\n'; };

    const auto poem_failed = [](const twist::Failure& failure) {
        std::cerr << "No poem today: " << failure << '\n';
    };

    const auto poem_done = [&] { reactor.stop(); };

    twist::Deferred<std::string> d;
    d.add_callbacks(got_poem, poem_failed).add_both(poem_done);

    reactor.call_when_running([d] { d.callback("Another short poem."); });
    reactor.run();
}
