// How to drop what a destructor may come back for.
#pragma once

#include <utility>

namespace twist {

/// Empties `held`, a closure, a handle or a container, and lets go of what was in it: in this
/// order. What goes may call anything, and must meet a `held` that is empty. In the middle of a
/// reset(), a clear() or an assignment the standard libraries do not agree on what it would meet.
template <class T>
void let_go(T& held) {
    const T last_words = std::exchange(held, T());
}

} // namespace twist
