// defer-cancel-8 - a Deferred that has a canceller is fired, then cancelled.
// Answers deferred-cancel/defer-cancel-8.py
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>

void canceller(twist::Deferred<std::string>&) {
    std::cout << "canceller got: the deferred\n";
}

void callback(const std::string& result) {
    std::cout << "callback got: " << result << '\n';
}

void errback(const twist::Failure& failure) {
    std::cout << "errback got: " << failure << '\n';
}

int main() {
    twist::Deferred<std::string> d(canceller); // made by the code that will have the result
    d.add_callbacks(callback, errback);        // added by the code that wants it
    d.callback("result");
    d.cancel();
    std::cout << "done\n";
}
