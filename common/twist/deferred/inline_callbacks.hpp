// Coroutines on Deferreds: a function that returns Deferred<T> may co_await Deferreds and co_return
// its result. Stands for twisted.internet.defer.inlineCallbacks.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "twist/base/failure.hpp"
#include "twist/base/log.hpp"
#include "twist/deferred/chain.hpp"
#include "twist/deferred/deferred.hpp"

namespace twist::detail {

/// What co_await waits with. It lives in the coroutine's frame, and the chain that is waited for
/// owns it, and so the frame: when that chain goes without a result, the coroutine goes, too.
template <class T>
class DeferredAwaiter final : public Waiter {
  public:
    DeferredAwaiter(ChainPtr awaited, ChainPtr own)
        : awaited_(std::move(awaited)), own_(std::move(own)) {}

    bool await_ready() {
        if (!awaited_->give_to(*this))
            return false;
        result_.take(awaited_->result());
        return true;
    }

    // The last reference to the awaited chain may go at the end, and with it this very frame.
    void await_suspend(std::coroutine_handle<> frame) noexcept {
        frame_ = frame;
        const ChainPtr last_look = std::move(awaited_);
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

    void drop() noexcept override {
        stop_waiting();
        frame_.destroy();
    }

    // A cancel() while the body runs fires its Deferred. What the body awaits after that is its own
    // affair: the Deferred may wait for something else by then.
    Chain* chain() override { return own_->called() ? nullptr : own_.get(); }

  private:
    void stop_waiting() {
        if (Chain* const waiting = chain())
            waiting->stop_waiting();
    }

    ChainPtr awaited_;
    ChainPtr own_;
    std::coroutine_handle<> frame_;
    StepTo<T> result_;
};

/// co_await on anything that is no Deferred gives it back at once.
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
        own_ = Deferred<T>(handle).give_away();
        return handle;
    }

    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }

    // Nobody waits for it any more if the Deferred was cancelled, or fired, while the body ran.
    void unhandled_exception() {
        const Failure thrown;
        if (!finish(thrown))
            log::report("Unhandled error in Deferred", thrown);
    }

    template <class U>
    DeferredAwaiter<U> await_transform(Deferred<U>&& deferred) {
        return {std::move(deferred).give_away(), own_};
    }
    template <class U>
    DeferredAwaiter<U> await_transform(Deferred<U>& deferred) { // empties it
        return {std::move(deferred).give_away(), own_};
    }
    template <class U>
    void await_transform(const Deferred<U>&) = delete; // a const handle can't be emptied
    template <class V>
    ReadyAwaiter<V> await_transform(V&& value) {
        return {std::forward<V>(value)};
    }

  protected:
    // Leaves the result in the chain. Whoever resumed the coroutine runs the chain, when the
    // coroutine has ended: so a row of coroutines ends one after the other. False if it has
    // another.
    bool finish(Result<T> result) {
        StepTo<T> last;
        last.set(std::move(result));
        bool accepted = false;
        log::run_reporting([&] { accepted = own_->accept(last); }, "Unhandled error in Deferred");
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
