// Lower case for all of Unicode. Stands for Python's str.lower().
#pragma once

#include <string>
#include <string_view>

#include "twist/base/error.hpp"

namespace twist {

/// These bytes are not UTF-8 text. Nothing is guessed or replaced.
struct UnicodeDecodeError : Exception {
    UnicodeDecodeError() : Exception("This is not UTF-8 text.") {}
};

/// `text`, which is UTF-8, with every letter in lower case ("À" becomes "à"), whatever the user's
/// language is. One letter becomes one letter: Python makes two of "İ", and looks whether a "Σ"
/// ends a word; this does not. Throws UnicodeDecodeError.
std::string lower_case(std::string_view text);

} // namespace twist
