// defer-cancel-1 - a Deferred that has only a callback is cancelled.
// Answers deferred-cancel/defer-cancel-1.py
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>

void callback(const std::string& result) {
    std::cout << "callback got: " << result << '\n';
}

int main() {
    twist::Deferred<std::string> d;
    d.add_callback(callback);
    d.cancel();
    std::cout << "done\n";
}
