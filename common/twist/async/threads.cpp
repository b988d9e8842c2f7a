#include "twist/async/threads.hpp"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"

namespace twist {

/// What the loop's thread and the others have in common.
struct Threads::Shared {
    std::mutex mutex;
    std::condition_variable one_ended;
    std::vector<std::shared_ptr<Call>> ended; // on their way back to the loop's thread
    Threads* owner = nullptr;                 // null: it has gone
};

namespace {

/// While this lives, a thread that is started gets no signals: they are for the loop's thread.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

} // namespace

Threads::Threads(Reactor& reactor, std::size_t most)
    : reactor_(reactor), most_(most), shared_(std::make_shared<Shared>()) {
    shared_->owner = this;
}

Threads::~Threads() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->owner = nullptr;
    }
    let_go(waiting_);
    let_go(done_);
}

Threads::Number Threads::call(std::function<void()> work, std::function<void()> done) {
    const Number number = next_++;
    waiting_.push_back(std::make_shared<Call>(Call{number, std::move(work)}));
    done_[number].swap(done);
    reactor_.call_when_running([shared = shared_] {
        if (shared->owner != nullptr)
            shared->owner->start_some();
    });
    return number;
}

void Threads::forget(Number number) {
    const auto last_words = done_.extract(number);
    const auto found = std::ranges::find_if(
        waiting_, [number](const auto& call) { return call->number == number; });
    if (found == waiting_.end())
        return;
    const auto call = std::move(*found);
    waiting_.erase(found);
}

void Threads::finish() {
    for (start_some(); running_ > 0; start_some()) {
        std::vector<std::shared_ptr<Call>> ended;
        std::unique_lock lock(shared_->mutex);
        shared_->one_ended.wait(lock, [this] { return !shared_->ended.empty(); });
        ended.swap(shared_->ended);
        running_ -= ended.size();
        lock.unlock(); // before the functions go
    }
    let_go(done_);
}

void Threads::start_some() {
    while (running_ < most_ && !waiting_.empty()) {
        const auto call = waiting_.front();
        if (!start(call) && running_ > 0)
            return; // until one of these has ended
        waiting_.pop_front();
        ++running_;
    }
}

// False if the system has no thread for it. If no other one runs, it has ended already.
bool Threads::start(const std::shared_ptr<Call>& call) {
    const SignalsBlocked blocked;
    try {
        std::thread thread([shared = shared_, call = std::shared_ptr(call)]() mutable { // not const
            call->work();
            has_ended(*shared, std::move(call));
        });
        thread.detach();
    } catch (const std::system_error&) {
        if (running_ == 0)
            has_ended(*shared_, call);
        return false;
    }
    return true;
}

// In any thread.
void Threads::has_ended(Shared& shared, std::shared_ptr<Call> call) {
    const std::lock_guard lock(shared.mutex);
    if (shared.owner == nullptr)
        return;
    shared.ended.push_back(std::move(call));
    shared.one_ended.notify_one();
    if (shared.ended.size() > 1)
        return; // the loop knows
    shared.owner->reactor_.call_from_thread([again = shared.owner->shared_] {
        if (again->owner != nullptr)
            again->owner->collect();
    });
}

void Threads::collect() {
    std::vector<std::shared_ptr<Call>> ended;
    {
        const std::lock_guard lock(shared_->mutex);
        ended.swap(shared_->ended);
    }
    running_ -= ended.size();
    start_some();
    const auto shared = shared_;
    for (const auto& call : ended) {
        if (shared->owner == nullptr)
            return; // the `done` before was the end of this
        if (const auto found = done_.extract(call->number))
            log::run_reporting(found.mapped());
    }
}

SystemError Threads::no_thread() {
    const auto reason = std::make_error_code(std::errc::resource_unavailable_try_again);
    return {"The system has no thread for this: " + describe(reason) + ".", reason};
}

} // namespace twist
