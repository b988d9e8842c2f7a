#include "twist/deferred/chain.hpp"

#include <stdexcept>
#include <string>

#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"
#include "twist/deferred/error.hpp"

namespace twist::detail {

// Deletes `chain`, and what that releases, in a loop: a closure may hold a chain whose closures
// hold a chain, a million deep (51).
void Chain::destroy(Chain* chain) {
    static thread_local Chain* waiting = nullptr;
    static thread_local bool destroying = false;
    chain->next_to_destroy_ = waiting;
    waiting = chain;
    if (std::exchange(destroying, true))
        return;
    while (waiting != nullptr)
        delete std::exchange(waiting, waiting->next_to_destroy_);
    destroying = false;
}

Chain::~Chain() {
    waiter_.reset(); // first: it may end the wait of a coroutine, which may still ask this chain
    if (current_->failure) // 57
        log::report("Unhandled error in Deferred", *current_->failure);
    for (Step* step = current_; step != nullptr;) {
        Step* const next = step->next;
        if (step != first_)
            delete step;
        step = next;
    }
}

void Chain::check_end(const std::type_info& type) const {
    if (end_ == nullptr) // 44, 86, 112
        throw std::logic_error("The result of this Deferred was given away: whoever waits for it "
                               "has it. Add to the Deferred that waits.");
    if (*end_ != type)
        throw std::logic_error("This Deferred returned a " + type_name(type) +
                               " when this handle was made, and returns a " + type_name(*end_) +
                               " now. Keep what add_callback returned, and add to that.");
}

void Chain::check_start(const std::type_info& type) const {
    if (*start_ != type)
        throw std::logic_error("This Deferred is fired with a " + type_name(*start_) + ", not a " +
                               type_name(type) + ". Fire it through the handle that was made.");
}

void Chain::add(std::unique_ptr<Step> step, const std::type_info& type) {
    end_ = &type;
    last_->next = step.release();
    last_ = last_->next;
}

// Firing ------------------------------------------------------------------------------------------

bool Chain::begin_firing() {
    if (called_) {
        if (std::exchange(ignores_next_firing_, false)) // 67
            return false;
        throw AlreadyCalledError();
    }
    called_ = true;
    stop_waiting(); // a coroutine's chain may be fired before the coroutine has ended (108)
    return true;
}

bool Chain::fire(Step& from) {
    if (!begin_firing()) {
        from.clear();
        return false;
    }
    first_->take(from);
    let_go(canceller_);
    return true;
}

bool Chain::fire(Failure failure) {
    if (!begin_firing())
        return false;
    first_->failure = std::move(failure);
    let_go(canceller_);
    return true;
}

// A loop, not a recursion: a long row of chains that wait must not grow the stack (51).
void Chain::run(ChainPtr chain) {
    while (chain && chain->run_steps() && chain->waiter_)
        chain = chain->waiter_.release()->receive(*chain->current_);
}

// Returns whether the result at the end is there, for a waiter to take. A pause that begins in one
// of these steps stops neither the others nor the waiter (32).
bool Chain::run_steps() {
    if (running_ || pauses_ > 0)
        return false;
    running_ = true;
    bool is_there = current_->has_result();
    while (is_there && current_->next != nullptr) {
        Step* const before = std::exchange(current_, current_->next);
        ChainPtr inner = current_->run(*before);
        if (before != first_)
            delete before;
        if (inner) {
            wait_for(*inner);
            inner = ChainPtr(); // its destructor may cancel this chain
            is_there = current_->has_result();
        }
    }
    running_ = false;
    return is_there;
}

// Waiting for a result ----------------------------------------------------------------------------

bool Chain::is_finished() const {
    return current_->has_result() && current_->next == nullptr && pauses_ == 0 && !running_;
}

// The present step returned a Deferred: its result is the one of `inner` (36 to 41).
void Chain::wait_for(Chain& inner) {
    try {
        if (inner.spend_end(this))
            current_->take(inner.result());
        else
            inner.set_waiter(as_waiter());
    } catch (...) {
        current_->failure = Failure();
    }
}

bool Chain::spend_end(Chain* by) {
    if (by != nullptr && is_waiting_for(*by))
        throw Exception("A Deferred can't wait for itself.");
    end_ = nullptr;
    return is_finished();
}

void Chain::set_waiter(WaiterPtr waiter) {
    waiter_ = std::move(waiter);
    if (Chain* const outer = waiter_->waiting_chain())
        outer->waits_for_ = this;
}

// Looks from both ends at once, so that a long row is short work, in whichever order it was made.
bool Chain::is_waiting_for(const Chain& other) const {
    const Chain* down = this;
    const Chain* up = &other;
    while (down != nullptr && up != nullptr) {
        if (down == &other || up == this)
            return true;
        down = down->waits_for_;
        up = up->waiter_ ? up->waiter_->waiting_chain() : nullptr;
    }
    return false;
}

// The waiter counts as a reference to this chain, until end_wait().
WaiterPtr Chain::as_waiter() {
    ++references_;
    return WaiterPtr(this);
}

ChainPtr Chain::end_wait() {
    ChainPtr self(this);
    --references_;
    stop_waiting();
    return self;
}

ChainPtr Chain::receive(Step& result) noexcept {
    ChainPtr self = end_wait();
    current_->take(result);
    return self;
}

void Chain::abandon() noexcept {
    const ChainPtr self = end_wait();
    is_abandoned_ = true;
}

namespace {
class ChainedTarget final : public Waiter {
  public:
    explicit ChainedTarget(ChainPtr target) : target_(std::move(target)) {}

    ChainPtr receive(Step& result) noexcept override {
        const std::unique_ptr<ChainedTarget> self(this);
        bool fired = false;
        log::run_reporting([&] { fired = target_->fire(result); }, "Unhandled error in Deferred");
        return fired ? target_ : ChainPtr();
    }
    void abandon() noexcept override { delete this; }

  private:
    ChainPtr target_;
};
} // namespace

void Chain::chain_to(const ChainPtr& chain, const ChainPtr& target) {
    if (chain == target)
        throw Exception("A Deferred can't wait for itself.");
    const bool is_there = chain->spend_end(nullptr);
    chain->set_waiter(WaiterPtr(new ChainedTarget(target)));
    if (is_there)
        run(chain);
}

std::weak_ptr<Chain*> Chain::observe() {
    if (!observed_)
        observed_ = std::make_shared<Chain*>(this);
    return observed_;
}

void Chain::unpause() {
    if (pauses_ == 0)
        throw std::logic_error("unpause: this Deferred is not paused.");
    if (--pauses_ == 0)
        run(ChainPtr(this));
}

// Cancelling --------------------------------------------------------------------------------------

// Goes to the innermost chain that is waited for (77). One without references waits to be
// destroyed.
void Chain::cancel() {
    if (references_ == 0)
        return;
    ChainPtr innermost(this);
    while (innermost->waits_for_ != nullptr) {
        if (innermost->waits_for_->references_ == 0) {
            innermost->waits_for_->waiter_.reset();
            break;
        }
        innermost = ChainPtr(innermost->waits_for_);
    }
    innermost->cancel_this();
}

void Chain::cancel_this() {
    const ChainPtr self(this);
    if (called_) { // 66, unless it waits for a chain that has gone
        if (std::exchange(is_abandoned_, false)) {
            current_->failure = Failure(CancelledError());
            run(self);
        }
        return;
    }
    if (std::exchange(is_cancelling_, true)) // 79
        return;
    Canceller canceller = std::exchange(canceller_, nullptr);
    ignores_next_firing_ = !canceller; // 67
    try {
        if (canceller)
            canceller(self);
    } catch (...) {
        is_cancelling_ = false;
        if (!called_) // it can be cancelled again (78)
            canceller_ = std::move(canceller);
        throw;
    }
    let_go(canceller);
    is_cancelling_ = false;
    if (!called_ && fire(Failure(CancelledError())))
        run(self);
}

} // namespace twist::detail
