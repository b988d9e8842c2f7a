// Failure: an exception that is carried like a value.
// Stands for twisted.python.failure.
#pragma once

#include <concepts>
#include <exception>
#include <iosfwd>
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
    explicit Failure(std::exception_ptr exception) ///< it must not be null
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
        static_cast<void>(((found = match<Errors>()) || ...)); // stops at the first
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

    // E's type if the exception is an E. To compare the exact type is cheap; only a base class
    // costs a throw.
    template <class E>
    const std::type_info* match() const {
        if (type() == typeid(E))
            return &typeid(E);
        try {
            raise();
        } catch (const E&) {
            return &typeid(E);
        } catch (...) {
            return nullptr;
        }
    }

    std::exception_ptr exception_;
    const std::type_info* type_; // of exception_
};

std::ostream& operator<<(std::ostream& out, const Failure& failure);

} // namespace twist
