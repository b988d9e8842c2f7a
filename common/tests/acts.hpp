// For the tests that do everything in every place: what their acts have in common.
#pragma once

#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>

#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

namespace twist {

/// What an act throws.
struct Boom : Exception {
    Boom() : Exception("boom") {}
};

/// How many of these `reports`, one a line, are of a Boom.
inline int count_booms(const std::string& reports) {
    int booms = 0;
    std::istringstream lines(reports);
    for (std::string line; std::getline(lines, line);)
        booms += line.ends_with("[Failure: Boom: boom]") ? 1 : 0;
    return booms;
}

/// Calls `f`, which may say that this can't be done now.
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

/// Of many combinations only one in so many is tried; with TWIST_FULL in the environment, all are.
inline unsigned one_in(unsigned many) {
    return std::getenv("TWIST_FULL") != nullptr ? 1 : many;
}

} // namespace twist
