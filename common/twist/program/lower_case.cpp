#include "twist/program/lower_case.hpp"

#include <algorithm>
#include <locale>
#include <string>

namespace twist {

namespace {

// From UTF-8 to code points and back, in every locale the same. It refuses what is longer than it
// need be, cut off, or beyond the last code point.
using Utf8 = std::codecvt<char32_t, char8_t, std::mbstate_t>;

const Utf8& utf8() {
    return std::use_facet<Utf8>(std::locale::classic());
}

// UTF-16 writes one code point as two of these. UTF-8 does not, and libstdc++ lets them pass.
bool is_half_of_a_pair(char32_t point) {
    return point >= 0xD800 && point <= 0xDFFF;
}

std::u32string decode(std::string_view text) {
    const std::u8string bytes(text.begin(), text.end());
    std::u32string points(bytes.size(), U'\0');
    std::mbstate_t state{};
    const char8_t* read = bytes.data();
    char32_t* written = points.data();
    const auto result = utf8().in(state, read, read + bytes.size(), read, written,
                                  written + points.size(), written);
    points.resize(static_cast<std::size_t>(written - points.data()));
    if (result != std::codecvt_base::ok || std::ranges::any_of(points, is_half_of_a_pair))
        throw UnicodeDecodeError();
    return points;
}

std::string encode(const std::u32string& points) {
    std::u8string bytes(4 * points.size(), u8'\0');
    std::mbstate_t state{};
    const char32_t* read = points.data();
    char8_t* written = bytes.data();
    utf8().out(state, read, read + points.size(), read, written, written + bytes.size(), written);
    return {bytes.data(), written};
}

} // namespace

// The letters are looked up in a locale that has all of them, and is not the user's: in Turkish
// "I" would become "ı".
std::string lower_case(std::string_view text) {
    static const std::locale unicode("C.UTF-8");
    std::u32string points = decode(text);
    for (char32_t& point : points)
        point = static_cast<char32_t>(std::tolower(static_cast<wchar_t>(point), unicode));
    return encode(points);
}

} // namespace twist
