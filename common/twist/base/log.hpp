// Reports of errors that nobody handled: a line on stderr, or a call of an observer. Stands for the
// part of twisted.python.log that needs no file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "twist/base/failure.hpp"

namespace twist::log {

/// An error that nobody handled, and where it appeared ("Unhandled error in Deferred").
struct Report {
    std::string why;
    Failure failure;
};

using Observer = std::function<void(const Report&)>;

/// Tells the newest observer, or writes "WHY: [Failure: …]" as one line on stderr. Never throws.
void report(std::string_view why, const Failure& failure) noexcept;

/// An errback that reports its failure as "Unhandled Error", which handles it. (log.err)
void err(const Failure& failure) noexcept;

/// Runs `step()`. What it throws is reported and returned; nothing propagates.
template <class Step>
std::optional<Failure> run_reporting(Step&& step,
                                     std::string_view why = "Unhandled Error") noexcept {
    try {
        std::forward<Step>(step)();
        return {};
    } catch (...) {
        const Failure thrown;
        report(why, thrown);
        return thrown;
    }
}

/// The reason that `step()` returns. What it throws is reported, and is the reason.
template <class Step>
std::optional<Failure> reason_of(Step&& step) noexcept {
    std::optional<Failure> reason;
    if (auto thrown = run_reporting([&] { reason = step(); }))
        return thrown;
    return reason;
}

/// While it lives, the reports of this thread go to `observer` and not to stderr. Redirects nest:
/// the last one made must be the first one destroyed. (addObserver, removeObserver)
class Redirect {
  public:
    explicit Redirect(Observer observer);
    ~Redirect();
    Redirect(const Redirect&) = delete;
    Redirect& operator=(const Redirect&) = delete;
};

} // namespace twist::log
