// Small letters for all of Unicode. Stands for Python's str.lower().
#pragma once

#include <string>
#include <string_view>

#include "twist/base/error.hpp"

namespace twist {

/// These bytes are no UTF-8 text. Nothing is guessed, and nothing replaced.
struct UnicodeDecodeError : Exception {
    UnicodeDecodeError() : Exception("This is no UTF-8 text.") {}
};

/// `text`, which is UTF-8, with every letter small ("À" becomes "à"), whatever the user's language
/// is. One letter becomes one letter: where Python makes two of "İ", or looks whether a "Σ" ends
/// its word, this does not. Throws UnicodeDecodeError.
std::string lower_case(std::string_view text);

} // namespace twist
