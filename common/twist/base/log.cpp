#include "twist/base/log.hpp"

#include <iostream>
#include <utility>
#include <vector>

namespace twist::log {

namespace {
std::vector<Observer>& observers() {
    static thread_local std::vector<Observer> all;
    return all;
}
} // namespace

void report(std::string_view why, const Failure& failure) noexcept {
    try {
        if (observers().empty())
            std::cerr << std::string(why) + ": " + failure.text() + "\n" << std::flush;
        else
            Observer(observers().back())(
                {std::string(why), failure}); // a copy: it may go meanwhile
    } catch (...) {
        std::cerr << "An error could not be reported.\n";
    }
}

void err(const Failure& failure) noexcept {
    report("Unhandled Error", failure);
}

Redirect::Redirect(Observer observer) {
    observers().push_back(std::move(observer));
}
Redirect::~Redirect() {
    const Observer last_words = std::exchange(observers().back(), nullptr);
    observers().pop_back();
}

} // namespace twist::log
