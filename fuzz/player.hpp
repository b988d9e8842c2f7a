// Plays a program in one of two worlds: with Deferreds (Real), or with their model (Model).
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fuzz/program.hpp"
#include "twist/base/let_go.hpp"

namespace fuzz {

using Lines = std::vector<std::string>;

constexpr int enough = 200; // actions: a canceller that throws can be called forever (78)

/// Plays one program in one world, and writes down the events. A world defines its Deferred, and
/// all operations on it that a program can have.
template <class World>
class Player {
  public:
    using Handle = typename World::Handle;
    using Value = typename World::Value; // or a failure
    using Given = std::variant<Value, Handle>;

    /// The events, line by line.
    Lines play(const Actions& program) {
        perform(program);
        note("the end");
        drop_all();
        performed_ = enough; // no more actions of destructors
        drop_all();
        world_.reset();
        return std::move(lines_);
    }

    void note(const std::string& line) { lines_.push_back(line); }

    void perform(const Actions& actions) {
        for (const Action& action : actions)
            if (++performed_ < enough)
                perform(action);
    }

    /// The Deferred to return or to await. In an empty slot, a Deferred that nothing will fire.
    Handle find(std::size_t slot) const { return slots_[slot] ? *slots_[slot] : World::make(); }

    /// The result of a coroutine.
    Value result_of(const Function& f) {
        perform(f.inside);
        const bool fails = f.ending == Ending::failure || f.ending == Ending::exception;
        return fails ? World::failure(next_number()) : World::value(next_number());
    }

  private:
    int next_number() { return ++numbers_; }

    void drop_all() {
        for (auto& slot : slots_)
            twist::let_go(slot);
    }

    Given call(const Function& f, const Value& got) {
        note("function " + std::to_string(f.number) + " got " + World::text(got));
        perform(f.inside);
        switch (f.ending) {
        case Ending::value:
            break;
        case Ending::failure:
            return World::failure(next_number());
        case Ending::exception:
            World::raise(World::failure(next_number()));
        case Ending::what_it_got:
            return got;
        case Ending::maybe_deferred:
            if (!slots_[f.slot])
                break;
            [[fallthrough]];
        case Ending::deferred:
            return find(f.slot);
        }
        return World::value(next_number());
    }

    void call_canceller(const Function& f, const Handle& d) {
        note("canceller " + std::to_string(f.number));
        perform(f.inside);
        switch (f.ending) {
        case Ending::value:
            World::fire(d, World::value(next_number()));
            break;
        case Ending::failure:
            World::fire(d, World::failure(next_number()));
            break;
        case Ending::exception:
            World::raise(World::failure(next_number()));
        case Ending::what_it_got:
            World::cancel(d);
            break;
        case Ending::maybe_deferred:
            World::fire(d, World::value(next_number()));
            World::raise(World::failure(next_number()));
        case Ending::deferred:
            break;
        }
    }

    // Held by a closure, and destroyed with it.
    class Kept {
      public:
        Kept(Player& player, const Function& f)
            : player_(player), f_(f), d_(f.keeps ? player.slots_[f.slot] : std::nullopt) {}
        Kept(const Kept&) = delete;
        Kept& operator=(const Kept&) = delete;
        ~Kept() {
            if (World::last_words && f_.keeps)
                player_.say_last_words(f_, d_);
        }

      private:
        Player& player_;
        const Function& f_;
        std::optional<Handle> d_;
    };

    std::function<Given(const Value&)> closure(const Function& f) {
        return [this, &f, kept = std::make_shared<Kept>(*this, f)](const Value& got) {
            return call(f, got);
        };
    }
    auto canceller(const Function& f) {
        return [this, &f, kept = std::make_shared<Kept>(*this, f)](const Handle& d) {
            call_canceller(f, d);
        };
    }

    void say_last_words(const Function& f, const std::optional<Handle>& d) {
        if (++performed_ >= enough)
            return;
        perform(f.inside);
        try {
            if (d && f.number % 2 == 0)
                World::cancel(*d);
            else if (d)
                World::fire(*d, World::value(next_number()));
        } catch (...) {
            note("threw " + World::text_of_caught());
        }
    }

    void perform(const Action& action) {
        note(std::string(names.at(static_cast<std::size_t>(action.kind))) + " on " +
             std::to_string(action.slot));
        try {
            attempt(action);
        } catch (...) {
            note("threw " + World::text_of_caught());
        }
        if (const auto& d = slots_[action.slot])
            note(World::called(*d) ? "called" : "not called");
    }

    void attempt(const Action& action) {
        auto& slot = slots_[action.slot];
        if (!slot)
            slot = World::make();
        switch (action.kind) {
        case Kind::make:
            slot = World::make();
            break;
        case Kind::make_with_canceller:
            slot = World::make(canceller(action.functions.at(0)));
            break;
        case Kind::callback:
            return World::fire(*slot, World::value(next_number()));
        case Kind::errback:
            return World::fire(*slot, World::failure(next_number()));
        case Kind::add_callback:
        case Kind::add_errback:
        case Kind::add_callbacks:
        case Kind::add_both:
            return add(*slot, action);
        case Kind::cancel:
            return World::cancel(*slot);
        case Kind::pause:
            return World::pause(*slot);
        case Kind::unpause:
            return World::unpause(*slot);
        case Kind::chain_deferred:
            return World::chain_deferred(*slot, find(action.other));
        case Kind::drop:
            twist::let_go(slot);
            break;
        case Kind::copy:
            slots_[action.other] = slot;
            break;
        case Kind::add_timeout:
            return world_->add_timeout(*slot, action.other);
        case Kind::advance:
            return world_->advance(action.other);
        case Kind::list:
        case Kind::first_success:
        case Kind::gather_results:
            slot = list(action);
            break;
        case Kind::maybe_deferred: {
            const Function& f = action.functions.at(0);
            slot = World::maybe_deferred(f.ending, closure(f), World::value(next_number()));
            break;
        }
        case Kind::coroutine:
            slot = World::start(*this, action);
            break;
        }
    }

    void add(const Handle& d, const Action& action) {
        const Function& f = action.functions.front();
        if (action.kind == Kind::add_callback)
            World::add_callback(d, f.ending, closure(f));
        else if (action.kind == Kind::add_errback)
            World::add_errback(d, f.ending, closure(f));
        else if (action.kind == Kind::add_both)
            World::add_both(d, f.ending, closure(f));
        else
            World::add_callbacks(d, f.ending, closure(f), action.functions.at(1).ending,
                                 closure(action.functions.at(1)));
    }

    Handle list(const Action& action) {
        std::vector<Handle> members;
        for (const std::size_t member : action.members)
            members.push_back(find(member));
        return World::list(action, members, [this](const std::string& results) {
            note("list gave " + results);
            return World::value(next_number());
        });
    }

    Lines lines_;
    std::array<std::optional<Handle>, slots> slots_;
    int performed_ = 0, numbers_ = 0;
    std::optional<World> world_{std::in_place, [this](const std::string& why, std::string what) {
                                    note("reported " + why + ": " + what);
                                }};
};

} // namespace fuzz
