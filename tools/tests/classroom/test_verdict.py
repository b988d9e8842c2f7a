"""The verdict on a program that a sanitizer or the standard library ended."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from classroom import verdict

MISTAKES = """
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

int mistake(const std::string& name) {
    std::vector<int> numbers{1, 2, 3};
    std::optional<int> nothing;
    if (name == "changed") {
        for (int number : numbers)
            numbers.push_back(number);
    } else if (name == "out of bounds") {
        return numbers[numbers.size()];
    } else if (name == "empty optional") {
        return *nothing;
    } else if (name == "null") {
        std::unique_ptr<std::vector<std::string>> none;
        return static_cast<int>(none->size());
    } else if (name == "freed") {
        auto number = std::make_unique<int>(4);
        const int& same = *number;
        number.reset();
        return same;
    } else if (name == "leak") {
        static_cast<void>(*new std::string(1000, 'x'));
    } else if (name == "overflow") {
        return 0x7fffffff + numbers[0];
    } else if (name == "thrown") {
        throw std::runtime_error("no poem");
    }
    return 0;
}

int main(int, char* arguments[]) {
    mistake(arguments[1]);
}
"""


class Mistakes(unittest.TestCase):
    """Each mistake is reported in words, with the place in the learner's file."""

    @classmethod
    def setUpClass(cls):
        place = Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "my"
        place.mkdir()
        (place / "mistakes.cpp").write_text(MISTAKES, encoding="utf-8")
        cls.program = place / "mistakes"
        subprocess.run(["c++", "-std=c++20", "-g1", "-fsanitize=address,undefined",
                        "-fno-sanitize=null,alignment", "-D_GLIBCXX_DEBUG",
                        place / "mistakes.cpp", "-o", cls.program], check=True)

    def told(self, name, message, line):
        """The verdict on one of them."""
        given = verdict.run([self.program, name], "en")
        self.assertFalse(given.passed)
        self.assertEqual(given.message, message)
        self.assertIn(f"/mistakes.cpp:{MISTAKES[:MISTAKES.index(line)].count(chr(10)) + 1}",
                      " ".join(given.details))
        return given

    def test_a_container_is_changed(self):
        self.told("changed", "An iterator is used after its container was changed: attempt "
                  "to increment a singular iterator", "for (int number")

    def test_out_of_bounds(self):
        self.told("out of bounds", "The standard library does not allow this: attempt to subscript "
                  "container with out-of-bounds index 3, but container only holds 3 elements",
                  "return numbers[numbers.size()]")

    def test_an_empty_optional(self):
        self.told("empty optional", "The standard library does not allow this: "
                  "this->_M_is_engaged()", "return *nothing")

    def test_null(self):
        self.told("null", "A null pointer is used: it points to nothing.", "return static_cast<int>")

    def test_freed(self):
        self.told("freed", "Memory is used after it was freed (heap-use-after-free)", "return same")

    def test_a_leak(self):
        self.told("leak", "Something is never destroyed: it owns itself, or nobody fired it.",
                  "static_cast<void>(*new")

    def test_overflow(self):
        self.told("overflow", "The language does not define what this does: signed integer overflow: "
                  "1 + 2147483647 cannot be represented in type 'int'", "return 0x7fffffff")

    def test_an_exception_that_nobody_catches(self):
        given = self.told("thrown", "The program crashed.", "throw std::runtime_error")
        self.assertEqual(given.details[:2], [
            "terminate called after throwing an instance of 'std::runtime_error'",
            "  what():  no poem"])

    def test_nothing_is_wrong(self):
        given = verdict.run([self.program, "nothing"], "en")
        self.assertEqual(given.message, "The program exited in the middle of the check.")


if __name__ == "__main__":
    unittest.main()
