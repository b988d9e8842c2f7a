// mend - fetches a poem and has it transformed, by two slow servers.
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

using Answer = std::function<void(const twist::Result<std::string>&)>;
// A server: takes a request, and calls `answer` once, later.
using Server = std::function<void(const std::string& request, Answer answer)>;

// The poem of this server.
twist::Deferred<std::string> download(const Server& server) {
    twist::Deferred<std::string> d;
    server("poem", [d](const twist::Result<std::string>& answer) { d.callback(answer); });
    return d;
}

// The poem in lower case, from this server.
twist::Deferred<std::string> cummingsify(const Server& server, const std::string& poem) {
    twist::Deferred<std::string> d;
    server("cummingsify." + poem,
           [d](const twist::Result<std::string>& answer) { d.callback(answer); });
    return d;
}

// The poem, transformed.
twist::Deferred<std::string> get_poetry(const Server& poems, const Server& transforms) {
    return download(poems).add_callback(
        [transforms](const std::string& poem) { return cummingsify(transforms, poem); });
}

int main() {
    twist::FakeClock clock;
    const Server poems = [&clock](const std::string&, const Answer& answer) {
        clock.call_later(1s, [answer] { answer(std::string("Alla Sera")); });
    };
    const Server transforms = [&clock](const std::string&, const Answer& answer) {
        clock.call_later(1s, [answer] { answer(std::string("alla sera")); });
    };

    get_poetry(poems, transforms)
        .add_callbacks([](const std::string& poem) { std::cout << "got " << poem << '\n'; },
                       [](const twist::Failure& reason) { std::cout << reason << '\n'; });

    for (int second = 1; second <= 2; ++second) {
        std::cout << "Second " << second << ":\n";
        clock.advance(1s);
    }
}
