// defer-8 - a Deferred fired by the reactor. Answers twisted-deferred/defer-8.py
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"

#include <iostream>
#include <string>

int main() {
    twist::Reactor reactor;

    const auto got_poem = [&](const std::string& poem) {
        std::cout << poem << '\n';
        reactor.stop();
    };

    const auto poem_failed = [&](const twist::Failure& failure) {
        std::cerr << "No poem today: " << failure << '\n';
        reactor.stop();
    };

    twist::Deferred<std::string> d;
    d.add_callbacks(got_poem, poem_failed);

    reactor.call_when_running([d] { d.callback("Another short poem."); });
    reactor.run();
}
