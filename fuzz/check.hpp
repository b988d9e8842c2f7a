// The code that all fuzzers here share.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// Tries one input. Aborts if it finds an error. Returns 0, or -1 for an input that is not worth
/// keeping. (libFuzzer's name and meaning.)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

/// Aborts with the message `what` unless `holds`.
inline void check(bool holds, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "\nThis does not hold: %s\n", what);
    std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

} // namespace fuzz
