// Threads for functions that block. Stands for twisted.python.threadpool.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "twist/loop/reactor.hpp"

namespace twist {

/// Calls each function in a thread of its own, a limited number of them at a time; the others wait
/// for their turn. Belongs to the loop's thread.
class ThreadPool {
  public:
    using Cancel = std::function<void()>;

    /// At most `most` threads at once. The reactor must outlive the pool.
    explicit ThreadPool(Reactor& reactor, std::size_t most = 10);

    /// Does not wait: functions that run go on, and nobody hears of them.
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    /// Calls `work` in a thread, as soon as the reactor runs and its turn has come, and when that
    /// thread has ended, `done` in the loop. `work` must not throw. If the system has no thread for
    /// it, only `done` is called. Both are destroyed in the loop's thread (but `work` in its own,
    /// if the pool is destroyed while it runs). Returns a function that cancels: `done` is not
    /// called, nor `work` if it still waits.
    Cancel call(std::function<void()> work, std::function<void()> done);

    /// Waits until all functions have run, and calls no `done`. It BLOCKS.
    void finish();

    std::size_t running() const { return running_.size(); } ///< how many have a thread
    std::size_t waiting() const { return waiting_.size(); } ///< how many wait for one

  private:
    struct Call;
    using CallPtr = std::shared_ptr<Call>;
    struct Shared;
    void start_some();
    bool start(const CallPtr& call);
    std::vector<CallPtr> take_ended();
    void call_ended();

    Reactor& reactor_;
    const std::size_t most_;
    std::vector<CallPtr> waiting_, running_;
    std::shared_ptr<Shared> shared_; // with the threads
};

} // namespace twist
