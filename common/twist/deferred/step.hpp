// The steps of a Deferred's chain, with their types: how a function is called with the result of
// the step before, and what becomes of what it returns.
#pragma once

#include <functional>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

#include "twist/base/failure.hpp"
#include "twist/deferred/chain.hpp"

namespace twist {

template <class T>
class Deferred;

namespace detail {

template <class R>
struct Carries { // what a chain carries after a function that returned R
    using type = R;
};
template <class T>
struct Carries<Result<T>> {
    using type = T;
};
template <class T>
struct Carries<Deferred<T>> {
    using type = T;
};
template <class T>
struct Carries<std::variant<T, Deferred<T>>> { // a function that is only sometimes asynchronous
    using type = T;
};
template <class R>
using carries_t = typename Carries<std::decay_t<R>>::type;

template <class R>
struct Returned { // the same for a function that must say what it gives when all is well
    static_assert(!std::is_same_v<std::decay_t<R>, Failure>,
                  "A callback that returns a bare Failure leaves open what it gives when all is "
                  "well: let it return Result<U>.");
    using type = carries_t<R>;
};
template <class R>
using returned = typename Returned<R>::type;

/// Whether a function that returns R fits where a chain carries U.
template <class R, class U>
constexpr bool fits = std::is_same_v<carries_t<R>, U> || std::is_same_v<std::decay_t<R>, Failure> ||
                      (!std::is_void_v<R> && !std::is_void_v<U> && std::is_convertible_v<R, U>);

template <class T, class F, bool = std::is_void_v<T>>
constexpr bool takes_value = std::is_invocable_v<F&, T>;
template <class T, class F>
constexpr bool takes_value<T, F, true> = std::is_invocable_v<F&>;

/// Calls `f` and leaves in `step` what it returns; a Deferred is given back, to be waited for.
template <class U, class F, class... Args>
ChainPtr settle(StepTo<U>& step, F& f, Args&&... args) {
    using R = std::invoke_result_t<F&, Args...>;
    if constexpr (std::is_void_v<R>) {
        std::invoke(f, std::forward<Args>(args)...);
        step.value.emplace();
    } else if constexpr (std::is_same_v<std::decay_t<R>, Deferred<U>>) {
        return Deferred<U>(std::invoke(f, std::forward<Args>(args)...)).give_away();
    } else if constexpr (std::is_same_v<std::decay_t<R>, std::variant<U, Deferred<U>>>) {
        auto either = std::invoke(f, std::forward<Args>(args)...);
        if (auto* deferred = std::get_if<Deferred<U>>(&either))
            return std::move(*deferred).give_away();
        step.value.emplace(std::get<U>(std::move(either)));
    } else if constexpr (std::is_same_v<std::decay_t<R>, Failure>) {
        step.failure = std::invoke(f, std::forward<Args>(args)...);
    } else if constexpr (std::is_same_v<std::decay_t<R>, Result<U>>) {
        step.set(std::invoke(f, std::forward<Args>(args)...));
    } else {
        step.value.emplace(std::invoke(f, std::forward<Args>(args)...));
    }
    return {};
}

template <class U, class F, class T>
ChainPtr settle_with_value(StepTo<U>& step, F& f, StepTo<T>& input) {
    if constexpr (std::is_void_v<T>)
        return settle(step, f);
    else
        return settle(step, f, std::move(*input.value));
}

/// A step from T to U; `F` is called with the result before and with the step itself.
template <class T, class U, class F>
class FunctionStep final : public StepTo<U> {
  public:
    explicit FunctionStep(F&& f) : function_(std::move(f)) {}
    FunctionStep(const FunctionStep&) = delete;
    FunctionStep& operator=(const FunctionStep&) = delete;
    ~FunctionStep() override {
        if (!has_run_)
            function_.~F();
    }

    ChainPtr run(Step& before) noexcept override {
        try {
            ChainPtr inner = call(before);
            if (inner)
                inner->check_end(typeid(U)); // once more: the function may have had last words
            return inner;
        } catch (...) {
            this->failure = Failure();
            return {};
        }
    }

  private:
    ChainPtr call(Step& before) {
        // Both go when it has run, and with them what they hold.
        F function = std::move(function_);
        has_run_ = true;
        function_.~F();
        StepTo<T> input;
        input.take(before);
        return function(input, *this);
    }

    union { // so that we say when the function goes
        F function_;
    };
    bool has_run_ = false; // and it has gone
};

/// A chain together with its first step. That one is a base, and the first: it outlives the chain.
template <class T>
class ChainOf final : private StepTo<T>, public Chain {
  public:
    explicit ChainOf(Canceller canceller)
        : Chain(static_cast<StepTo<T>&>(*this), typeid(T), std::move(canceller)) {}
};

} // namespace detail

} // namespace twist
