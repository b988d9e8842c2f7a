// Generator: a function whose body runs in pieces. It replaces Python's generators, which Part 17
// turns into callbacks: next, send, throw, close.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "twist/base/failure.hpp"
#include "twist/base/result.hpp"

namespace twist {

/// The body of a function that returns a Generator is suspended until it is asked for something.
/// next(), send() and throw_in() each run it from there up to the next co_yield, and return the
/// value yielded there; nothing, if the body has ended, now or before (Python raises
/// StopIteration). An exception that leaves the body leaves the call, and ends the body, too.
///
/// In the body, `co_yield value` waits for the next of these calls. It returns the value that was
/// sent (an empty optional after next()), or throws the exception that was thrown in.
///
/// It can be moved, not copied. Its destructor ends the body at the co_yield where it is suspended,
/// and destroys its local variables and its parameters. If a parameter is a reference, the object
/// must live as long as the Generator, because the body begins later than the call.
template <class Out, class In = Nothing>
class Generator {
  public:
    static_assert(!std::is_void_v<Out> && !std::is_reference_v<Out> && !std::is_void_v<In> &&
                      !std::is_reference_v<In>,
                  "A Generator yields and receives values: write Generator<Out, In>, with neither "
                  "void nor &; or Generator<Out>, if nothing is sent.");
    class promise_type;

    Generator(Generator&&) noexcept = default;
    Generator& operator=(Generator&&) noexcept = default;
    ~Generator() { const Frame last = std::move(frame_); }

    /// The next value. Throws std::logic_error if the body itself calls it.
    std::optional<Out> next() { return run(); }

    /// The same; co_yield returns `value`. Also throws std::logic_error if the body has not begun:
    /// there is no co_yield yet.
    std::optional<Out> send(In value) {
        if (frame_ && !frame_->begun)
            throw std::logic_error("Nothing can be sent to a generator that has not begun: call "
                                   "next() first.");
        return run(std::move(value));
    }

    /// The same; makes co_yield throw. If the body has not begun, or has ended, this call throws
    /// the exception itself, and the body never begins.
    std::optional<Out> throw_in(Failure failure) {
        check_not_running();
        if (frame_ && !frame_->begun)
            close();
        if (ended())
            failure.raise();
        return run(std::nullopt, std::move(failure));
    }
    /// The same with an exception, a std::exception_ptr, or any bare value.
    template <class E>
        requires(!std::same_as<std::decay_t<E>, Failure>)
    std::optional<Out> throw_in(E&& error) {
        return throw_in(Failure(std::forward<E>(error)));
    }

    /// Ends it as its destructor would. Throws std::logic_error if the body itself calls it.
    void close() {
        check_not_running();
        const Frame last = std::move(frame_);
    }

    /// For `for (auto value : generator)`. A generator has only one position, so call begin() only
    /// once.
    class Iterator {
      public:
        using value_type = Out;
        using difference_type = std::ptrdiff_t;

        explicit Iterator(Generator& generator) : generator_(&generator) { ++*this; }
        const Out& operator*() const { return *value_; }
        Iterator& operator++() {
            value_ = generator_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return !value_; }

      private:
        Generator* generator_;
        std::optional<Out> value_;
    };
    Iterator begin() { return Iterator(*this); }
    std::default_sentinel_t end() const { return {}; }

  private:
    using Handle = std::coroutine_handle<promise_type>;
    static Handle handle(promise_type& frame) { return Handle::from_promise(frame); }

    // A running body can't be destroyed; run() destroys it when it stops.
    struct Destroy {
        void operator()(promise_type* frame) const {
            if (frame->running)
                frame->dropped = true;
            else
                handle(*frame).destroy();
        }
    };
    using Frame = std::unique_ptr<promise_type, Destroy>;

    explicit Generator(promise_type& frame) : frame_(&frame) {}

    void check_not_running() const {
        if (frame_ && frame_->running)
            throw std::logic_error("A generator's own body can't call it: it is running.");
    }
    bool ended() const { return !frame_ || handle(*frame_).done(); } // not while it runs

    // The body may move or destroy this very generator: after resume(), use only the frame.
    std::optional<Out> run(std::optional<In> sent = {}, std::optional<Failure> thrown = {}) {
        check_not_running();
        if (ended())
            return {};
        promise_type& frame = *frame_;
        frame.sent = std::move(sent);
        frame.thrown = std::move(thrown);
        frame.begun = frame.running = true;
        handle(frame).resume();
        frame.running = false;
        std::optional<Out> yielded = std::exchange(frame.yielded, std::nullopt);
        const std::optional<Failure> error = std::exchange(frame.error, std::nullopt);
        if (frame.dropped)
            handle(frame).destroy();
        if (error)
            error->raise();
        return yielded;
    }

    Frame frame_;
};

/// The data that the compiler keeps in the body's frame, besides its variables.
template <class Out, class In>
class Generator<Out, In>::promise_type {
  public:
    Generator get_return_object() { return Generator(*this); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { error.emplace(); }

    template <class V>
        requires std::convertible_to<V, Out>
    auto yield_value(V&& value) {
        struct Yield : std::suspend_always {
            promise_type& frame;
            explicit Yield(promise_type& f) : frame(f) {}
            std::optional<In> await_resume() {
                if (const auto failure = std::exchange(frame.thrown, std::nullopt))
                    failure->raise();
                return std::exchange(frame.sent, std::nullopt);
            }
        };
        yielded.emplace(std::forward<V>(value));
        return Yield(*this);
    }

    template <class Awaited>
    void await_transform(Awaited&&) = delete; // a generator yields; it does not co_await

  private:
    friend class Generator;
    bool begun = false;
    bool running = false;
    bool dropped = false;          // the Generator was destroyed while the body ran
    std::optional<In> sent;        // for the body
    std::optional<Failure> thrown; // for the body
    std::optional<Out> yielded;    // by the body
    std::optional<Failure> error;  // that left the body
};

} // namespace twist
