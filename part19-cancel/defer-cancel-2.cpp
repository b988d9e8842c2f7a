// defer-cancel-2 - a Deferred that has an errback, too, is cancelled.
// Answers deferred-cancel/defer-cancel-2.py
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>

void callback(const std::string& result) {
    std::cout << "callback got: " << result << '\n';
}

void errback(const twist::Failure& failure) {
    std::cout << "errback got: " << failure << '\n';
}

int main() {
    twist::Deferred<std::string> d;
    d.add_callbacks(callback, errback);
    d.cancel();
    std::cout << "done\n";
}
