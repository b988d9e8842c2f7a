// The steps of a Deferred's chain with their types: how a function is called with the result of the
// step before, and what becomes of what it returns.
#pragma once

#include <functional>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

#include "twist/base/result.hpp"
#include "twist/deferred/chain.hpp"

namespace twist {

template <class T>
class Deferred;

namespace detail {

/// The type of a chain's next value, after a function that returned R.
template <class R>
struct NextValue {
    using type = R;
};
template <class T>
struct NextValue<Result<T>> {
    using type = T;
};
template <class T>
struct NextValue<Deferred<T>> {
    using type = T;
};
template <class T>
struct NextValue<std::variant<T, Deferred<T>>> { // a function that is only sometimes asynchronous
    using type = T;
};
template <class R>
using next_value_t = typename NextValue<std::decay_t<R>>::type;

/// The same for a callback, which must not return a bare Failure.
template <class R>
struct CallbackValue {
    static_assert(!std::is_same_v<std::decay_t<R>, Failure>,
                  "A callback that returns a bare Failure leaves open what it returns when all is "
                  "well: let it return Result<U>.");
    using type = next_value_t<R>;
};
template <class R>
using callback_value_t = typename CallbackValue<R>::type;

/// Whether a function that returns R fits where the next value is a U.
template <class R, class U>
constexpr bool fits =
    std::is_same_v<next_value_t<R>, U> || std::is_same_v<std::decay_t<R>, Failure> ||
    (!std::is_void_v<R> && !std::is_void_v<U> && std::is_convertible_v<R, U>);

template <class T, class F, bool = std::is_void_v<T>>
constexpr bool takes_value = std::is_invocable_v<F&, T>;
template <class T, class F>
constexpr bool takes_value<T, F, true> = std::is_invocable_v<F&>;

/// Calls `f` and leaves in `step` what it returns. If that is a Deferred, returns its chain, which
/// is to be waited for.
template <class U, class F, class... Args>
ChainPtr call_into(StepTo<U>& step, F& f, Args&&... args) {
    using R = std::invoke_result_t<F&, Args...>;
    if constexpr (std::is_void_v<R>) {
        std::invoke(f, std::forward<Args>(args)...);
        step.value.emplace();
    } else if constexpr (std::is_same_v<std::decay_t<R>, Deferred<U>>) {
        return Deferred<U>(std::invoke(f, std::forward<Args>(args)...)).take_chain();
    } else if constexpr (std::is_same_v<std::decay_t<R>, std::variant<U, Deferred<U>>>) {
        auto either = std::invoke(f, std::forward<Args>(args)...);
        if (auto* deferred = std::get_if<Deferred<U>>(&either))
            return std::move(*deferred).take_chain();
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

/// The same with the value of `before`; with nothing, if T is void.
template <class U, class F, class T>
ChainPtr call_with_value(StepTo<U>& step, F& f, StepTo<T>& before) {
    if constexpr (std::is_void_v<T>)
        return call_into(step, f);
    else
        return call_into(step, f, std::move(*before.value));
}

// The functions of the four kinds of steps: what becomes of the result `before`.

template <class F>
struct OnValue { // a failure passes by
    F f;
    template <class T, class U>
    ChainPtr operator()(StepTo<T>& before, StepTo<U>& step) {
        if (!before.failure)
            return call_with_value(step, f, before);
        step.failure = before.failure;
        return {};
    }
};

template <class G>
struct OnFailure { // a value passes by
    G g;
    template <class T>
    ChainPtr operator()(StepTo<T>& before, StepTo<T>& step) {
        if (before.failure)
            return call_into(step, g, std::as_const(*before.failure));
        step.take(before);
        return {};
    }
};

template <class F, class G>
struct OnEither {
    F f;
    G g;
    template <class T, class U>
    ChainPtr operator()(StepTo<T>& before, StepTo<U>& step) {
        if (before.failure)
            return call_into(step, g, std::as_const(*before.failure));
        return call_with_value(step, f, before);
    }
};

template <class F>
struct OnBoth {
    F f;
    template <class T, class U>
    ChainPtr operator()(StepTo<T>& before, StepTo<U>& step) {
        if constexpr (std::is_invocable_v<F&, Result<T>>)
            return call_into(step, f, std::move(before).result());
        else
            return call_into(step, f);
    }
};

/// A step from T to U. `F` is called with the result of the step before, and with the step itself.
template <class T, class U, class F>
class FunctionStep final : public StepTo<U> {
  public:
    explicit FunctionStep(F f) : function_(std::move(f)) {}
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
                inner->check_end(typeid(U)); // again: destructors may have changed it
            return inner;
        } catch (...) {
            this->failure = Failure();
            return {};
        }
    }

  private:
    // The function and its argument are destroyed as soon as it has run, with all that they hold.
    ChainPtr call(Step& before) {
        F function = std::move(function_);
        has_run_ = true;
        function_.~F();
        StepTo<T> input;
        input.take(before);
        return function(input, *this);
    }

    union { // so that call() can destroy it
        F function_;
    };
    bool has_run_ = false;
};

/// A chain together with its first step, which as the first base outlives the chain.
template <class T>
class ChainOf final : private StepTo<T>, public Chain {
  public:
    explicit ChainOf(Canceller canceller)
        : Chain(static_cast<StepTo<T>&>(*this), typeid(T), std::move(canceller)) {}
};

} // namespace detail

} // namespace twist
