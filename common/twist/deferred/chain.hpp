// The mechanism behind a Deferred: a chain of steps and the present result, without the types of
// the values. deferred.hpp adds the types; programs include that. Numbers such as (51) are items of
// common/SEMANTICS.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>

#include "twist/base/result.hpp"

namespace twist::detail {

class Chain;

/// A counted reference to a chain, for one thread. The chain is destroyed with the last one. If
/// chains hold one another, they are destroyed one after the other, never one inside the other.
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

/// One step of a chain, and the place of its result until the next step takes it. The first step
/// has no function: its result is what the Deferred is fired with.
class Step {
  public:
    Step() = default;
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    virtual ~Step() = default;

    /// Takes the result of the step before. Leaves its own, or returns the chain to wait for.
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

    // A Result is what programs pass in and get out.
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

/// Waits for the result at the end of a chain: another chain, or a coroutine. One of receive() and
/// abandon() is called, once.
class Waiter {
  public:
    /// Takes the result. Returns the chain that can go on now, if any.
    virtual ChainPtr receive(Step& result) noexcept = 0;

    /// The chain was destroyed without a result.
    virtual void abandon() noexcept = 0;

    /// The chain that waits, to which cancel() comes first; null if none does.
    virtual Chain* waiting_chain() { return nullptr; }

  protected:
    ~Waiter() = default;
};

/// Owns a waiter, whatever that is: a reference to a chain, an object on the heap, the frame of a
/// coroutine. It ends with release()->receive(), or the waiter is abandoned.
struct Abandon {
    void operator()(Waiter* waiter) const { waiter->abandon(); }
};
using WaiterPtr = std::unique_ptr<Waiter, Abandon>;

/// The steps of one Deferred and the present result.
///
/// Invariants: `current_` has the present result, or will have it when the chain that it waits for
/// has one; the steps behind it have not run. At the end there is either `waiter_` or another step.
/// The two pointers of a wait are set and cleared together: if `a.waits_for_` is b, then
/// `b.waiter_` is a reference to a, or a coroutine whose chain is a.
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

    // Both throw std::logic_error: check_end, if the end is spent or has another type; check_start,
    // if the chain is fired with another type.
    void check_end(const std::type_info& type) const;
    void check_start(const std::type_info& type) const;

    /// Puts `step`, whose results are of `type`, at the end. The caller then runs the chain.
    void add(std::unique_ptr<Step> step, const std::type_info& type);

    /// Makes the result of `from`, or `failure`, the first result. The caller then runs the chain.
    /// Throws AlreadyCalledError. Returns false if this firing is ignored (67).
    bool fire(Step& from);
    bool fire(Failure failure);

    /// Runs what can run: this chain and then, one after the other, those that wait for it.
    static void run(ChainPtr chain);

    /// Reserves the result at the end for one that takes it, `by` if that is a chain. Nothing can
    /// be added to this end any more: it is spent. Returns whether result() is there now; if not,
    /// the caller passes a waiter to set_waiter(). Throws Exception if chains would wait in a ring
    /// (31).
    bool spend_end(Chain* by);
    Step& result() { return *current_; }
    void set_waiter(WaiterPtr waiter);

    /// Fires `target` with the result at the end of `chain`, now or when it comes.
    static void chain_to(const ChainPtr& chain, const ChainPtr& target);

    /// For waiters: the wait is over, and cancel() has nowhere to go.
    void stop_waiting() { waits_for_ = nullptr; }

    /// Tells whether the chain still lives, and where, without keeping it alive.
    std::weak_ptr<Chain*> observe();

    void pause() { ++pauses_; }
    void unpause();
    void cancel();
    bool called() const { return called_; }

    // As a waiter.
    ChainPtr receive(Step& result) noexcept override;
    void abandon() noexcept override;
    Chain* waiting_chain() override { return this; }

  private:
    friend class ChainPtr;

    WaiterPtr as_waiter();
    ChainPtr end_wait();
    bool begin_firing();
    void cancel_this();
    bool is_finished() const;
    bool run_steps();
    void wait_for(Chain& inner);
    bool is_waiting_for(const Chain& other) const;
    static void destroy(Chain* chain);

    Step* first_;
    Step* current_; // has the present result, or waits for it
    Step* last_;
    const std::type_info* start_;
    const std::type_info* end_; // null: it is spent
    Canceller canceller_;       // called once, or dropped by the firing
    WaiterPtr waiter_;
    Chain* waits_for_ = nullptr;
    Chain* next_to_destroy_ = nullptr;
    std::shared_ptr<Chain*> observed_; // null: nobody observes it
    unsigned references_ = 0;
    unsigned pauses_ = 0;
    bool called_ = false;
    bool running_ = false;
    bool is_abandoned_ = false; // by the chain that it waited for
    bool is_cancelling_ = false;
    bool ignores_next_firing_ = false;
};

inline ChainPtr::ChainPtr(Chain* chain) : chain_(chain) {
    if (chain_ != nullptr)
        ++chain_->references_;
}

inline ChainPtr::~ChainPtr() {
    // The analyzer does not follow the count. NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDelete)
    if (chain_ != nullptr && --chain_->references_ == 0)
        Chain::destroy(std::exchange(chain_, nullptr));
}

} // namespace twist::detail
