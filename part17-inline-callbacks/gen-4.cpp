// gen-4 - a generator receives values and an exception. Answers inline-callbacks/gen-4.py
#include "generator.hpp"
#include "twist/base/error.hpp"

#include <iostream>

struct Malfunction : twist::Exception {};

twist::Generator<int, int> my_generator() {
    std::cout << "starting up\n";

    auto val = co_yield 1;
    std::cout << "got: " << *val << '\n';

    val = co_yield 2;
    std::cout << "got: " << *val << '\n';

    try {
        co_yield 3;
    } catch (const Malfunction&) {
        std::cout << "malfunction!\n";
    }

    co_yield 4;

    std::cout << "done\n";
}

int main() {
    auto gen = my_generator();

    std::cout << *gen.next() << '\n';
    std::cout << *gen.send(10) << '\n';
    std::cout << *gen.send(20) << '\n';
    std::cout << *gen.throw_in(Malfunction()) << '\n';

    gen.next(); // there is no fifth value
}
