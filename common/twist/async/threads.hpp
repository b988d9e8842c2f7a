// Threads for what blocks: defer_to_thread, and what it stands on.
// Stands for twisted.internet.threads and twisted.python.threadpool.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"

namespace twist {

/// Calls functions in threads: each call has a thread of its own, which ends with it. Only so many
/// run at once; the others wait for their turn. Belongs to the loop's thread.
class Threads {
  public:
    using Number = std::size_t;

    /// At most `most` threads at once. The reactor must outlive it.
    Threads(Reactor& reactor, std::size_t most);

    /// Waits for nobody. What waits is not called; what runs goes on, and nobody hears of it.
    ~Threads();
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

    /// Calls `work` in a thread, as soon as the reactor runs and it has its turn, and then `done`
    /// in the loop. `work` must not throw. Where the system has no thread for it, only `done` is
    /// called. Both go in the loop's thread. The number is for forget().
    Number call(std::function<void()> work, std::function<void()> done);

    /// `done` will not be called. Nor will `work`, if it still waits.
    void forget(Number number);

    /// Waits for all that was asked for, and calls no `done`. It BLOCKS.
    void finish();

    std::size_t running() const { return running_; }        ///< how many have a thread
    std::size_t waiting() const { return waiting_.size(); } ///< how many wait for one

    /// For a `done` whose `work` was not called.
    static SystemError no_thread();

  private:
    struct Call {
        Number number;
        std::function<void()> work;
    };
    struct Shared;
    void start_some();
    bool start(const std::shared_ptr<Call>& call);
    static void has_ended(Shared& shared, std::shared_ptr<Call> call);
    void collect();

    Reactor& reactor_;
    const std::size_t most_;
    std::size_t running_ = 0;
    Number next_ = 0;
    std::deque<std::shared_ptr<Call>> waiting_;
    std::map<Number, std::function<void()>> done_;
    std::shared_ptr<Shared> shared_; // with the threads
};

/// Calls `f` in another thread and gives a Deferred of what it returns, or throws. For a function
/// that blocks. Ten such functions run at once; the others wait, and all wait for the reactor to
/// run. `f` may use nothing that the loop's thread uses at the same time; of this library only
/// Reactor::call_from_thread. cancel() fires the Deferred, but nothing stops `f`. When the loop
/// ends, the reactor waits for all of these functions, and fires no Deferred any more.
/// (deferToThread)
template <class F>
auto defer_to_thread(Reactor& reactor, F f) {
    static_assert(std::is_invocable_v<F&>,
                  "defer_to_thread: the function must take nothing. Let it capture what it needs.");
    using R = std::decay_t<std::invoke_result_t<F&>>;
    using T = detail::returned<R>;
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
    reactor.threads().call(
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
                deferred.errback(Threads::no_thread());
        });
    return deferred;
}

} // namespace twist
