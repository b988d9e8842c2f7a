// The world in which a program runs with real Deferreds, to be compared with the model.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fuzz/program.hpp"
#include "twist/async/timeout.hpp"
#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/base/log.hpp"
#include "twist/base/result.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/deferred_list.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/fake_clock.hpp"

namespace fuzz {

inline std::string describe(const twist::Failure& failure) {
    if (failure.type() == typeid(twist::FirstError)) {
        const auto error = failure.value<twist::FirstError>();
        return "FirstError: #" + std::to_string(error.index) + " " + describe(error.sub_failure);
    }
    const std::string type = twist::type_name(failure.type());
    return type == "Exception" ? type + ": " + failure.message() : type;
}

inline std::string describe(const twist::Result<int>& result) {
    return result ? std::to_string(result.value()) : describe(result.failure());
}

inline std::string describe(const twist::ResultList<int>& results) {
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

/// The world of twist::Deferred.
class Real {
  public:
    using Handle = twist::Deferred<int>;
    using Value = twist::Result<int>;
    using Given = std::variant<Value, Handle>;
    using Closure = std::function<Given(const Value&)>;
    static constexpr bool last_words = false;

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
        twist::add_timeout(d, twist::Seconds(static_cast<double>(seconds)), clock_);
    }
    void advance(std::size_t seconds) {
        clock_.advance(twist::Seconds(static_cast<double>(seconds)));
    }

  private:
    // Passes `use` the closure, with the type of a function with this ending.
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

} // namespace fuzz
