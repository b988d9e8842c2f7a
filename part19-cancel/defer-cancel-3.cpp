// defer-cancel-3 - a Deferred is fired, then cancelled.
// Answers deferred-cancel/defer-cancel-3.py
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
    d.callback("result");
    d.cancel();
    std::cout << "done\n";
}
