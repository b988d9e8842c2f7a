// Deferred: a result that will come, and what is to be done with it then.
// Stands for twisted.internet.defer. Knows no reactor, no clock and no socket.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

#include "twist/base/result.hpp"
#include "twist/deferred/chain.hpp"
#include "twist/deferred/error.hpp"
#include "twist/deferred/step.hpp"

namespace twist {

/// A result of type T that will come, or a failure, and the chain of callbacks and errbacks that
/// wait for it. This class is a handle: copies mean the same chain. To fire it runs the chain at
/// once, before callback() or errback() returns; a step that is added later runs at once, too.
///
/// add_callback and its sisters return a handle on the new end of the chain, which may have another
/// type. A handle whose end has another type by now can still fire and cancel; to add to it throws
/// std::logic_error. A failure at the end is reported when the last handle is destroyed.
template <class T>
class Deferred {
  public:
    using Canceller = std::function<void(Deferred&)>;

    /// One that has not been fired. cancel() calls `canceller` once, to stop what would fire it;
    /// a second cancel() calls it again only if it threw.
    Deferred() : chain_(new detail::ChainOf<T>(nullptr)) {}
    explicit Deferred(Canceller canceller)
        : chain_(new detail::ChainOf<T>(on_chain(std::move(canceller)))) {}

    /// Fires with a value, or with a Result that may be a failure. Throws AlreadyCalledError.
    void callback(Result<T> result) const;
    void callback() const
        requires std::is_void_v<T>
    {
        callback(Result<void>());
    }

    /// Fires with a failure, made of an exception or of any bare value. Throws AlreadyCalledError.
    void errback(Failure failure) const;
    template <class E>
        requires(!std::is_same_v<std::decay_t<E>, Failure>)
    void errback(E&& error) const {
        errback(Failure(std::forward<E>(error)));
    }
    void errback() const { errback(Failure()); } ///< with the exception that is being caught

    /// Adds a step for the value; a failure passes it by. `f` returns the next value, a Result, a
    /// Deferred to wait for (whose end is spent then), or nothing. What it throws is the next
    /// failure.
    template <class F>
    auto add_callback(F f) const {
        return add<callback_value<F>>(detail::OnValue<F>{std::move(f)});
    }

    /// Adds a step for the failure; a value passes it by. `g` returns a T, a Result, a Failure or a
    /// Deferred; nothing, if T is void. Anything but a failure leads back to the callbacks.
    template <class G>
    Deferred add_errback(G g) const {
        check_errback<G, T>();
        return add<T>(detail::OnFailure<G>{std::move(g)});
    }

    /// Adds one step for both: `f` gets the value, `g` a failure. What `f` throws does not go to
    /// `g` but to the next step.
    template <class F, class G>
    auto add_callbacks(F f, G g) const {
        check_errback<G, callback_value<F>>();
        return add<callback_value<F>>(detail::OnEither<F, G>{std::move(f), std::move(g)});
    }

    /// Adds one step that gets either as a Result<T>, or that takes nothing.
    template <class F>
    auto add_both(F f) const {
        return add<typename decltype(both_value<F>())::type>(detail::OnBoth<F>{std::move(f)});
    }

    /// Fires `other` with the result at the end of this chain. This end is spent: nothing can be
    /// added to it. To cancel `other` does not cancel this one. Throws Exception if `other` is the
    /// same chain.
    void chain_deferred(const Deferred& other) const;

    /// Not fired: calls the canceller, and unless that fired it, fires this Deferred with
    /// CancelledError. What the canceller throws propagates. Without a canceller, nobody told the
    /// source of the result to stop: so one callback() or errback() that comes later is ignored.
    /// Waiting for a Deferred that a callback returned, or that a coroutine awaits: cancels that
    /// one. Its CancelledError goes to this chain, or is thrown in the coroutine, which may catch
    /// it and go on. If that one was destroyed without a result, fires this one. Finished: does
    /// nothing.
    void cancel() const { chain()->cancel(); }

    /// Between pause() and its unpause() no step begins; unpause() runs those that can. If a
    /// callback pauses its own chain, the steps that are queued behind it, and a chain or coroutine
    /// that waits already, still get the result; what is added later waits. unpause() without
    /// pause() throws std::logic_error.
    void pause() const { chain()->pause(); }
    void unpause() const { chain()->unpause(); }

    /// Whether it was fired, by a cancel() too.
    bool called() const { return chain()->called(); }

    /// Whether two handles mean the same chain.
    friend bool operator==(const Deferred&, const Deferred&) = default;

    /// For waiters, not for programs: the chain, whose end must still be a T and not spent. This
    /// handle is empty afterwards.
    detail::ChainPtr take_chain() && {
        chain()->check_end(typeid(T));
        return std::move(chain_);
    }

  private:
    static_assert(!std::is_reference_v<T> && !std::is_const_v<T>,
                  "A Deferred carries a value: say Deferred<T>, with neither & nor const.");

    template <class>
    friend class Deferred;

    explicit Deferred(detail::ChainPtr chain) : chain_(std::move(chain)) {}

    // Without the type. An empty one stays empty, since cancel() asks whether there is one.
    static detail::Chain::Canceller on_chain(Canceller canceller) {
        if (!canceller)
            return nullptr;
        return [canceller = std::move(canceller)](const detail::ChainPtr& chain) {
            Deferred self(chain);
            canceller(self);
        };
    }

    // A reference of its own: what runs next may destroy this handle.
    detail::ChainPtr chain() const {
        if (!chain_)
            throw std::logic_error("This handle of a Deferred is empty: it was moved or awaited.");
        return chain_;
    }

    template <class F>
    static auto value_of() {
        static_assert(detail::takes_value<T, F>,
                      "This callback can't take the value. A callback on Deferred<T> takes one T "
                      "(by value or const reference), and nothing where T is void.");
        if constexpr (std::is_void_v<T>)
            return std::type_identity<detail::callback_value_t<std::invoke_result_t<F&>>>();
        else
            return std::type_identity<detail::callback_value_t<std::invoke_result_t<F&, T>>>();
    }
    template <class F>
    using callback_value = typename decltype(value_of<F>())::type;

    template <class F>
    static auto both_value() {
        constexpr bool takes_result = std::is_invocable_v<F&, Result<T>>;
        static_assert(takes_result || std::is_invocable_v<F&>,
                      "add_both: the function must take a Result<T>, or nothing.");
        if constexpr (takes_result)
            return std::type_identity<
                detail::callback_value_t<std::invoke_result_t<F&, Result<T>>>>();
        else
            return std::type_identity<detail::callback_value_t<std::invoke_result_t<F&>>>();
    }

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
                      "This errback returns what does not fit: it must return what the chain "
                      "carries (the same type as the callback beside it), a Result or Deferred of "
                      "that, or a Failure.");
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
inline void Deferred<T>::callback(Result<T> result) const {
    detail::StepTo<T> source;
    source.set(std::move(result));
    const detail::ChainPtr chain = this->chain();
    chain->check_start(typeid(T));
    if (chain->fire(source))
        detail::Chain::run(chain);
}

template <class T>
inline void Deferred<T>::errback(Failure failure) const {
    const detail::ChainPtr chain = this->chain();
    if (chain->fire(std::move(failure)))
        detail::Chain::run(chain);
}

template <class T>
inline void Deferred<T>::chain_deferred(const Deferred& other) const {
    other.chain()->check_start(typeid(T));
    chain()->check_end(typeid(T));
    detail::Chain::chain_to(chain(), other.chain());
}

/// A Deferred that has fired with `value`; a Deferred<void>, if there is none.
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

/// Calls `f` and returns a Deferred, whatever `f` returns: a value, a Result, a Deferred, or
/// std::variant<T, Deferred<T>>. What it throws is the failure.
template <class F, class... Args>
auto maybe_deferred(F&& f, Args&&... args) {
    const auto call = [&]() -> decltype(auto) {
        return std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
    };
    using R = std::decay_t<decltype(call())>;
    using T = detail::callback_value_t<R>;
    try {
        if constexpr (std::is_same_v<R, Deferred<T>>) {
            return Deferred<T>(call());
        } else if constexpr (std::is_same_v<R, std::variant<T, Deferred<T>>>) {
            auto either = call();
            if (auto* deferred = std::get_if<Deferred<T>>(&either))
                return *deferred;
            return succeed(std::get<T>(std::move(either)));
        } else if constexpr (std::is_void_v<R>) {
            call();
            return succeed();
        } else {
            Deferred<T> fired;
            fired.callback(call());
            return fired;
        }
    } catch (...) {
        return fail<T>(Failure());
    }
}

} // namespace twist
