"""Output is compared with the expected lines."""

import unittest

from house.matching import END, first_difference


class Matching(unittest.TestCase):
    """first_difference, with one letter for each line."""

    def assert_same(self, expected, got):
        self.assertIsNone(first_difference(expected.split(" "), got.split(" ")))

    def assert_differs(self, expected, got, *difference):
        self.assertEqual(first_difference(expected.split(" "), got.split(" ")), difference)

    def test_without_elision(self):
        self.assert_same("a b c", "a b c")
        self.assert_differs("a b c", "a x c", "b", "x")
        self.assert_differs("a b c", "a b", "c", END)
        self.assert_differs("a b", "a b c", END, "c")
        self.assertIsNone(first_difference([], []))
        self.assertEqual(first_difference([], ["a"]), (END, "a"))

    def test_any_lines(self):
        self.assert_same("...", "a b c")
        self.assert_same("...", "")
        self.assert_same("a ... c", "a c")
        self.assert_same("a ... c", "a b b c c")
        self.assert_same("... b ...", "a b c")
        self.assert_same("a ... b c ... d", "a b x b c d")
        self.assert_same("a ...", "a")

    def test_any_lines_do_not_match_everything(self):
        self.assert_differs("a ... c", "x b c", "a", "x")
        self.assert_differs("a ... c", "a b d", "c", "d")
        self.assert_differs("a ... a", "a", "a", END)
        self.assert_differs("a ... b c ... d", "a b x b y d", "c", "x")
        self.assert_differs("... b ... b ...", "a b c", "b", "c")
        self.assert_differs("... x y", "a b y", "x", "b")

    def test_what_changes_from_run_to_run(self):
        for expected, got in [
                ("Got 3 poems in 0:00:01.234567", "Got 3 poems in 0:00:22.000001"),
                ("in 0:00:01", "in 0:00:01.5"),
                ("at 127.0.0.1:40000 wants", "at 127.0.0.1:51234 wants"),
                ("at [::1]:40000 wants", "at [::1]:51234 wants"),
                ("2026-01-01 10:00:00+0000 [-] up", "2027-12-31 23:59:59+0200 [-] up"),
                ("blanks at the end", "blanks at the end  ")]:
            with self.subTest(expected):
                self.assertIsNone(first_difference([expected], [got]))

    def test_what_does_not(self):
        for expected, got in [
                ("Got 3 poems in 0:00:01.2", "Got 2 poems in 0:00:01.2"),
                ("at 127.0.0.1:10001 wants", "at 127.0.0.1:10002 wants"),
                ("at 127.0.0.1:10001 wants", "at 127.0.0.1:51234 wants"),
                ("stack at reactor.cpp:107", "stack at reactor.cpp:108"),
                ("653 bytes", "654 bytes")]:
            with self.subTest(expected):
                self.assertEqual(first_difference([expected], [got]), (expected, got))

    def test_blank_lines_at_the_end_do_not_count(self):
        self.assertIsNone(first_difference(["a"], ["a", "", ""]))
        self.assertIsNone(first_difference(["a", ""], ["a"]))


if __name__ == "__main__":
    unittest.main()
