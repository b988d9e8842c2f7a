// defer-cancel-7 - a canceller that fires the Deferred with an error.
// Answers deferred-cancel/defer-cancel-7.py
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>

void canceller(twist::Deferred<std::string>& d) {
    std::cout << "canceller got: the deferred\n";
    std::cout << "canceller fires it with an error\n";
    d.errback(twist::Exception("error!"));
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
    d.cancel();
    std::cout << "done\n";
}
