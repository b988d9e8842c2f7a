// A function that blocks, as a Deferred: defer_to_thread. Stands for twisted.internet.threads.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "twist/base/result.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/loop/thread_pool.hpp"

namespace twist {

/// The pool of defer_to_thread: ten threads at once. (getThreadPool)
ThreadPool& thread_pool(Reactor& reactor);

/// Why defer_to_thread's Deferred fails if the system has no thread left.
struct NoThreadError : SystemError {
    NoThreadError();
};

/// Calls `f` in another thread and returns a Deferred of what it returns or throws. For a function
/// that blocks. Ten such functions run at once; the others wait. All of them wait for the reactor
/// to run. `f` must not use anything that the loop's thread uses at the same time; of this library
/// it may only use Reactor::call_from_thread. cancel() fires the Deferred; `f` runs all the same.
/// At the end of the loop, before connection_lost is called, the reactor waits for all of these
/// functions, and fires no more Deferreds. (deferToThread)
template <class F>
auto defer_to_thread(Reactor& reactor, F f) {
    static_assert(std::is_invocable_v<F&>,
                  "defer_to_thread: the function must take nothing. Let it capture what it needs.");
    using R = std::decay_t<std::invoke_result_t<F&>>;
    using T = detail::callback_value_t<R>;
    static_assert(
        std::is_same_v<R, T> || std::is_same_v<R, Result<T>>,
        "defer_to_thread: a Deferred belongs to the loop's thread. Let the function wait, "
        "and return the value itself.");
    struct Call {
        F f;
        std::optional<Result<T>> result;
    };
    const auto call = std::make_shared<Call>(Call{std::move(f), {}});
    Deferred<T> deferred;
    thread_pool(reactor).call(
        [call] {
            try {
                if constexpr (std::is_void_v<R>) {
                    call->f();
                    call->result.emplace();
                } else {
                    call->result.emplace(call->f());
                }
            } catch (...) {
                call->result.emplace(Failure());
            }
        },
        [call, deferred] {
            if (call->result)
                deferred.callback(*std::move(call->result));
            else
                deferred.errback(NoThreadError());
        });
    return deferred;
}

} // namespace twist
