// Coroutines on Deferreds. Stands for defer.inlineCallbacks.
//
//     twist::Deferred<std::string> get_lower_case(twist::Address address) {
//         const std::string poem = co_await get_poem(address); // a failure is thrown here
//         co_return twist::lower_case(poem);                   // the result of the Deferred
//     }
//
// The body runs at once, up to the first result that is still to come. An exception that leaves it
// is the failure of its Deferred; the call never throws. `co_await d` takes the result of d away:
// it empties the handle d, also one that has a name; copies can still fire and cancel. To cancel
// the coroutine's Deferred cancels what the body waits for. If what it awaits is destroyed without
// a result, so is the coroutine; its own Deferred then never fires, and cancel() fires it with
// CancelledError.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "twist/base/log.hpp"
#include "twist/base/result.hpp"
#include "twist/deferred/chain.hpp"
#include "twist/deferred/deferred.hpp"

namespace twist::detail {

/// Waits for a Deferred, as part of a coroutine's frame. The chain that is waited for owns it, and
/// so the frame: if that chain is destroyed without a result, so is the coroutine.
template <class T>
class DeferredAwaiter final : public Waiter {
  public:
    DeferredAwaiter(ChainPtr awaited, ChainPtr own)
        : awaited_(std::move(awaited)), own_(std::move(own)) {}

    bool await_ready() {
        if (!awaited_->spend_end(waiting_chain()))
            return false;
        result_.take(awaited_->result());
        return true;
    }

    // If this is the last reference, the chain is destroyed at the end, and with it this frame.
    void await_suspend(std::coroutine_handle<> frame) noexcept {
        frame_ = frame;
        const ChainPtr awaited = std::move(awaited_);
        awaited->set_waiter(WaiterPtr(this));
    }

    T await_resume() {
        Result<T> result = std::move(result_).result();
        if constexpr (std::is_void_v<T>)
            result.value();
        else
            return std::move(result).value();
    }

    ChainPtr receive(Step& result) noexcept override {
        const ChainPtr own = own_; // the frame may be gone after resume()
        stop_waiting();
        result_.take(result);
        frame_.resume();
        return own;
    }

    void abandon() noexcept override {
        stop_waiting();
        frame_.destroy();
    }

    // The coroutine's Deferred may have been fired by a cancel() while the body ran. Then its chain
    // does not wait for what the body awaits (108).
    Chain* waiting_chain() override { return own_->called() ? nullptr : own_.get(); }

  private:
    void stop_waiting() {
        if (Chain* const waiting = waiting_chain())
            waiting->stop_waiting();
    }

    ChainPtr awaited_;
    ChainPtr own_;
    std::coroutine_handle<> frame_;
    StepTo<T> result_;
};

/// co_await returns anything but a Deferred at once.
template <class V>
struct ReadyAwaiter {
    V value;
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    V await_resume() { return std::forward<V>(value); }
};

template <class T>
class PromiseBase {
  public:
    Deferred<T> get_return_object() {
        Deferred<T> handle;
        own_ = Deferred<T>(handle).take_chain();
        return handle;
    }

    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }

    // If the Deferred was cancelled, or fired, while the body ran, nobody waits for this (108).
    void unhandled_exception() {
        const Failure thrown;
        if (!finish(thrown))
            log::report("Unhandled error in Deferred", thrown);
    }

    template <class U>
    DeferredAwaiter<U> await_transform(Deferred<U>&& deferred) {
        return {std::move(deferred).take_chain(), own_};
    }
    template <class U>
    DeferredAwaiter<U> await_transform(Deferred<U>& deferred) {
        return {std::move(deferred).take_chain(), own_};
    }
    template <class U>
    void await_transform(const Deferred<U>&) = delete; // can't be emptied
    template <class V>
    ReadyAwaiter<V> await_transform(V&& value) {
        return {std::forward<V>(value)};
    }

  protected:
    // Leaves the result in the chain, which runs when the coroutine has ended: so a row of
    // coroutines ends one after the other. Returns false if the chain has another result.
    bool finish(Result<T> result) {
        StepTo<T> last;
        last.set(std::move(result));
        bool accepted = false;
        log::run_reporting([&] { accepted = own_->fire(last); }, "Unhandled error in Deferred");
        return accepted;
    }

  private:
    ChainPtr own_;
};

template <class T>
struct Promise : PromiseBase<T> {
    template <class V>
    void return_value(V&& value) {
        this->finish(Result<T>(std::forward<V>(value)));
    }
};

template <>
struct Promise<void> : PromiseBase<void> {
    void return_void() { finish(Result<void>()); }
};

} // namespace twist::detail

template <class T, class... Arguments>
struct std::coroutine_traits<twist::Deferred<T>, Arguments...> {
    using promise_type = twist::detail::Promise<T>;
};
