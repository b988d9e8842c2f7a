// Dropping a value whose destructor may call the object that holds it.
#pragma once

#include <utility>

namespace twist {

/// Empties `held`, a closure, a handle or a container, and then destroys what was in it. A
/// destructor may call anything, and must find `held` empty. In the middle of a reset(), a clear()
/// or an assignment the standard libraries differ in what it would find.
template <class T>
void let_go(T& held) {
    const T last_words = std::exchange(held, T());
}

} // namespace twist
