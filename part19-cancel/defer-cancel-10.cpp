// defer-cancel-10 - cancelled after two seconds; the poem is sent anyway.
// Answers deferred-cancel/defer-cancel-10.py
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/speed.hpp"

#include <chrono>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

void send_poem(const twist::Deferred<std::string>& d) {
    std::cout << "Sending poem" << std::endl;
    d.callback("Once upon a midnight dreary");
}

// A poem, five seconds later.
twist::Deferred<std::string> get_poem(twist::Reactor& reactor, double speed) {
    twist::Deferred<std::string> d;
    reactor.call_later(5s / speed, [d] { send_poem(d); });
    return d;
}

void got_poem(const std::string& poem) {
    std::cout << "I got a poem: " << poem << std::endl;
}

void poem_error(const twist::Failure& failure) {
    std::cout << "get_poem failed: " << failure << std::endl;
}

int poetry_main(int argc, char* argv[]) {
    const double speed = twist::parse_speed(argc, argv, "Gets a poem that takes five seconds.");

    twist::Reactor reactor;
    reactor.call_later(10s / speed, [&] { reactor.stop(); });

    const auto d = get_poem(reactor, speed);
    d.add_callbacks(got_poem, poem_error);

    reactor.call_later(2s / speed, [d] { d.cancel(); });

    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
