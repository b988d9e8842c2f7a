#include "twist/deferred/chain.hpp"

#include <stdexcept>
#include <string>

#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"
#include "twist/deferred/error.hpp"

namespace twist::detail {

// Deletes `chain`, and what is released by that, in a loop: a closure may hold a chain whose
// closures hold a chain, a million deep.
void Chain::bury(Chain* chain) {
    static thread_local Chain* dead = nullptr;
    static thread_local bool burying = false;
    chain->next_dead_ = dead;
    dead = chain;
    if (std::exchange(burying, true))
        return;
    while (dead != nullptr)
        delete std::exchange(dead, dead->next_dead_);
    burying = false;
}

Chain::~Chain() {
    drop_waiter();
    if (current_->failure)
        log::report("Unhandled error in Deferred", *current_->failure);
    for (Step* step = current_; step != nullptr;) {
        Step* const next = step->next;
        if (step != first_)
            delete step;
        step = next;
    }
}

void Chain::drop_waiter() {
    if (waiter_ != nullptr)
        std::exchange(waiter_, nullptr)->drop();
}

void Chain::check_end(const std::type_info& type) const {
    if (end_ == nullptr)
        throw std::logic_error("The result of this Deferred was given away: whoever waits for it "
                               "has it. Add to the Deferred that waits.");
    if (*end_ != type)
        throw std::logic_error("This Deferred gave a " + type_name(type) +
                               " when this handle was made, and gives a " + type_name(*end_) +
                               " by now. Keep what add_callback returned, and add to that.");
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

bool Chain::begin_firing() {
    if (called_) {
        if (std::exchange(forgives_one_firing_, false))
            return false;
        throw AlreadyCalledError();
    }
    called_ = true;
    stop_waiting(); // for the end of a coroutine, if it was fired from outside
    return true;
}

bool Chain::accept(Step& from) {
    if (!begin_firing()) {
        from.clear();
        return false;
    }
    first_->take(from);
    let_go(canceller_);
    return true;
}

bool Chain::accept(Failure failure) {
    if (!begin_firing())
        return false;
    first_->failure = std::move(failure);
    let_go(canceller_);
    return true;
}

void Chain::run(ChainPtr chain) {
    while (chain) {
        if (!chain->run_steps() || chain->waiter_ == nullptr)
            return;
        chain = std::exchange(chain->waiter_, nullptr)->receive(*chain->current_);
    }
}

// Whether the result at the end is there, for a waiter to take. A pause that begins while the steps
// run stops neither them nor the waiter any more.
bool Chain::run_steps() {
    if (running_ || pauses_ > 0)
        return false;
    running_ = true;
    bool there = current_->has_result();
    while (there && current_->next != nullptr) {
        Step* const before = std::exchange(current_, current_->next);
        ChainPtr inner = current_->run(*before);
        if (before != first_)
            delete before;
        if (inner) {
            take_from(*inner);
            inner = ChainPtr(); // it may go, and cancel this chain in its last moment
            there = current_->has_result();
        }
    }
    running_ = false;
    return there;
}

bool Chain::finished() const {
    return current_->has_result() && current_->next == nullptr && pauses_ == 0 && !running_;
}

// The present step has its result now, or waits.
void Chain::take_from(Chain& inner) {
    try {
        if (inner.give_to(*this))
            current_->take(inner.result());
        else
            ++references_; // this one is inner's, until it calls receive() or drop()
    } catch (...) {
        current_->failure = Failure();
    }
}

bool Chain::give_to(Waiter& waiter) {
    Chain* const outer = waiter.chain();
    if (outer != nullptr && waits_for(*outer))
        throw Exception("A Deferred can't wait for itself.");
    end_ = nullptr;
    if (finished())
        return true;
    waiter_ = &waiter;
    if (outer != nullptr)
        outer->waiting_for_ = this;
    return false;
}

// Looks from both ends at once, so that a long row is short work in either order of its making.
bool Chain::waits_for(const Chain& other) const {
    const Chain* down = this;
    const Chain* up = &other;
    while (down != nullptr && up != nullptr) {
        if (down == &other || up == this)
            return true;
        down = down->waiting_for_;
        up = up->waiter_ != nullptr ? up->waiter_->chain() : nullptr;
    }
    return false;
}

ChainPtr Chain::receive(Step& result) noexcept {
    ChainPtr self(this);
    --references_;
    stop_waiting();
    current_->take(result);
    return self;
}

void Chain::drop() noexcept {
    const ChainPtr self(this);
    --references_;
    stop_waiting();
    stranded_ = true;
}

namespace {
class Link final : public Waiter {
  public:
    explicit Link(ChainPtr target) : target_(std::move(target)) {}

    ChainPtr receive(Step& result) noexcept override {
        const ChainPtr target = std::move(target_);
        delete this;
        bool fired = false;
        log::run_reporting([&] { fired = target->accept(result); }, "Unhandled error in Deferred");
        return fired ? target : ChainPtr();
    }
    void drop() noexcept override { delete this; }

  private:
    ChainPtr target_;
};
} // namespace

void Chain::link(const ChainPtr& chain, const ChainPtr& target) {
    if (chain == target)
        throw Exception("A Deferred can't wait for itself.");
    auto* const link = new Link(target); // deletes itself when it has done its work
    if (chain->give_to(*link))
        run(link->receive(chain->result()));
}

std::weak_ptr<Chain*> Chain::place() {
    if (!place_)
        place_ = std::make_shared<Chain*>(this);
    return place_;
}

void Chain::unpause() {
    if (pauses_ == 0)
        throw std::logic_error("unpause: this Deferred is not paused.");
    if (--pauses_ == 0)
        run(ChainPtr(this));
}

void Chain::cancel() {
    if (references_ == 0) // dead, and only not buried yet
        return;
    ChainPtr innermost(this);
    while (innermost->waiting_for_ != nullptr) {
        if (innermost->waiting_for_->references_ == 0) { // dead, and only not buried yet
            innermost->waiting_for_->drop_waiter();
            break;
        }
        innermost = ChainPtr(innermost->waiting_for_);
    }
    innermost->cancel_this();
}

bool Chain::call_canceller() {
    if (!canceller_)
        return false;
    Canceller running = std::exchange(canceller_, nullptr);
    try {
        running(ChainPtr(this));
    } catch (...) {
        if (!called_) // it can be cancelled again
            canceller_ = std::move(running);
        throw;
    }
    return true;
}

void Chain::cancel_this() {
    const ChainPtr self(this);
    if (called_) {
        if (std::exchange(stranded_, false)) {
            current_->failure = Failure(CancelledError());
            run(self);
        }
        return;
    }
    if (std::exchange(cancelling_, true))
        return; // the canceller cancels
    try {
        forgives_one_firing_ = !call_canceller();
    } catch (...) {
        cancelling_ = false;
        throw;
    }
    cancelling_ = false;
    if (!called_ && accept(Failure(CancelledError())))
        run(self);
}

} // namespace twist::detail
