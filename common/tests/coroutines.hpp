// For tests of coroutines: some coroutines, and what notes their results and their ends.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "twist/deferred/inline_callbacks.hpp"

namespace twist {

/// A local variable of a coroutine that notes its destruction.
class Local {
  public:
    explicit Local(std::string& seen, std::string name = "gone")
        : seen_(seen), name_(std::move(name)) {}
    Local(const Local&) = delete;
    Local& operator=(const Local&) = delete;
    ~Local() { seen_ += "(" + name_ + ")"; }

  private:
    std::string& seen_;
    std::string name_;
};

/// Appends the result, a value or a failure, to `seen`.
template <class T>
void note(const Deferred<T>& d, std::string& seen) {
    d.add_both([&seen](Result<T> result) {
        if (result.is_failure())
            seen += result.failure().text();
        else if constexpr (std::is_void_v<T>)
            seen += "nothing";
        else if constexpr (std::is_same_v<T, std::string>)
            seen += result.value();
        else
            seen += std::to_string(result.value());
    });
}

inline Deferred<int> plus_one(Deferred<int> before) {
    co_return co_await before + 1;
}

inline Deferred<void> narrate(std::string& seen, std::string name, Deferred<int> first,
                              Deferred<int> second) {
    const Local local(seen, name + " gone");
    seen += "[" + name + " begins]";
    const int one = co_await first;
    seen += "[" + name + " has " + std::to_string(one) + "]";
    const int two = co_await second;
    seen += "[" + name + " has " + std::to_string(one) + " and " + std::to_string(two) + "]";
}

} // namespace twist
