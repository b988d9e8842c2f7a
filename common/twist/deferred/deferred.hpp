// Deferred: a result that will come, and what is to be done with it then.
// Stands for twisted.internet.defer. Knows no reactor and no socket.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

#include "twist/base/failure.hpp"
#include "twist/deferred/chain.hpp"
#include "twist/deferred/error.hpp"
#include "twist/deferred/step.hpp"

namespace twist {

/// A result of type T that will come (or a failure), and the chain of callbacks and errbacks that
/// wait for it. This is a handle: copies mean the same chain. Firing runs the chain at once, before
/// callback() or errback() returns; what is added after that runs at once, too.
///
/// add_callback and its sisters give a handle on the new end of the chain, which may carry another
/// type. A handle whose end has moved on to another type can still fire and cancel; adding to it
/// throws std::logic_error. A failure that is at the end when the last handle goes is reported.
template <class T>
class Deferred {
  public:
    static_assert(!std::is_reference_v<T> && !std::is_const_v<T>,
                  "A Deferred carries a value: say Deferred<T>, with neither & nor const.");
    using value_type = T;
    using Canceller = std::function<void(Deferred&)>;

    /// One that has not been fired. `canceller` is what cancel() calls, once, to stop whatever
    /// would have fired it.
    Deferred() : chain_(new detail::ChainOf<T>(nullptr)) {}
    explicit Deferred(Canceller canceller)
        : chain_(new detail::ChainOf<T>(chain_canceller(std::move(canceller)))) {}

    /// Fires with a value, or with a Result that may be a failure. Throws AlreadyCalledError.
    void callback(Result<T> result) const {
        Step<T> source;
        source.set(std::move(result));
        const detail::ChainPtr chain = this->chain();
        chain->check_start(typeid(T));
        if (chain->accept(source))
            detail::Chain::run(chain);
    }
    void callback() const
        requires std::is_void_v<T>
    {
        callback(Result<void>());
    }

    /// Fires with a failure. Throws AlreadyCalledError.
    void errback(Failure failure) const {
        const detail::ChainPtr chain = this->chain();
        if (chain->accept(std::move(failure)))
            detail::Chain::run(chain);
    }
    /// The same with an exception, or with any bare value; with nothing: the exception that is
    /// being caught.
    template <class E>
        requires(!std::is_same_v<std::decay_t<E>, Failure>)
    void errback(E&& error) const {
        errback(Failure(std::forward<E>(error)));
    }
    void errback() const { errback(Failure()); }

    /// Adds a step that gets the value; a failure passes it by. `f` gives the value of the next
    /// step, a Result, a Deferred to wait for, or nothing; what it throws is the next failure.
    template <class F>
    auto add_callback(F f) const {
        using U = callback_result<F>;
        return add<U>([f = std::move(f)](Step<T>& input, Step<U>& step) mutable {
            if (!input.failure)
                return detail::settle_with_value(step, f, input);
            step.failure = input.failure;
            return detail::ChainPtr();
        });
    }

    /// Adds a step that gets the failure; a value passes it by. `g` gives a T, a Result, a Failure
    /// or a Deferred, or nothing if T is void. Anything but a failure leads back to the callbacks.
    template <class G>
    Deferred add_errback(G g) const {
        check_errback<G, T>();
        return add<T>([g = std::move(g)](Step<T>& input, Step<T>& step) mutable {
            if (input.failure)
                return detail::settle(step, g, std::as_const(*input.failure));
            step.take(input);
            return detail::ChainPtr();
        });
    }

    /// Adds one step with both: the value goes to `f`, a failure to `g`. What `f` throws does not
    /// go to `g` but on.
    template <class F, class G>
    auto add_callbacks(F f, G g) const {
        using U = callback_result<F>;
        check_errback<G, U>();
        return add<U>([f = std::move(f), g = std::move(g)](Step<T>& input, Step<U>& step) mutable {
            if (input.failure)
                return detail::settle(step, g, std::as_const(*input.failure));
            return detail::settle_with_value(step, f, input);
        });
    }

    /// Adds a step that gets value and failure alike, as a Result<T>, or that takes nothing.
    template <class F>
    auto add_both(F f) const {
        constexpr bool takes_result = std::is_invocable_v<F&, Result<T>>;
        static_assert(takes_result || std::is_invocable_v<F&>,
                      "add_both: the function must take a Result<T>, or nothing.");
        if constexpr (takes_result) {
            using U = detail::returned<std::invoke_result_t<F&, Result<T>>>;
            return add<U>([f = std::move(f)](Step<T>& input, Step<U>& step) mutable {
                return detail::settle(step, f, std::move(input).result());
            });
        } else {
            using U = detail::returned<std::invoke_result_t<F&>>;
            return add<U>([f = std::move(f)](Step<T>&, Step<U>& step) mutable {
                return detail::settle(step, f);
            });
        }
    }

    /// Fires `other` with the result that is at the end of this chain. This end is void then.
    /// Throws Exception if `other` is this one.
    void chain_deferred(const Deferred& other) const;

    /// Stops what this Deferred waits for: calls its canceller and, unless that fired it, fires it
    /// with CancelledError. If a callback returned a Deferred that has not fired, that one is
    /// cancelled instead. Does nothing after the last result. What the canceller throws comes out.
    void cancel() const { chain()->cancel(); }

    /// No step runs between pause() and the unpause() that belongs to it. A pause() from inside a
    /// callback does not stop those that are queued behind it. unpause() without a pause() throws
    /// std::logic_error.
    void pause() const { chain()->pause(); }
    void unpause() const { chain()->unpause(); }

    /// Whether it was fired, or cancelled.
    bool called() const { return chain()->called(); }

    /// Whether two handles mean the same chain.
    friend bool operator==(const Deferred&, const Deferred&) = default;

    /// For those who wait (not for programs): the chain, whose end must still carry T. This handle
    /// is empty afterwards.
    detail::ChainPtr give_away() && {
        chain()->check_end(typeid(T));
        return std::move(chain_);
    }

  private:
    template <class>
    friend class Deferred;
    template <class U>
    using Step = detail::StepTo<U>;

    explicit Deferred(detail::ChainPtr chain) : chain_(std::move(chain)) {}

    // The same without the type. None stays none: what cancel() does hangs on that.
    static detail::Chain::Canceller chain_canceller(Canceller canceller) {
        if (!canceller)
            return nullptr;
        return [canceller = std::move(canceller)](const detail::ChainPtr& chain) {
            Deferred self(chain);
            canceller(self);
        };
    }

    // A reference of its own: what runs next may destroy this very handle.
    detail::ChainPtr chain() const {
        if (!chain_)
            throw std::logic_error("This handle of a Deferred is empty: it was moved or awaited.");
        return chain_;
    }

    template <class F>
    static auto callback_result_of() {
        static_assert(detail::takes_value<T, F>,
                      "This callback can't take the value. A callback on Deferred<T> takes one T "
                      "(by value or const reference), and nothing where T is void.");
        if constexpr (std::is_void_v<T>)
            return std::type_identity<detail::returned<std::invoke_result_t<F&>>>();
        else
            return std::type_identity<detail::returned<std::invoke_result_t<F&, T>>>();
    }
    template <class F>
    using callback_result = typename decltype(callback_result_of<F>())::type;

    template <class G, class U>
    static constexpr void check_errback() {
        static_assert(std::is_invocable_v<G&, const Failure&>,
                      "This errback can't take a Failure: an errback takes one Failure, by value "
                      "or const reference.");
        using R = std::invoke_result_t<G&, const Failure&>;
        static_assert(!std::is_void_v<R> || std::is_void_v<U>,
                      "This errback returns nothing, but the chain carries a value: return one, or "
                      "a Failure, or throw from a function that says what it would return.");
        static_assert(std::is_void_v<R> || detail::fits<R, U>,
                      "This errback returns what does not fit: it must give what the chain carries "
                      "(the same type as the callback beside it), a Result or Deferred of that, or "
                      "a Failure.");
    }

    template <class U, class Function>
    Deferred<U> add(Function function) const {
        const detail::ChainPtr chain = this->chain();
        chain->check_end(typeid(T));
        chain->add(std::unique_ptr<detail::Step>(
                       new detail::FunctionStep<T, U, Function>(std::move(function))),
                   typeid(U));
        detail::Chain::run(chain);
        return Deferred<U>(chain);
    }

    detail::ChainPtr chain_;
};

template <class T>
void Deferred<T>::chain_deferred(const Deferred& other) const {
    other.chain()->check_start(typeid(T));
    chain()->check_end(typeid(T));
    detail::Chain::link(chain(), other.chain());
}

/// A Deferred that has fired with `value` (with nothing: a Deferred<void>).
template <class T>
Deferred<std::decay_t<T>> succeed(T&& value) {
    Deferred<std::decay_t<T>> fired;
    fired.callback(std::forward<T>(value));
    return fired;
}
inline Deferred<void> succeed() {
    Deferred<void> fired;
    fired.callback();
    return fired;
}

/// A Deferred<T> that has failed: with a Failure, an exception, or any bare value.
template <class T, class E>
Deferred<T> fail(E&& error) {
    Deferred<T> failed;
    failed.errback(std::forward<E>(error));
    return failed;
}

/// Calls `f` and gives a Deferred, whatever `f` is like: what it returns is the result (a value, a
/// Result, a Deferred, or std::variant<T, Deferred<T>>), what it throws is the failure.
template <class F, class... Args>
auto maybe_deferred(F&& f, Args&&... args) {
    const auto call = [&]() -> decltype(auto) {
        return std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
    };
    using R = std::decay_t<decltype(call())>;
    using T = detail::returned<R>;
    try {
        if constexpr (std::is_same_v<R, Deferred<T>>) {
            return Deferred<T>(call());
        } else if constexpr (std::is_same_v<R, std::variant<T, Deferred<T>>>) {
            auto either = call();
            if (auto* deferred = std::get_if<Deferred<T>>(&either))
                return *deferred;
            return succeed(std::get<T>(std::move(either)));
        } else {
            Deferred<T> fired;
            if constexpr (std::is_void_v<R>) {
                call();
                fired.callback();
            } else {
                fired.callback(call());
            }
            return fired;
        }
    } catch (...) {
        return fail<T>(Failure());
    }
}

} // namespace twist
