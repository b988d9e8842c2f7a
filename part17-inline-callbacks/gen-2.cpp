// gen-2 - the same loop, written out. Answers inline-callbacks/gen-2.py
#include "generator.hpp"

#include <iostream>

twist::Generator<int> my_generator() {
    std::cout << "starting up\n";
    co_yield 1;
    std::cout << "workin'\n";
    co_yield 2;
    std::cout << "still workin'\n";
    co_yield 3;
    std::cout << "done\n";
}

int main() {
    auto gen = my_generator();

    while (true) {
        const auto n = gen.next();
        if (!n)
            break;
        std::cout << *n << '\n';
    }
}
