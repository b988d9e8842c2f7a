// Programs that work with Deferreds, read from the bytes of a fuzzer. Any bytes are a program.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace fuzz {

constexpr std::size_t slots = 6; ///< the number of places for a program's handles

struct Action;
using Actions = std::vector<Action>;

/// How a function ends. A callback or errback returns the named result; a canceller does this to
/// its Deferred (see Player::call_canceller).
enum class Ending { value, failure, exception, what_it_got, deferred, maybe_deferred };
constexpr std::size_t endings = 6;

/// A callback, an errback or a canceller.
struct Function {
    std::size_t number;
    Actions inside; ///< its first actions
    Ending ending;
    std::size_t slot; ///< where it finds the Deferred that it returns
    bool keeps;       ///< whether its closure keeps a handle on that Deferred from the beginning
};

/// The part of a coroutine up to a co_await, and that co_await.
struct Await {
    Actions before;
    std::size_t slot;
    bool catches;
};

enum class Kind {
    make,
    make_with_canceller,
    callback,
    errback,
    add_callback,
    add_errback,
    add_callbacks,
    add_both,
    cancel,
    pause,
    unpause,
    chain_deferred,
    drop,
    copy,
    add_timeout,
    advance,
    list,
    first_success,
    gather_results,
    maybe_deferred,
    coroutine,
};
constexpr std::array<std::string_view, 21> names{
    "make",           "make_with_canceller",
    "callback",       "errback",
    "add_callback",   "add_errback",
    "add_callbacks",  "add_both",
    "cancel",         "pause",
    "unpause",        "chain_deferred",
    "drop",           "copy",
    "add_timeout",    "advance",
    "list",           "first_success",
    "gather_results", "maybe_deferred",
    "coroutine",
};

/// One operation on the Deferred in `slot`. The other members depend on the kind.
struct Action {
    Kind kind;
    std::size_t slot;
    std::size_t other = 0; ///< another slot, or a number of seconds
    bool fire_on_one_errback = false;
    bool consume_errors = false;
    std::vector<std::size_t> members = {}; ///< the slots of a list's members
    std::vector<Function> functions = {};
    std::vector<Await> awaits = {};
};

/// Reads a program. After the last byte, every number is 0.
class Reader {
  public:
    explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    Actions program() {
        Actions actions;
        while (!bytes_.empty())
            actions.push_back(action(2));
        return actions;
    }

  private:
    std::size_t number(std::size_t below) {
        if (bytes_.empty())
            return 0;
        const std::size_t byte = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return byte % below;
    }

    Actions actions(std::size_t depth) {
        Actions actions;
        for (std::size_t count = depth == 0 ? 0 : number(4); count > 0; --count)
            actions.push_back(action(depth - 1));
        return actions;
    }

    Function function(std::size_t depth) {
        Function f{functions_++, {}, Ending::value, 0, false};
        f.ending = static_cast<Ending>(number(endings));
        f.slot = number(slots * 2);
        f.keeps = f.slot >= slots;
        f.slot %= slots;
        f.inside = actions(depth);
        return f;
    }

    Await await(std::size_t depth) {
        const std::size_t slot = number(slots * 2);
        return {actions(depth), slot % slots, slot >= slots};
    }

    Action action(std::size_t depth) {
        Action action{static_cast<Kind>(number(names.size())), number(slots)};
        switch (action.kind) {
        case Kind::add_callbacks:
            action.functions.push_back(function(depth));
            [[fallthrough]];
        case Kind::make_with_canceller:
        case Kind::add_callback:
        case Kind::add_errback:
        case Kind::add_both:
        case Kind::maybe_deferred:
            action.functions.push_back(function(depth));
            break;
        case Kind::chain_deferred:
        case Kind::copy:
        case Kind::add_timeout:
        case Kind::advance:
            action.other = number(slots);
            break;
        case Kind::list:
        case Kind::first_success:
        case Kind::gather_results: {
            const std::size_t flags = number(4);
            action.fire_on_one_errback = flags & 1 || action.kind == Kind::gather_results;
            action.consume_errors = flags & 2;
            for (std::size_t count = number(5); count > 0; --count)
                action.members.push_back(number(slots));
            break;
        }
        case Kind::coroutine:
            for (std::size_t count = number(4); count > 0; --count)
                action.awaits.push_back(await(depth));
            action.functions.push_back(function(depth));
            break;
        default:
            break;
        }
        return action;
    }

    std::span<const std::uint8_t> bytes_;
    std::size_t functions_ = 0;
};

} // namespace fuzz
