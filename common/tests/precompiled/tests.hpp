// What most tests of the core include.
#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "twist/deferred/inline_callbacks.hpp"
