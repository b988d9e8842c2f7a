// defer-1 - a Deferred fired with a result. Answers twisted-deferred/defer-1.py
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
    d.callback("This poem is short.");
    std::cout << "Finished\n";
}
