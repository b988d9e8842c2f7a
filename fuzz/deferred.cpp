// Plays programs with Deferreds and with their model, and compares the events, step by step.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fuzz/check.hpp"
#include "fuzz/model.hpp"
#include "fuzz/player.hpp"
#include "fuzz/program.hpp"
#include "fuzz/real.hpp"

using namespace fuzz;

namespace {

// The model ---------------------------------------------------------------------------------------

class Model {
  public:
    using Handle = model::Handle;
    using Value = model::Outcome;
    using Closure = model::Function;
    static constexpr bool last_words = false;

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

// Comparing ---------------------------------------------------------------------------------------

// Objects that are destroyed together may report in any order.
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
        return -1; // it would leak, as it should
    const Lines seen = sorted(Player<Real>().play(program));
    if (seen == expected)
        return 0;
    const auto differs = std::ranges::mismatch(seen, expected);
    print("alike", {seen.begin(), differs.in1});
    print("Deferred", {differs.in1, seen.end()});
    print("the model", {differs.in2, expected.end()});
    std::abort();
}
