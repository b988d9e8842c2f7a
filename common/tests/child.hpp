// For tests: a child process.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace twist {

/// Calls `f` in a child and waits for its end. Returns the result of `f`, 0 to 254; 255 if it
/// throws. Checks inside `f` have no effect.
template <class F>
int in_a_child(F f) {
    const pid_t child = ::fork();
    REQUIRE(child != -1);
    if (child == 0) {
        try {
            ::_exit(f());
        } catch (...) {
            ::_exit(255);
        }
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

} // namespace twist
