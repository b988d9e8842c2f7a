// gen-1 - a generator's body and a loop take turns. Answers inline-callbacks/gen-1.py
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
    for (const int n : my_generator())
        std::cout << n << '\n';
}
