// Plays programs with Deferreds and with their model, and compares what happens, step by step.
#include <algorithm>
#include <array>
#include <concepts>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/clock.hpp"
#include "common/deferred.hpp"
#include "common/deferred_list.hpp"
#include "common/error.hpp"
#include "common/failure.hpp"
#include "common/inline_callbacks.hpp"
#include "common/log.hpp"
#include "fuzz/check.hpp"
#include "fuzz/model.hpp"
#include "fuzz/program.hpp"

using namespace fuzz;

namespace {

using Lines = std::vector<std::string>;

constexpr int enough = 200; // actions: a canceller that throws can be called for ever (78)

// Plays one program in one world, and writes down what happens.
template <class World>
class Player {
  public:
    using Handle = typename World::Handle;
    using Value = typename World::Value; // or failure
    using Given = std::variant<Value, Handle>;

    Lines play(const Actions& program) {
        perform(program);
        note("the end");
        for (auto& slot : slots_)
            slot.reset();
        world_.reset();
        return std::move(lines_);
    }

    void note(const std::string& line) { lines_.push_back(line); }

    void perform(const Actions& actions) {
        for (const Action& action : actions)
            if (++performed_ < enough)
                perform(action);
    }

    // The Deferred that is to be given or awaited. Where there is none, one that nobody will fire.
    Handle find(std::size_t slot) const { return slots_[slot] ? *slots_[slot] : World::make(); }

    Value result_of(const Function& f) {
        perform(f.inside);
        const bool fails = f.ending == Ending::failure || f.ending == Ending::exception;
        return fails ? World::failure(next_number()) : World::value(next_number());
    }

  private:
    int next_number() { return ++numbers_; }

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

    std::optional<Handle> kept_by(const Function& f) const {
        return f.keeps ? slots_[f.slot] : std::nullopt;
    }
    std::function<Given(const Value&)> closure(const Function& f) {
        return [this, &f, kept = kept_by(f)](const Value& got) { return call(f, got); };
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
            slot = World::make([this, &f = action.functions.at(0),
                                kept = kept_by(action.functions.at(0))](const Handle& d) {
                call_canceller(f, d);
            });
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
            slot.reset();
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

// The model ---------------------------------------------------------------------------------------

class Model {
  public:
    using Handle = model::Handle;
    using Value = model::Outcome;
    using Closure = model::Function;

    explicit Model(std::function<void(const std::string&, const std::string&)> report) {
        model::report = std::move(report);
    }
    ~Model() { clock_.clear(); }
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    static Value value(int number) { return {false, std::to_string(number)}; }
    static Value failure(int number) { return {true, "Exception: " + std::to_string(number)}; }
    static std::string text(const Value& value) { return value.text; }
    [[noreturn]] static void raise(const Value& failure) { throw model::Thrown{failure.text}; }
    static std::string text_of_caught() {
        try {
            throw;
        } catch (const model::Thrown& thrown) {
            return thrown.text;
        }
    }

    static Handle make(std::function<void(const Handle&)> canceller = nullptr) {
        return model::make(std::move(canceller));
    }
    static void fire(const Handle& d, const Value& value) {
        if (value.failed)
            model::errback(d, value.text);
        else
            model::callback(d, value.text);
    }
    static bool called(const Handle& d) { return d->called; }
    static void add_callback(const Handle& d, Ending, Closure f) {
        model::add(d, {std::move(f), {}});
    }
    static void add_errback(const Handle& d, Ending, Closure f) {
        model::add(d, {{}, std::move(f)});
    }
    static void add_both(const Handle& d, Ending, Closure f) {
        Closure same = f;
        model::add(d, {std::move(f), std::move(same)});
    }
    static void add_callbacks(const Handle& d, Ending, Closure f, Ending, Closure g) {
        model::add(d, {std::move(f), std::move(g)});
    }
    static void cancel(const Handle& d) { model::cancel(d); }
    static void pause(const Handle& d) { model::pause(d); }
    static void unpause(const Handle& d) { model::unpause(d); }
    static void chain_deferred(const Handle& d, const Handle& other) {
        model::chain_deferred(d, other);
    }
    static Handle maybe_deferred(Ending, const Closure& f, const Value& argument) {
        return model::maybe_deferred(f, argument);
    }
    template <class Note>
    static Handle list(const Action& action, const std::vector<Handle>& members, Note note) {
        const Handle d = model::list(members, {action.kind == Kind::first_success,
                                               action.fire_on_one_errback, action.consume_errors});
        model::add(d, {[note](const Value& results) { return note(results.text); }, {}});
        return d;
    }

    static Handle start(Player<Model>& player, const Action& script) {
        const auto body = [&player, &script, next = std::size_t(0)](
                              std::optional<Value> awaited) mutable -> model::Given {
            if (awaited) {
                player.note("awaited " + awaited->text);
                if (awaited->failed && !script.awaits[next - 1].catches)
                    return *awaited;
            }
            if (next == script.awaits.size())
                return player.result_of(script.functions.front());
            const Await& await = script.awaits[next++];
            player.perform(await.before);
            return player.find(await.slot);
        };
        return model::start(body);
    }

    void add_timeout(const Handle& d, std::size_t seconds) { clock_.add_timeout(d, seconds); }
    void advance(std::size_t seconds) { clock_.advance(seconds); }

  private:
    model::Clock clock_;
};

// The real thing ----------------------------------------------------------------------------------

std::string describe(const twist::Failure& failure) {
    if (failure.type() == typeid(twist::FirstError)) {
        const auto error = failure.value<twist::FirstError>();
        return "FirstError: #" + std::to_string(error.index) + " " + describe(error.sub_failure);
    }
    const std::string type = twist::type_name(failure.type());
    return type == "Exception" ? type + ": " + failure.message() : type;
}

std::string describe(const twist::Result<int>& result) {
    return result ? std::to_string(result.value()) : describe(result.failure());
}

std::string describe(const twist::ResultList<int>& results) {
    std::string text;
    for (const auto& result : results)
        text += (text.empty() ? "" : ", ") + describe(result);
    return "[" + text + "]";
}

twist::Deferred<int> routine(auto& player, const Action& script) {
    for (const Await& await : script.awaits) {
        try {
            player.perform(await.before);
            twist::Deferred<int> awaited = player.find(await.slot);
            const int value = co_await awaited;
            player.note("awaited " + std::to_string(value));
        } catch (...) {
            player.note("awaited " + describe(twist::Failure()));
            if (!await.catches)
                throw;
        }
    }
    co_return player.result_of(script.functions.front()).value();
}

class Real {
  public:
    using Handle = twist::Deferred<int>;
    using Value = twist::Result<int>;
    using Given = std::variant<Value, Handle>;
    using Closure = std::function<Given(const Value&)>;

    template <class Report>
    explicit Real(Report report)
        : redirect_(
              [report](const twist::log::Report& it) { report(it.why, describe(it.failure)); }) {}

    static Value value(int number) { return number; }
    static Value failure(int number) {
        return twist::Failure(twist::Exception(std::to_string(number)));
    }
    static std::string text(const Value& value) { return describe(value); }
    [[noreturn]] static void raise(const Value& failure) { failure.failure().raise(); }
    static std::string text_of_caught() { return describe(twist::Failure()); }

    static Handle make(Handle::Canceller canceller = nullptr) {
        return Handle(std::move(canceller));
    }
    static void fire(const Handle& d, const Value& value) {
        if (value)
            d.callback(value);
        else
            d.errback(value.failure());
    }
    static bool called(const Handle& d) { return d.called(); }

    static void add_callback(const Handle& d, Ending ending, Closure f) {
        typed(ending, std::move(f), [&](auto g) { d.add_callback(std::move(g)); });
    }
    static void add_errback(const Handle& d, Ending ending, Closure f) {
        typed(ending, std::move(f), [&](auto g) { d.add_errback(std::move(g)); });
    }
    static void add_both(const Handle& d, Ending ending, Closure f) {
        typed(ending, std::move(f), [&](auto g) { d.add_both(std::move(g)); });
    }
    static void add_callbacks(const Handle& d, Ending ending_f, Closure f, Ending ending_g,
                              Closure g) {
        typed(ending_f, std::move(f), [&](auto typed_f) {
            typed(ending_g, std::move(g),
                  [&](auto typed_g) { d.add_callbacks(std::move(typed_f), std::move(typed_g)); });
        });
    }
    static void cancel(const Handle& d) { d.cancel(); }
    static void pause(const Handle& d) { d.pause(); }
    static void unpause(const Handle& d) { d.unpause(); }
    static void chain_deferred(const Handle& d, const Handle& other) { d.chain_deferred(other); }

    static Handle maybe_deferred(Ending ending, Closure f, const Value& argument) {
        std::optional<Handle> d;
        typed(ending, std::move(f), [&](auto g) { d = twist::maybe_deferred(g, argument); });
        return *d;
    }

    template <class Note>
    static Handle list(const Action& action, const std::vector<Handle>& members, Note note) {
        const twist::ListFlags flags{action.fire_on_one_errback, action.consume_errors};
        if (action.kind == Kind::first_success)
            return twist::first_success(members, flags)
                .add_callback([note](const twist::FirstSuccessOrAll<int>& result) {
                    if (const auto* all = std::get_if<twist::ResultList<int>>(&result))
                        return note(describe(*all));
                    const auto& [value, index] = std::get<twist::FirstSuccess<int>>(result);
                    return note("#" + std::to_string(index) + " " + std::to_string(value));
                });
        if (action.kind == Kind::gather_results)
            return twist::gather_results(members, action.consume_errors)
                .add_callback([note](const std::vector<int>& values) {
                    return note(describe(twist::ResultList<int>(values.begin(), values.end())));
                });
        return twist::deferred_list(members, flags)
            .add_callback(
                [note](const twist::ResultList<int>& all) { return note(describe(all)); });
    }

    static Handle start(auto& player, const Action& script) { return routine(player, script); }

    void add_timeout(const Handle& d, std::size_t seconds) {
        d.add_timeout(twist::Seconds(static_cast<double>(seconds)), clock_);
    }
    void advance(std::size_t seconds) {
        clock_.advance(twist::Seconds(static_cast<double>(seconds)));
    }

  private:
    // Gives `use` the closure with the type that a function with this ending would have.
    template <class Use>
    static void typed(Ending ending, Closure f, Use use) {
        switch (ending) {
        case Ending::value:
        case Ending::exception:
            return use(
                [f = std::move(f)](const Value& got) { return std::get<Value>(f(got)).value(); });
        case Ending::failure:
        case Ending::what_it_got:
            return use([f = std::move(f)](const Value& got) { return std::get<Value>(f(got)); });
        case Ending::deferred:
            return use([f = std::move(f)](const Value& got) { return std::get<Handle>(f(got)); });
        case Ending::maybe_deferred:
            return use([f = std::move(f)](const Value& got) -> std::variant<int, Handle> {
                Given given = f(got);
                if (auto* d = std::get_if<Handle>(&given))
                    return std::move(*d);
                return std::get<Value>(given).value();
            });
        }
    }

    twist::log::Redirect redirect_;
    twist::FakeClock clock_;
};

// Comparing ---------------------------------------------------------------------------------------

// What goes together is reported in any order.
Lines sorted(Lines lines) {
    const auto is_report = [](const std::string& line) { return line.starts_with("reported"); };
    for (auto from = lines.begin(); from != lines.end();) {
        from = std::find_if(from, lines.end(), is_report);
        const auto to = std::find_if_not(from, lines.end(), is_report);
        std::sort(from, to);
        from = to;
    }
    return lines;
}

void print(const char* title, const Lines& lines) {
    std::cerr << "\n--- " << title << '\n';
    for (const std::string& line : lines)
        std::cerr << line << '\n';
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Actions program = Reader({data, size}).program();
    const Lines expected = sorted(Player<Model>().play(program));
    if (model::undo_rings())
        return -1; // would leak, as it should
    const Lines seen = sorted(Player<Real>().play(program));
    if (seen == expected)
        return 0;
    const auto differs = std::ranges::mismatch(seen, expected);
    print("alike", {seen.begin(), differs.in1});
    print("Deferred", {differs.in1, seen.end()});
    print("the model", {differs.in2, expected.end()});
    std::abort();
}
