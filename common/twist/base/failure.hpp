// Failure and Result: an error that is carried like a value.
// Stands for twisted.python.failure.
#pragma once

#include <concepts>
#include <exception>
#include <iosfwd>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "twist/base/error.hpp"
#include "twist/base/type_name.hpp"

namespace twist {

struct NoCurrentExceptionError : Exception {
    NoCurrentExceptionError() : Exception("Failure() was made where no exception was caught.") {}
};

/// An exception as a value: it can be stored, printed, passed on, and thrown again where it can be
/// handled. A copy refers to the same exception.
class Failure {
  public:
    /// The exception that is being caught. Throws NoCurrentExceptionError if there is none.
    Failure();
    explicit Failure(std::exception_ptr exception)
        : exception_(std::move(exception)), type_(type_of(exception_)) {}

    /// From any value: an exception, or a bare int or string, as errback(5) makes it.
    template <class E>
        requires(!std::same_as<E, Failure>)
    explicit Failure(E error)
        : exception_(std::make_exception_ptr(std::move(error))), type_(&typeid(E)) {
        if constexpr (!std::is_nothrow_copy_constructible_v<E>)
            type_ = type_of(exception_); // its copying may have thrown another exception
    }

    const std::type_info& type() const { return *type_; }
    std::string message() const; ///< what() of an exception; an int or a string prints itself
    std::string text() const;    ///< "[Failure: ConnectionDone: Connection was closed cleanly.]"

    /// The first of `Errors` that is the exception's type or a base of it; null if none is.
    template <class... Errors>
    const std::type_info* check() const {
        static_assert(sizeof...(Errors) > 0, "check<E>() needs at least one type to check for.");
        const std::type_info* found = nullptr;
        static_cast<void>(((is<Errors>() && (found = &typeid(Errors)) != nullptr) || ...));
        return found;
    }

    /// Like check(), but throws the exception again if it is none of `Errors`. So an errback passes
    /// it on to the next one.
    template <class... Errors>
    const std::type_info& trap() const {
        const std::type_info* found = check<Errors...>();
        if (found == nullptr)
            raise();
        return *found;
    }

    /// A copy of the exception if it is an E; throws it again if not, as trap() does.
    template <class E>
    E value() const {
        try {
            raise();
        } catch (const E& exception) {
            return exception;
        }
    }

    /// Throws the exception. (raiseException)
    [[noreturn]] void raise() const { std::rethrow_exception(exception_); }

    /// Whether both refer to the very same exception object.
    friend bool operator==(const Failure&, const Failure&) = default;

  private:
    static const std::type_info* type_of(const std::exception_ptr& exception); // costs a throw

    // To compare the exact type is cheap; only a base class costs a throw.
    template <class E>
    bool is() const {
        if (type() == typeid(E))
            return true;
        try {
            raise();
        } catch (const E&) {
            return true;
        } catch (...) {
            return false;
        }
    }

    std::exception_ptr exception_;
    const std::type_info* type_; // of exception_
};

std::ostream& operator<<(std::ostream& out, const Failure& failure);

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
