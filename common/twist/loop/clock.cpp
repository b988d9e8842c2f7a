#include "twist/loop/clock.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "twist/base/error.hpp"
#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"

namespace twist {

/// `number` is that of the entry that will run the call: 0 when there is none any more.
struct DelayedCall::Call {
    Clock* clock; // looked at only while the call is to come: a clock that goes drops its calls
    Clock::Number number;
    Seconds due;
    bool cancelled;
    std::function<void()> f;
};

bool DelayedCall::active() const {
    return call_ && call_->number != 0;
}

Seconds DelayedCall::time() const {
    return call_ ? call_->due : Seconds(0);
}

DelayedCall::Call& DelayedCall::pending() const {
    if (!active()) {
        if (!call_ || call_->cancelled)
            throw AlreadyCancelled();
        throw AlreadyCalled();
    }
    return *call_;
}

void DelayedCall::cancel() {
    Call& call = pending();
    call.cancelled = true;
    call.number = 0;
    call.clock->forget_one();
    let_go(call.f);
}

void DelayedCall::reset(Seconds delay) {
    Clock* const clock = pending().clock;
    clock->schedule(call_, clock->seconds() + delay);
    clock->forget_one();
}

void DelayedCall::delay(Seconds more) {
    Clock* const clock = pending().clock;
    clock->schedule(call_, call_->due + more);
    clock->forget_one();
}

bool Clock::Entry::stale() const {
    return call->number != number;
}

DelayedCall Clock::call_later(Seconds delay, std::function<void()> f) {
    if (!(delay >= Seconds(0))) // so that NaN is refused, too
        throw std::invalid_argument("call_later: the delay must not be negative");
    if (!f)
        throw std::invalid_argument("call_later: there is nothing to call");
    DelayedCall handle(
        std::make_shared<DelayedCall::Call>(this, 0, Seconds(0), false, std::move(f)));
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
    // What is late, or NaN, is due now, after what was there before.
    call->due = std::max(seconds(), due);
    heap_.push_back({call->due, call->number, call});
    std::push_heap(heap_.begin(), heap_.end());
}

// Stale entries sink to the top by and by; when they are the most, they are swept out at once.
void Clock::forget_one() {
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
    // A closure that dies may call_later or cancel: it meets a queue that is whole.
    while (next_due()) {
        const Entry entry = pop();
        entry.call->number = 0;
        entry.call->cancelled = true;
        let_go(entry.call->f);
    }
}

void FakeClock::advance(Seconds time) {
    now_ += time;
    run_due();
}

} // namespace twist
