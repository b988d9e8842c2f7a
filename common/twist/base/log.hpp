// Where the errors go that nobody handled. Stands for the part of twisted.python.log that needs no
// file: everything is a line on stderr, unless somebody redirects it (log_file.hpp does).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "twist/base/failure.hpp"

namespace twist::log {

/// One error that nobody handled, and where it came up ("Unhandled error in Deferred").
struct Report {
    std::string why;
    Failure failure;
};

using Observer = std::function<void(const Report&)>;

/// Tells the newest observer, or writes "WHY: [Failure: …]" as one line on stderr. Never throws.
void report(std::string_view why, const Failure& failure) noexcept;

/// An errback that reports its failure as "Unhandled Error" and clears it: Twisted's log.err.
void err(const Failure& failure) noexcept;

/// Runs `step()`. What it throws is reported and goes no further; it is given to the caller, too.
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

/// While it lives, reports go to `observer` and not to stderr: Twisted's addObserver and
/// removeObserver in one. Observers nest; they must go in the reverse order of their coming.
class Redirect {
  public:
    explicit Redirect(Observer observer);
    ~Redirect();
    Redirect(const Redirect&) = delete;
    Redirect& operator=(const Redirect&) = delete;
};

} // namespace twist::log
