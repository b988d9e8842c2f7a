// Result: what a call gave, a value or a Failure.
#pragma once

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

#include "twist/base/failure.hpp"

namespace twist {

/// The value of a Result<void>.
struct Nothing {
    friend bool operator==(Nothing, Nothing) = default;
};

/// A value or a Failure.
template <class T>
class Result {
  public:
    using Value = std::conditional_t<std::is_void_v<T>, Nothing, T>;

    Result()
        requires std::is_void_v<T>
        : value_(Nothing()) {}
    Result(Failure failure) : failure_(std::move(failure)) {}
    template <class V>
        requires(std::convertible_to<V, Value> && !std::same_as<std::decay_t<V>, Result> &&
                 !std::same_as<std::decay_t<V>, Failure>)
    Result(V&& value) : value_(std::in_place, std::forward<V>(value)) {}

    bool is_failure() const { return failure_.has_value(); }
    explicit operator bool() const { return !is_failure(); }

    /// The value; throws the exception if there is none.
    Value& value() & {
        if (is_failure())
            failure().raise();
        return *value_;
    }
    const Value& value() const& { return const_cast<Result&>(*this).value(); }
    Value&& value() && { return std::move(value()); }

    /// The Failure. There must be one: ask is_failure() first.
    const Failure& failure() const { return *failure_; }

  private:
    std::optional<Value> value_; // one of the two; a variant would take long to compile
    std::optional<Failure> failure_;
};

} // namespace twist
