// defer-10 - a callback returns a Deferred, and the chain waits for it. Answers
// twisted-deferred/defer-10.py
#include "twist/deferred/deferred.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>
#include <string>

int callback_1(int result) {
    std::cout << "callback_1 got " << result << std::endl;
    return 1;
}

int callback_2(int result) {
    std::cout << "callback_2 got " << result << std::endl;
    return 2;
}

int callback_3(int result) {
    std::cout << "callback_3 got " << result << std::endl;
    return 3;
}

int errback_3(const twist::Failure& failure) {
    std::cout << "errback_3 got " << failure << std::endl;
    return 3;
}

int defer_10(int argc, char* argv[]) {
    std::string variation;
    twist::CommandLine command_line("[options]", "A Deferred that waits for another one.");
    command_line.choice("variation", variation, {"1", "2", "3"},
                        "another end for the inner Deferred");
    command_line.parse_options(argc, argv);

    std::cout << "Firing a Deferred with three simple callbacks:" << std::endl;
    twist::Deferred<int> simple;
    simple.add_callback(callback_1);
    simple.add_callback(callback_2);
    simple.add_callback(callback_3);
    simple.callback(0);

    std::cout << "\nNow the second callback returns a Deferred:" << std::endl;
    twist::Deferred<int> inner;
    const auto callback_2_async = [inner](int result) {
        std::cout << "callback_2 got " << result << std::endl;
        return inner;
    };
    twist::Deferred<int> d;
    d.add_callback(callback_1);
    d.add_callback(callback_2_async);
    if (variation == "3")
        d.add_callbacks(callback_3, errback_3);
    else
        d.add_callback(callback_3);
    d.callback(0);

    std::cout << "\nThe outer callback() has returned, and the third callback has not run.\n"
                 "Firing the inner Deferred:"
              << std::endl;
    if (variation.empty())
        inner.callback(2);
    else if (variation == "1")
        inner.callback(5);
    else
        inner.errback(5);

    std::cout << "\nThe inner Deferred has fired." << std::endl;
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, defer_10);
}
