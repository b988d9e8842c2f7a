// defer-11 - a Deferred that is fired before it has a callback, and one that is paused. Answers
// twisted-deferred/defer-11.py
#include "twist/deferred/deferred.hpp"

#include <iostream>

int callback_1(int result) {
    std::cout << "callback_1 got " << result << '\n';
    return 1;
}

int callback_2(int result) {
    std::cout << "callback_2 got " << result << '\n';
    return 2;
}

int callback_3(int result) {
    std::cout << "callback_3 got " << result << '\n';
    return 3;
}

int main() {
    std::cout << "First fire, then add. When does a callback run?\n\n";

    twist::Deferred<int> d;
    std::cout << "Firing empty deferred.\n";
    d.callback(0);
    std::cout << "Adding first callback.\n";
    d.add_callback(callback_1);
    std::cout << "Adding second callback.\n";
    d.add_callback(callback_2);
    std::cout << "Adding third callback.\n";
    d.add_callback(callback_3);

    std::cout << "\nEach ran before its add_callback returned. Now with a pause.\n\n";

    d = twist::Deferred<int>();
    std::cout << "Pausing, then firing deferred.\n";
    d.pause();
    d.callback(0);
    std::cout << "Adding callbacks.\n";
    d.add_callback(callback_1);
    d.add_callback(callback_2);
    d.add_callback(callback_3);
    std::cout << "Unpausing the deferred.\n";
    d.unpause();
}
