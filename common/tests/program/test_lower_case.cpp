// lower_case: Unicode letters, and invalid UTF-8.
#include <clocale>
#include <string>

#include <doctest/doctest.h>

#include "twist/program/lower_case.hpp"

using namespace twist;

TEST_CASE("It knows every alphabet that has capital letters") {
    CHECK(lower_case("HERE IS MY POEM, 1633.") == "here is my poem, 1633.");
    CHECK(lower_case("Forse perché ... SEI TU? À È Ì Ò Ù") == "forse perché ... sei tu? à è ì ò ù");
    CHECK(lower_case("ΑΒΓ ДЖЯ ÆØÅ ŁŹ Ա") == "αβγ джя æøå łź ա");
    CHECK(lower_case("𐐀") == "𐐨"); // beyond the first 65,536
    CHECK(lower_case("ẞ") == "ß");
}

TEST_CASE("A character without a small letter stays") {
    CHECK(lower_case("").empty());
    CHECK(lower_case("诗 ½ ♥ 🙂 ß") == "诗 ½ ♥ 🙂 ß");
    CHECK(lower_case({"A\0B\x7f", 4}) == std::string("a\0b\x7f", 4));
    CHECK(lower_case("\xEF\xBF\xBF\xF4\x8F\xBF\xBF") == "\xEF\xBF\xBF\xF4\x8F\xBF\xBF");
}

TEST_CASE("One letter stays one letter") {
    CHECK(lower_case("İ") == "i");     // Python: an i and a dot
    CHECK(lower_case("ΣΑΣ") == "σασ"); // Python: σας
}

TEST_CASE("The program's locale does not matter") {
    for (const std::string language : {"C", "C.UTF-8", "tr_TR.UTF-8"}) {
        if (std::setlocale(LC_ALL, language.c_str()) == nullptr)
            MESSAGE("there is no locale ", language, " here to try");
        CHECK(lower_case("TITÀN") == "titàn");
    }
    std::setlocale(LC_ALL, "C");
}

TEST_CASE("Invalid UTF-8 is refused") {
    for (const std::string text : {
             "\x80",                 // begins in the middle
             "\xFF",                 // never a byte of UTF-8
             "\xC3",                 // cut off
             "abc\xE2\x82",          //
             "\xF0\x9F\x99",         //
             "\xC3(",                // wrong continuation
             "\xE2\x82\xC3\x80",     //
             "\xC0\x80",             // longer than necessary
             "\xC1\x81",             //
             "\xE0\x80\x80",         //
             "\xF0\x80\x80\x80",     //
             "\xED\xA0\x80",         // half of a surrogate pair
             "\xED\xBF\xBF",         //
             "\xF4\x90\x80\x80",     // beyond the last code point
             "\xF8\x88\x80\x80\x80", //
         }) {
        CAPTURE(text);
        CHECK_THROWS_AS(lower_case(text), UnicodeDecodeError);
        CHECK_THROWS_AS(lower_case("A" + text + "B"), UnicodeDecodeError);
    }
}
