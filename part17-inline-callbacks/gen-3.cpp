// gen-3 - two generators take turns. Answers inline-callbacks/gen-3.py
#include "generator.hpp"

#include <iostream>
#include <queue>
#include <utility>

twist::Generator<int> my_generator() {
    co_yield 1;
    co_yield 2;
    co_yield 3;
}

twist::Generator<int> my_other_generator() {
    co_yield 10;
    co_yield 20;
    co_yield 30;
    co_yield 40;
}

int main() {
    std::queue<twist::Generator<int>> gens;
    gens.push(my_generator());
    gens.push(my_other_generator());

    while (!gens.empty()) {
        auto gen = std::move(gens.front());
        gens.pop();
        if (const auto n = gen.next()) {
            std::cout << *n << '\n';
            gens.push(std::move(gen));
        }
    }
}
