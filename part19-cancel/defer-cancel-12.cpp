// defer-cancel-12 - a Deferred that waits for another one is cancelled.
// Answers deferred-cancel/defer-cancel-12.py
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>

void cancel_outer(twist::Deferred<std::string>&) {
    std::cout << "outer cancel callback.\n";
}

void cancel_inner(twist::Deferred<std::string>&) {
    std::cout << "inner cancel callback.\n";
}

void second_outer_callback(const std::string& result) {
    std::cout << "second outer callback got: " << result << '\n';
}

void outer_errback(const twist::Failure& failure) {
    std::cout << "outer errback got: " << failure << '\n';
}

int main() {
    twist::Deferred<std::string> outer_d(cancel_outer);
    twist::Deferred<std::string> inner_d(cancel_inner);

    const auto first_outer_callback = [inner_d](const std::string&) {
        std::cout << "first outer callback, returning inner deferred\n";
        return inner_d;
    };

    outer_d.add_callback(first_outer_callback).add_callbacks(second_outer_callback, outer_errback);
    outer_d.callback("result");

    // By now the outer one has fired, and waits for the inner one.
    std::cout << "canceling outer deferred.\n";
    outer_d.cancel();
    std::cout << "done\n";
}
