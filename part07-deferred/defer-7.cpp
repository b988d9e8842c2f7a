// defer-7 - an error, and then a result. Answers twisted-deferred/defer-7.py
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>
#include <string>

int fire_twice(int, char*[]) {
    const auto out = [](const auto& result) { std::cout << result << '\n'; };

    twist::Deferred<std::string> d;
    d.add_callbacks(out, out);
    d.errback(twist::Exception("First error"));
    d.callback("First result");
    std::cout << "Finished\n";
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, fire_twice);
}
