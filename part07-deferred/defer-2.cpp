// defer-2 - a Deferred fired with a failure. Answers twisted-deferred/defer-2.py
#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>

void got_poem(const std::string& poem) {
    std::cout << "Your poem is served:\n" << poem << '\n';
}

void poem_failed(const twist::Failure&) {
    std::cout << "No poetry for you.\n";
}

int main() {
    twist::Deferred<std::string> d;
    d.add_callbacks(got_poem, poem_failed);
    d.errback(twist::Failure(twist::Exception("I have failed.")));
    std::cout << "Finished\n";
}
