// defer-unhandled - an error that nobody handles, after one that is handled.
// Answers twisted-deferred/defer-unhandled.py
#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>

void callback(const std::string&) {
    throw twist::Exception("oops");
}

void errback(const twist::Failure& failure) {
    std::cout << "errback got " << failure << '\n';
}

int main() {
    twist::Deferred<std::string> handled;
    handled.add_callback(callback).add_errback(errback);
    handled.callback("Here is your result.");

    twist::Deferred<std::string> d;
    d.add_callback(callback);
    d.callback("Here is your result.");

    std::cout << "Finished\n";
} // d is destroyed here, and with it the last chance to add an errback
