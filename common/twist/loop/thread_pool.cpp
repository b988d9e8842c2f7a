#include "twist/loop/thread_pool.hpp"

#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"

namespace twist {

struct ThreadPool::Call {
    std::function<void()> work, done;
    std::thread thread; // only the loop's thread touches it
};

/// What the loop's thread and the others share.
struct ThreadPool::Shared {
    std::mutex mutex;
    std::condition_variable one_ended;
    std::vector<CallPtr> ended; // on their way back to the loop's thread
    ThreadPool* pool;           // null: it has gone

    void add_ended(const std::shared_ptr<Shared>& self, CallPtr call);
};

ThreadPool::ThreadPool(Reactor& reactor, std::size_t most)
    : reactor_(reactor), most_(most), shared_(std::make_shared<Shared>()) {
    shared_->pool = this;
}

ThreadPool::~ThreadPool() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->pool = nullptr;
    }
    take_ended();
    for (const CallPtr& call : running_) {
        call->thread.detach();
        let_go(call->done); // in this thread
    }
    let_go(waiting_);
}

ThreadPool::Cancel ThreadPool::call(std::function<void()> work, std::function<void()> done) {
    auto call = std::make_shared<Call>();
    call->work.swap(work);
    call->done.swap(done);
    waiting_.push_back(call);
    reactor_.call_when_running([shared = shared_] {
        if (shared->pool != nullptr)
            shared->pool->start_some();
    });
    return [weak = std::weak_ptr(call), shared = shared_] {
        const CallPtr cancelled = weak.lock();
        if (shared->pool != nullptr)
            std::erase(shared->pool->waiting_, cancelled);
        if (cancelled)
            let_go(cancelled->done);
    };
}

void ThreadPool::start_some() {
    while (running_.size() < most_ && !waiting_.empty()) {
        const CallPtr call = waiting_.front();
        if (!start(call) && !running_.empty())
            return; // until one of those has ended
        waiting_.erase(waiting_.begin());
        running_.push_back(call);
    }
}

// False if the system has no thread for it. If no other call runs, it has ended already.
bool ThreadPool::start(const CallPtr& call) {
    sigset_t all, before; // the new thread gets no signals: they are for the loop's thread
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        call->thread = std::thread([shared = shared_, own = CallPtr(call)]() mutable {
            own->work();
            shared->add_ended(shared, std::move(own));
        });
    } catch (const std::exception&) { // no thread, or no memory for one
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    const bool started = call->thread.joinable();
    if (!started && running_.empty())
        shared_->add_ended(shared_, call);
    return started;
}

// Any thread may call this.
void ThreadPool::Shared::add_ended(const std::shared_ptr<Shared>& self, CallPtr call) {
    const std::lock_guard lock(mutex);
    if (pool == nullptr)
        return;
    ended.push_back(std::move(call));
    one_ended.notify_one();
    if (ended.size() == 1)
        pool->reactor_.call_from_thread([self] {
            if (self->pool != nullptr)
                self->pool->call_ended();
        });
}

// Their threads have ended too, with all that is local to a thread.
std::vector<ThreadPool::CallPtr> ThreadPool::take_ended() {
    std::vector<CallPtr> ended;
    {
        const std::lock_guard lock(shared_->mutex);
        ended.swap(shared_->ended);
    }
    for (const CallPtr& call : ended) {
        if (call->thread.joinable()) // not if the system had none
            call->thread.join();
        std::erase(running_, call);
    }
    return ended;
}

void ThreadPool::call_ended() {
    const auto ended = take_ended();
    start_some();
    const auto shared = shared_;
    for (const CallPtr& call : ended)
        if (shared->pool != nullptr && call->done) // the `done` before may have ended all this
            log::run_reporting(std::exchange(call->done, nullptr));
}

void ThreadPool::finish() {
    for (start_some(); !running_.empty(); start_some()) {
        std::unique_lock lock(shared_->mutex);
        shared_->one_ended.wait(lock, [this] { return !shared_->ended.empty(); });
        lock.unlock();
        take_ended(); // and drops them
    }
}

} // namespace twist
