#include "fuzz/model.hpp"

#include <algorithm>
#include <utility>

namespace model {

std::function<void(const std::string&, const std::string&)> report;

namespace {

const Outcome cancelled{true, "CancelledError"};
const Thrown misuse{"std::logic_error"};

std::vector<Deferred*> living;

void run(const Handle& d);
void go_on(std::shared_ptr<Routine> routine, std::optional<Outcome> awaited);

void check_end(const Handle& d) {
    if (d->end != End::carries_a_value) // 44, 50, 86, 112
        throw misuse;
}

// Makes `outcome` the first result. Returns false if this was the one late firing that is ignored.
bool accept(const Handle& d, const Outcome& outcome) {
    if (d->called && std::exchange(d->forgives_one_firing, false)) // 67
        return false;
    if (d->called) // 6, 68
        throw Thrown{"AlreadyCalledError"};
    d->called = true;
    d->waiting_for = nullptr;
    d->result = outcome;
    d->canceller = nullptr;
    return true;
}

void fire(const Handle& d, const Outcome& outcome) {
    if (accept(d, outcome))
        run(d);
}

// Hands the result to the chain or coroutine that waits for it.
void hand_over(const Handle& d) {
    const Outcome result = *std::exchange(d->result, std::nullopt);
    if (const Handle outer = std::move(d->outer)) { // 37, 38
        outer->waiting_for = nullptr;
        outer->result = result;
        run(outer);
    } else if (const Handle target = std::move(d->target)) { // 50
        try {
            fire(target, result);
        } catch (const Thrown& error) {
            d->result = result;
            report("Unhandled error in Deferred", error.text);
        }
    } else { // 106
        if (d->routine->own->waiting_for == d.get())
            d->routine->own->waiting_for = nullptr;
        go_on(std::move(d->routine), result);
    }
}

// Whether `d` is `other`, or waits for `other`, directly or through others.
bool leads_to(const Deferred* d, const Deferred* other) {
    while (d != nullptr && d != other)
        d = d->waiting_for;
    return d != nullptr;
}

// Takes the result at the end of `inner`. If there is none yet, returns nothing, and `outer`
// (unless it is null) waits for it.
std::optional<Outcome> take_end(const Handle& inner, Deferred* outer) {
    check_end(inner);
    if (outer != nullptr && leads_to(inner.get(), outer)) // 31
        throw Thrown{"Exception: A Deferred can't wait for itself."};
    inner->end = End::given_away;
    if (inner->finished()) // 39, 40; not if it is paused: 48
        return std::exchange(inner->result, std::nullopt);
    if (outer != nullptr)
        outer->waiting_for = inner.get();
    return {};
}

void run_step(const Handle& d) {
    const Outcome before = *std::exchange(d->result, std::nullopt);
    std::optional<Step> step = std::move(d->steps.front());
    d->steps.pop_front();
    try {
        Given given = before; // 12, 13
        if (const Function& f = before.failed ? step->on_failure : step->on_value)
            given = f(before);
        step.reset(); // a closure is destroyed after its run
        if (const Handle* inner = std::get_if<Handle>(&given)) {
            d->result = take_end(*inner, d.get());
            if (!d->result) // 36
                (*inner)->outer = d;
        } else {
            d->result = std::get<Outcome>(given);
        }
    } catch (const Thrown& error) { // 11, 17, 18
        d->result = Outcome{true, error.text};
    }
}

void run(const Handle& d) {
    if (d->running || d->pauses > 0) // 28, 33
        return;
    d->running = true;
    while (d->result && !d->steps.empty()) // 32: a pause that begins in here stops nothing
        run_step(d);
    d->running = false;
    if (d->result && (d->outer || d->target || d->routine))
        hand_over(d);
}

// Continues a coroutine until it must wait.
void go_on(std::shared_ptr<Routine> routine, std::optional<Outcome> awaited) {
    const Handle own = routine->own;
    for (;;) {
        const Given next = routine->body(awaited);
        if (const Outcome* result = std::get_if<Outcome>(&next)) { // 108, 109
            bool accepted = false;
            try {
                accepted = accept(own, *result);
            } catch (const Thrown& error) {
                report("Unhandled error in Deferred", error.text);
            }
            if (!accepted && result->failed)
                report("Unhandled error in Deferred", result->text);
            break;
        }
        const Handle& inner = std::get<Handle>(next);
        try {
            awaited = take_end(inner, own->called ? nullptr : own.get());
        } catch (const Thrown& error) {
            awaited = Outcome{true, error.text};
        }
        if (!awaited) {
            inner->routine = routine;
            return;
        }
    }
    routine.reset();
    run(own);
}

// Cancels the innermost Deferred that `d` waits for, or `d` itself.
void cancel_innermost(Handle d) {
    while (d->waiting_for != nullptr) // 74, 77
        d = d->waiting_for->shared_from_this();
    if (d->called) { // 66
        if (std::exchange(d->stranded, false)) {
            d->result = cancelled;
            run(d);
        }
        return;
    }
    if (std::exchange(d->cancelling, true)) // 79
        return;
    if (const auto canceller = std::exchange(d->canceller, nullptr)) { // 69, 70
        try {
            canceller(d);
        } catch (const Thrown&) { // 78
            d->cancelling = false;
            if (!d->called)
                d->canceller = canceller;
            throw;
        }
    } else { // 65, 67
        d->forgives_one_firing = true;
    }
    d->cancelling = false;
    if (!d->called) // 71, 72
        fire(d, cancelled);
}

} // namespace

Deferred::Deferred() {
    living.push_back(this);
}

Deferred::~Deferred() {
    std::erase(living, this);
    if (outer) {
        outer->waiting_for = nullptr;
        outer->stranded = true;
    }
    if (routine && routine->own->waiting_for == this)
        routine->own->waiting_for = nullptr;
    if (result && result->failed) // 57
        report("Unhandled error in Deferred", result->text);
}

Handle make(std::function<void(const Handle&)> canceller) {
    const auto d = std::make_shared<Deferred>();
    d->canceller = std::move(canceller);
    return d;
}

void callback(Handle d, const std::string& value) {
    if (!d->takes_a_value)
        throw misuse;
    fire(d, {false, value});
}

void errback(Handle d, const std::string& failure) {
    fire(d, {true, failure});
}

void add(Handle d, Step step, End end) {
    check_end(d);
    d->steps.push_back(std::move(step));
    d->end = end;
    run(d); // 7
}

void cancel(Handle d) {
    cancel_innermost(d);
}

void pause(Handle d) {
    ++d->pauses;
}

void unpause(Handle d) {
    if (d->pauses == 0) // 35
        throw misuse;
    if (--d->pauses == 0)
        run(d);
}

void chain_deferred(Handle d, Handle target) {
    if (!target->takes_a_value)
        throw misuse;
    check_end(d);
    if (d == target)
        throw Thrown{"Exception: A Deferred can't wait for itself."};
    const auto result = take_end(d, nullptr);
    d->target = target;
    if (result) {
        d->result = result;
        hand_over(d);
    }
}

Handle maybe_deferred(const Function& f, const Outcome& argument) {
    const Handle d = make();
    try {
        const Given given = f(argument);
        if (const Handle* other = std::get_if<Handle>(&given)) // 99
            return *other;
        accept(d, std::get<Outcome>(given)); // 97
    } catch (const Thrown& error) {          // 98
        accept(d, {true, error.text});
    }
    return d;
}

Handle start(std::function<Given(std::optional<Outcome>)> body) {
    const Handle own = make();
    go_on(std::make_shared<Routine>(Routine{own, std::move(body)}), {}); // 104
    return own;
}

// Lists -------------------------------------------------------------------------------------------

namespace {

struct List {
    ListFlags flags;
    std::vector<std::weak_ptr<Deferred>> members;
    std::vector<std::optional<Outcome>> results;
};

void fire_if_complete(const List& list, const Handle& d) {
    std::string text;
    for (const auto& result : list.results) {
        if (!result)
            return;
        text += (text.empty() ? "" : ", ") + result->text;
    }
    fire(d, {false, "[" + text + "]"});
}

void receive(List& list, const Handle& d, std::size_t index, const Outcome& outcome) {
    if (d->called)
        return;
    list.results[index] = outcome;
    const std::string place = "#" + std::to_string(index) + " ";
    if (list.flags.first_success && !outcome.failed) // 90
        fire(d, {false, place + outcome.text});
    else if (list.flags.fire_on_one_errback && outcome.failed) // 91
        fire(d, {true, "FirstError: " + place + outcome.text});
    else
        fire_if_complete(list, d); // 83, 84
}

void cancel_members(List& list, const Handle& d) {
    for (const auto& member : list.members) { // 92
        try {
            if (const Handle alive = member.lock())
                cancel_innermost(alive);
        } catch (const Thrown& error) { // 94
            report("Unhandled Error", error.text);
        }
    }
    for (std::size_t i = 0; i < list.results.size(); ++i)
        if (!list.results[i])
            receive(list, d, i, cancelled);
}

} // namespace

Handle list(const std::vector<Handle>& members, ListFlags flags) {
    const auto state = std::make_shared<List>();
    const Handle d = make([state](const Handle& self) { cancel_members(*state, self); });
    d->takes_a_value = false;
    state->flags = flags;
    state->members.assign(members.begin(), members.end());
    state->results.resize(members.size());
    for (const Handle& member : members)
        check_end(member);
    if (members.empty() && !flags.first_success) // 82
        fire_if_complete(*state, d);
    for (std::size_t i = 0; i < members.size(); ++i) {
        const auto step = [state, d, i](const Outcome& outcome) -> Given {
            receive(*state, d, i, outcome);
            return state->flags.consume_errors ? Outcome{false, "nothing"} : outcome; // 86, 87
        };
        add(members[i], {step, step},
            flags.consume_errors ? End::carries_nothing : End::carries_a_value);
    }
    return d;
}

// Time --------------------------------------------------------------------------------------------

void Clock::add_timeout(Handle d, std::size_t seconds) {
    check_end(d);
    const auto cancels = std::make_shared<Handle>(d);
    const auto timed_out = std::make_shared<bool>(false);
    timers_.push_back({now_ + seconds, next_number_++, cancels, timed_out});
    const auto step = [cancels, timed_out](const Outcome& outcome) -> Given {
        cancels->reset(); // 101
        const bool late = *timed_out && outcome.failed && outcome.text == cancelled.text;
        return late ? Outcome{true, "TimeoutError"} : outcome; // 100, 102
    };
    add(d, {step, step});
}

void Clock::advance(std::size_t seconds) {
    now_ += seconds;
    const std::size_t now = now_, first_new = next_number_;
    for (;;) { // R47
        std::erase_if(timers_, [](const Timer& timer) { return !*timer.cancels; });
        const auto next = std::ranges::min_element(
            timers_, {}, [](const Timer& timer) { return std::pair(timer.due, timer.number); });
        if (next == timers_.end() || next->due > now || next->number >= first_new)
            return;
        const Handle d = std::move(*next->cancels);
        *next->timed_out = true;
        try {
            cancel(d);
        } catch (const Thrown& error) {
            report("Unhandled Error", error.text);
        }
    }
}

void Clock::clear() {
    for (const Timer& timer : std::exchange(timers_, {}))
        timer.cancels->reset();
}

bool undo_rings() {
    std::vector<Handle> rings;
    for (Deferred* d : living)
        rings.push_back(d->shared_from_this());
    for (const Handle& d : rings) {
        d->steps.clear();
        d->result.reset();
        d->canceller = nullptr;
        d->outer = d->target = nullptr;
        d->routine = nullptr;
    }
    return !rings.empty();
}

} // namespace model
