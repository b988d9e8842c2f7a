// For the tests that try every act in every place: what their acts share.
#pragma once

#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>

#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

namespace twist {

/// Thrown by an act.
struct Boom : Exception {
    Boom() : Exception("boom") {}
};

/// How many of these `reports`, one a line, are about a Boom.
inline int count_booms(const std::string& reports) {
    int booms = 0;
    std::istringstream lines(reports);
    for (std::string line; std::getline(lines, line);)
        booms += line.ends_with("[Failure: Boom: boom]") ? 1 : 0;
    return booms;
}

/// Calls `f`; an exception other than Boom means that the call is refused now, and is ignored.
template <class F>
void unless_refused(F f) {
    try {
        f();
    } catch (const Boom&) {
        throw;
    } catch (const std::exception&) {
    }
}

inline void fire(const Deferred<int>& deferred) {
    if (!deferred.called())
        deferred.callback(1);
}

/// Of many combinations only one in `many` is tried; all, if TWIST_FULL is in the environment.
inline unsigned one_in(unsigned many) {
    return std::getenv("TWIST_FULL") != nullptr ? 1 : many;
}

} // namespace twist
