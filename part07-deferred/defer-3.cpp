// defer-3 - an exception becomes a Failure on its way. Answers twisted-deferred/defer-3.py
#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>
#include <typeinfo>

void got_poem(const std::string& poem) {
    std::cout << "Your poem is served:\n" << poem << '\n';
}

void poem_failed(const twist::Failure& failure) {
    std::cout << twist::type_name(typeid(failure)) << '\n';
    std::cout << failure << '\n';
    std::cout << "No poetry for you.\n";
}

int main() {
    twist::Deferred<std::string> d;
    d.add_callbacks(got_poem, poem_failed);
    d.errback(twist::Exception("I have failed."));
}
