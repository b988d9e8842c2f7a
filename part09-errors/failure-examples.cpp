// failure-examples - how to make a Failure, and how to query it.
// Answers twisted-failure/failure-examples.py
#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/base/result.hpp"
#include "twist/loop/error.hpp"

#include <iostream>
#include <string>
#include <string_view>
#include <typeinfo>

struct PoetryError : twist::Exception {
    using Exception::Exception;
};

struct RhymeSchemeViolation : PoetryError {
    using PoetryError::PoetryError;
};

void analyze_poem(std::string_view poem) {
    if (poem.ends_with("orange.\n"))
        throw RhymeSchemeViolation("Nothing rhymes with orange.");
}

void show(const twist::Failure& failure) {
    std::cout << failure << '\n'
              << "  type:    " << twist::type_name(failure.type()) << '\n'
              << "  message: \"" << failure.message() << "\"\n";
}

std::string name(const std::type_info* type) {
    return type == nullptr ? "nullptr" : twist::type_name(*type);
}

// What a call returns, or what it throws.
template <class Call>
void try_out(const char* text, Call call) {
    try {
        const std::string result = name(call());
        std::cout << text << " returns " << result << '\n';
    } catch (...) {
        std::cout << text << " throws:\n  " << twist::Failure() << '\n';
    }
}

int main() {
    std::cout << "Just making an exception:\n\n";
    twist::Failure failure{RhymeSchemeViolation()};
    show(failure);

    std::cout << "\nCatching an exception:\n\n";
    try {
        analyze_poem("Roses are red,\nleaves are green,\nand an orange is orange.\n");
    } catch (...) {
        failure = twist::Failure();
    }
    show(failure);

    std::cout << "\nChecking whether it is of a type, or of a derived type:\n\n";
    try_out("check<RhymeSchemeViolation>()", [&] { return failure.check<RhymeSchemeViolation>(); });
    try_out("check<PoetryError>()", [&] { return failure.check<PoetryError>(); });
    try_out("check<ConnectionDone>()", [&] { return failure.check<twist::ConnectionDone>(); });
    try_out("check<ConnectionDone, PoetryError>()",
            [&] { return failure.check<twist::ConnectionDone, PoetryError>(); });

    std::cout << "\nTrapping it:\n\n";
    try_out("trap<PoetryError>()", [&] { return &failure.trap<PoetryError>(); });
    try_out("trap<ConnectionDone>()", [&] { return &failure.trap<twist::ConnectionDone>(); });

    std::cout << "\nThrowing it again:\n\n";
    try_out("raise()", [&]() -> const std::type_info* { failure.raise(); });

    std::cout << "\nMaking one of a bare int:\n\n";
    const twist::Failure number(5);
    show(number);
    try_out("check<int>()", [&] { return number.check<int>(); });

    std::cout << "\nMaking one where nothing is being caught:\n\n";
    try_out("Failure()", [] { return &twist::Failure().type(); });
}
