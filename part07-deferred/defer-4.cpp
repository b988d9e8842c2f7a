// defer-4 - a result, and then another. Answers twisted-deferred/defer-4.py
#include "twist/deferred/deferred.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>
#include <string>

int fire_twice(int, char*[]) {
    const auto out = [](const auto& result) { std::cout << result << '\n'; };

    twist::Deferred<std::string> d;
    d.add_callbacks(out, out);
    d.callback("First result");
    d.callback("Second result");
    std::cout << "Finished\n";
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, fire_twice);
}
