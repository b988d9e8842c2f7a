// The mechanism behind a Deferred: a chain of steps and the result that has come so far, with the
// types rubbed out. deferred.hpp puts the types back; that is what a program includes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>

#include "twist/base/failure.hpp"

namespace twist::detail {

class Chain;

/// A counted reference to a chain, for one thread. The chain goes with the last one. However many
/// chains hold one another, they go one after the other, never one inside the other.
class ChainPtr {
  public:
    ChainPtr() = default;
    explicit ChainPtr(Chain* chain);
    ChainPtr(const ChainPtr& other) : ChainPtr(other.chain_) {}
    ChainPtr(ChainPtr&& other) noexcept : chain_(std::exchange(other.chain_, nullptr)) {}
    ChainPtr& operator=(ChainPtr other) noexcept {
        std::swap(chain_, other.chain_);
        return *this;
    }
    ~ChainPtr();

    Chain* get() const { return chain_; }
    Chain* operator->() const { return chain_; }
    Chain& operator*() const { return *chain_; }
    explicit operator bool() const { return chain_ != nullptr; }
    friend bool operator==(const ChainPtr&, const ChainPtr&) = default;

  private:
    Chain* chain_ = nullptr;
};

/// One step of a chain, and the place where its result lies until the next step takes it. The
/// first step has nothing to run: its result is what the Deferred is fired with.
class Step {
  public:
    virtual ~Step() = default;

    /// Takes the result of the step before. Leaves its own, or gives the chain to wait for.
    virtual ChainPtr run(Step& /*before*/) noexcept { return {}; }
    virtual void take(Step& from) = 0; ///< the result of `from`, whose type is the same
    virtual void clear() = 0;
    virtual bool has_value() const = 0;
    bool has_result() const { return failure || has_value(); }

    std::optional<Failure> failure; ///< the result, if it is a failure
    Step* next = nullptr;
};

/// A step whose result is a value of type T, or a failure.
template <class T>
class StepTo : public Step {
  public:
    void take(Step& from) final {
        value = std::move(static_cast<StepTo&>(from).value);
        failure = std::move(from.failure);
        from.clear();
    }
    void clear() final {
        value.reset();
        failure.reset();
    }
    bool has_value() const final { return value.has_value(); }

    // To and from a Result, which is what programs give and get.
    void set(Result<T>&& result) {
        if (result.is_failure())
            failure = result.failure();
        else
            value.emplace(std::move(result).value());
    }
    Result<T> result() && {
        if (failure)
            return *failure;
        return std::move(*value);
    }

    std::optional<typename Result<T>::Value> value;
};

/// Whoever takes the result at the end of a chain: another chain, or a coroutine. The chain that
/// is waited for owns its waiter; the waiter only points back, to cancel.
class Waiter {
  public:
    /// Takes the result. Gives the chain that can go on now, if any.
    virtual ChainPtr receive(Step& result) noexcept = 0;

    /// There will be no result: the chain that was waited for has gone.
    virtual void drop() noexcept = 0;

    /// The chain that waits for the result, and passes its cancel() on; null if none does.
    virtual Chain* chain() { return nullptr; }

  protected:
    ~Waiter() = default;
};

/// The steps of one Deferred and the result that has come so far.
///
/// What always holds: `current_` has the present result or, while another chain is waited for, will
/// have it; what follows it has not run. Only one of `waiter_` and another step can be at the end.
/// The two pointers of a wait are set and cleared together: if `a.waiting_for_` is b, then b has a
/// waiter whose chain() is a, and the wait counts as one reference to a. A chain whose count is
/// zero has its place in the row of those to be destroyed, and may still be seen until its turn.
class Chain : public Waiter {
  public:
    using Canceller = std::function<void(const ChainPtr&)>;

    /// `first` must live as long as the chain, and so be part of it.
    Chain(Step& first, const std::type_info& type, Canceller canceller)
        : first_(&first), current_(&first), last_(&first), start_(&type), end_(&type),
          canceller_(std::move(canceller)) {}
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;
    virtual ~Chain();

    /// Throws std::logic_error unless results of `type` come out at the end of the chain and can
    /// still be had there; unless values of `type` go in at its start.
    void check_end(const std::type_info& type) const;
    void check_start(const std::type_info& type) const;

    /// Puts `step`, whose results are of `type`, at the end. The caller then runs the chain.
    void add(std::unique_ptr<Step> step, const std::type_info& type);

    /// Makes the result of `from`, or `failure`, the first result. The caller then runs the chain.
    /// Throws AlreadyCalledError; false if this was the one late firing that is forgiven.
    bool accept(Step& from);
    bool accept(Failure failure);

    /// Runs what can be run: this chain and then, one after the other, those that wait for it.
    static void run(ChainPtr chain);

    /// Promises the result at the end to `waiter`; the end is void from now on. False: `waiter`
    /// will be called. True: it will not, since the result() is there, to be taken now. Throws
    /// Exception if that closed a ring in which everybody waits.
    bool give_to(Waiter& waiter);
    Step& result() { return *current_; }

    /// Fires `target` with the result at the end of `chain`, now or when it comes.
    static void link(const ChainPtr& chain, const ChainPtr& target);

    /// For waiters: the wait is over, a cancel() has nobody to go to.
    void stop_waiting() { waiting_for_ = nullptr; }

    /// Where the chain is, as long as it lives, for those that only watch it.
    std::weak_ptr<Chain*> place();

    void pause() { ++pauses_; }
    void unpause();
    void cancel();
    bool called() const { return called_; }

    ChainPtr receive(Step& result) noexcept override;
    void drop() noexcept override;
    Chain* chain() override { return this; }

  private:
    friend class ChainPtr;

    bool begin_firing();
    bool call_canceller();
    void drop_waiter();
    bool finished() const;
    bool run_steps();
    void take_from(Chain& inner);
    bool waits_for(const Chain& other) const;
    void cancel_this();
    static void bury(Chain* chain);

    Step* first_;
    Step* current_; // the step whose result is the present one, or is being waited for
    Step* last_;
    const std::type_info* start_;
    const std::type_info* end_; // null: given away
    Canceller canceller_;       // called once, or dropped when the chain is fired
    Waiter* waiter_ = nullptr;
    Chain* waiting_for_ = nullptr;
    Chain* next_dead_ = nullptr;
    std::shared_ptr<Chain*> place_; // null: nobody has asked
    unsigned references_ = 0;
    unsigned pauses_ = 0;
    bool called_ = false;
    bool running_ = false;
    bool stranded_ = false; // what it waited for has gone without a result
    bool cancelling_ = false;
    bool forgives_one_firing_ = false;
};

inline ChainPtr::ChainPtr(Chain* chain) : chain_(chain) {
    if (chain_ != nullptr)
        ++chain_->references_;
}

inline ChainPtr::~ChainPtr() {
    // The analyzer does not follow the count. NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDelete)
    if (chain_ != nullptr && --chain_->references_ == 0)
        Chain::bury(std::exchange(chain_, nullptr));
}

} // namespace twist::detail
