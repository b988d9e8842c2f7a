// defer-cancel-4 - a Deferred is cancelled, then fired.
// Answers deferred-cancel/defer-cancel-4.py
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
    d.callback("result");
    std::cout << "done\n";
}
