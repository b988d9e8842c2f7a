// Plays programs whose closures act in their destructors: such a closure repeats its actions, and
// cancels or fires the Deferred that it held. The order of destruction is not defined, so there is
// no model: the program must only not touch destroyed objects.
#include "fuzz/check.hpp"
#include "fuzz/player.hpp"
#include "fuzz/program.hpp"
#include "fuzz/real.hpp"

namespace {

struct Eloquent : fuzz::Real {
    using Real::Real;
    static constexpr bool last_words = true;
};

} // namespace

// Cycles leak, as they should (64).
extern "C" const char* __asan_default_options() {
    return "detect_leaks=0";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fuzz::Actions program = fuzz::Reader({data, size}).program();
    fuzz::Player<Eloquent>().play(program);
    return 0;
}
