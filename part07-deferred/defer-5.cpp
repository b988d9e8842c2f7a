// defer-5 - a result, and then an error. Answers twisted-deferred/defer-5.py
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>
#include <string>

int fire_twice(int, char*[]) {
    const auto out = [](const auto& result) { std::cout << result << '\n'; };

    twist::Deferred<std::string> d;
    d.add_callbacks(out, out);
    d.callback("First result");
    d.errback(twist::Exception("First error"));
    std::cout << "Finished\n";
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, fire_twice);
}
