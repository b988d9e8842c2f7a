// Plays programs whose closures have last words: when one goes, it does once more what it did, and
// cancels or fires what it held. In which order all goes is nobody's business, so there is no
// model: nothing may touch what has gone.
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

// Rings leak, as they should (64).
extern "C" const char* __asan_default_options() {
    return "detect_leaks=0";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fuzz::Actions program = fuzz::Reader({data, size}).program();
    fuzz::Player<Eloquent>().play(program);
    return 0;
}
