// The expected behaviour of a Deferred, as plain code with recursion, copies and strings. It shares
// no code with the core. The numbers are items of common/SEMANTICS.md.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace model {

struct Deferred;
using Handle = std::shared_ptr<Deferred>;

/// A value or a failure, in its printed form.
struct Outcome {
    bool failed;
    std::string text;
};

/// Any exception.
struct Thrown {
    std::string text;
};

/// The return value of a function, unless it throws. A failed Outcome is a returned failure.
using Given = std::variant<Outcome, Handle>;
using Function = std::function<Given(const Outcome&)>;

/// An empty function passes the result on.
struct Step {
    Function on_value, on_failure;
};

/// A coroutine. Its body runs from one co_await to the next: it gets the awaited result, and
/// returns the next Deferred to await or, at its end, its own result.
struct Routine {
    Handle own;
    std::function<Given(std::optional<Outcome> awaited)> body;
};

enum class End { carries_a_value, carries_nothing, given_away };

struct Deferred : std::enable_shared_from_this<Deferred> {
    std::deque<Step> steps; // not run yet
    std::optional<Outcome> result;
    std::function<void(const Handle&)> canceller;
    bool takes_a_value = true; // false: its callback() takes another type
    End end = End::carries_a_value;

    bool called = false, running = false, cancelling = false;
    bool forgives_one_firing = false;
    bool stranded = false; // the Deferred that it waited for was destroyed
    int pauses = 0;

    Deferred* waiting_for = nullptr;

    // The receiver of the result at the end: at most one of the three.
    Handle outer, target;
    std::shared_ptr<Routine> routine;

    Deferred();
    ~Deferred();
    Deferred(const Deferred&) = delete;
    Deferred& operator=(const Deferred&) = delete;

    bool finished() const { return result && steps.empty() && pauses == 0 && !running; }
};

Handle make(std::function<void(const Handle&)> canceller = nullptr);
void callback(Handle d, const std::string& value);
void errback(Handle d, const std::string& failure);
void add(Handle d, Step step, End end = End::carries_a_value);
void cancel(Handle d);
void pause(Handle d);
void unpause(Handle d);
void chain_deferred(Handle d, Handle target);
Handle maybe_deferred(const Function& f, const Outcome& argument);
Handle start(std::function<Given(std::optional<Outcome>)> body);

struct ListFlags {
    bool first_success, fire_on_one_errback, consume_errors;
};
Handle list(const std::vector<Handle>& members, ListFlags flags);

/// A clock that stands still until it is advanced.
class Clock {
  public:
    void add_timeout(Handle d, std::size_t seconds);
    void advance(std::size_t seconds);
    void clear();

  private:
    struct Timer {
        std::size_t due, number;
        std::shared_ptr<Handle> cancels; // holds null if it has run or is no longer needed
        std::shared_ptr<bool> timed_out;
    };
    std::vector<Timer> timers_; // in the order in which they were made
    std::size_t now_ = 0, next_number_ = 0;
};

/// The destination of reports.
extern std::function<void(const std::string& why, const std::string& failure)> report;

/// Breaks the reference cycles (64). Returns whether there were any.
bool undo_rings();

} // namespace model
