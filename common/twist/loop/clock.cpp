#include "twist/loop/clock.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "twist/base/error.hpp"
#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"

namespace twist {

namespace {
void check_delay(Seconds delay, const char* function) {
    if (!(delay >= Seconds(0))) // so that NaN is refused, too
        throw std::invalid_argument(std::string(function) + ": the delay must not be negative");
}
} // namespace

struct DelayedCall::Call {
    Clock* clock; // used only while the call is active: a clock that goes drops its calls
    std::function<void()> f;
    Clock::Number number = 0; // of the entry that will run it; 0: not active
    Seconds due{0};
    bool cancelled = false;
};

bool DelayedCall::active() const {
    return call_ && call_->number != 0;
}

Seconds DelayedCall::time() const {
    return call_ ? call_->due : Seconds(0);
}

DelayedCall::Call& DelayedCall::pending() const {
    if (active())
        return *call_;
    if (call_ && !call_->cancelled)
        throw AlreadyCalled();
    throw AlreadyCancelled();
}

void DelayedCall::cancel() const {
    Call& call = pending();
    call.cancelled = true;
    call.number = 0;
    call.clock->count_stale();
    let_go(call.f);
}

void DelayedCall::reset(Seconds delay) const {
    Clock* const clock = pending().clock;
    check_delay(delay, "reset");
    clock->schedule(call_, clock->seconds() + delay);
    clock->count_stale();
}

void DelayedCall::delay(Seconds more) const {
    Clock* const clock = pending().clock;
    clock->schedule(call_, call_->due + more);
    clock->count_stale();
}

bool Clock::Entry::stale() const {
    return call->number != number;
}

DelayedCall Clock::call_later(Seconds delay, std::function<void()> f) {
    check_delay(delay, "call_later");
    if (!f)
        throw std::invalid_argument("call_later: there is nothing to call");
    DelayedCall handle(std::make_shared<DelayedCall::Call>(this, std::move(f)));
    schedule(handle.call_, seconds() + delay);
    return handle;
}

std::vector<DelayedCall> Clock::delayed_calls() const {
    std::vector<DelayedCall> calls;
    for (const Entry& entry : heap_)
        if (!entry.stale())
            calls.push_back(DelayedCall(entry.call));
    return calls;
}

void Clock::schedule(const std::shared_ptr<DelayedCall::Call>& call, Seconds due) {
    call->number = next_number_++;
    // What is late, or NaN, is due now, after the calls that were there before (R11).
    call->due = std::max(seconds(), due);
    heap_.push_back({call->due, call->number, call});
    std::push_heap(heap_.begin(), heap_.end());
}

// A stale entry is dropped when it comes to the top. When most entries are stale, all are dropped.
void Clock::count_stale() {
    if (++stale_ < 64 || stale_ < heap_.size() / 2)
        return;
    std::erase_if(heap_, [](const Entry& entry) { return entry.stale(); });
    std::make_heap(heap_.begin(), heap_.end());
    stale_ = 0;
}

Clock::Entry Clock::pop() {
    std::pop_heap(heap_.begin(), heap_.end());
    Entry entry = std::move(heap_.back());
    heap_.pop_back();
    return entry;
}

std::optional<Seconds> Clock::next_due() {
    while (!heap_.empty() && heap_.front().stale()) {
        pop();
        --stale_;
    }
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().due);
}

void Clock::run_due() {
    const Seconds now = seconds();
    const Number first_new = next_number_;
    for (auto due = next_due(); due && *due <= now; due = next_due()) {
        if (heap_.front().number >= first_new) // made meanwhile, and so were all behind it
            return;
        const Entry entry = pop();
        entry.call->number = 0;
        log::run_reporting(std::exchange(entry.call->f, nullptr));
    }
}

void Clock::drop_delayed_calls() {
    // A closure's destructor may call_later or cancel: the heap must be whole then.
    while (next_due()) {
        const Entry entry = pop();
        entry.call->number = 0;
        entry.call->cancelled = true;
        let_go(entry.call->f);
    }
}

} // namespace twist
