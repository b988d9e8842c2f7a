// What most tests of the core include.
#include <doctest/doctest.h>

#include "common/inline_callbacks.hpp"
#include "common/tests/network.hpp"
