"""Diffs are applied strictly."""

import unittest

from classroom.patch import PatchError, apply, hunks, lines_of

OLD = "one\ntwo\nthree\n\nfour\nfive\n"


def applied(diff, old=OLD):
    """What a diff makes of a text."""
    return "".join(apply(hunks(lines_of(diff)), lines_of(old)))


class Applying(unittest.TestCase):
    """The lines must be where the diff says, or in exactly one other place."""

    def refused(self, message, diff, old=OLD):
        """The diff is refused, with a message like this."""
        with self.assertRaisesRegex(PatchError, message):
            applied(diff, old)

    def test_exact(self):
        self.assertEqual(applied("@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"),
                         OLD.replace("two", "2"))

    def test_several_hunks(self):
        diff = "@@ -1,2 +1,3 @@\n one\n+1.5\n two\n@@ -5,2 +6 @@\n four\n-five\n"
        self.assertEqual(applied(diff), "one\n1.5\ntwo\nthree\n\nfour\n")

    def test_moved(self):
        for start in (1, 3, 99):
            self.assertEqual(applied(f"@@ -{start},2 +2,2 @@\n-two\n+2\n three\n"),
                             OLD.replace("two", "2"))

    def test_the_stated_place_comes_first(self):
        self.assertEqual(applied("@@ -3 +3 @@\n-x\n+y\n", "x\na\nx\n"), "x\na\ny\n")

    def test_ambiguous(self):
        self.refused("'x' is not in line 2, but in several others: 1, 3",
                     "@@ -2 +2 @@\n-x\n+y\n", "x\na\nx\n")

    def test_a_hunk_comes_after_the_one_before(self):
        diff = "@@ -3 +3 @@\n-three\n+3\n@@ -1 +1 @@\n-one\n+1\n"
        self.refused("there is no line 'one'$", diff)

    def test_it_does_not_apply(self):
        self.refused("there is no line 'deux' after 'one'$",
                     "@@ -1,3 +1,2 @@\n one\n-deux\n three\n")
        self.refused("there is no line 'zero'$", "@@ -1,2 +1 @@\n-zero\n one\n")
        self.refused("there is no line 'six' after 'five'$", "@@ -6,2 +6 @@\n five\n-six\n")
        self.refused("there is no line 'one'$", "@@ -1 +1 @@\n- one\n+1\n")  # to the blank

    def test_context_that_has_changed(self):
        self.refused("no line 'trois' after 'two'", "@@ -2,2 +2,2 @@\n-two\n+2\n trois\n")

    def test_an_empty_line_of_context(self):
        for blank in (" ", ""):
            self.assertEqual(applied(f"@@ -3,2 +3,2 @@\n-three\n+3\n{blank}\n"),
                             OLD.replace("three", "3"))

    def test_no_newline_at_the_end(self):
        mark = "\\ No newline at end of file\n"
        with_mark = f"@@ -2 +2 @@\n-b\n{mark}+c\n{mark}"
        self.assertEqual(applied(with_mark, "a\nb"), "a\nc")
        self.assertEqual(applied(f"@@ -2 +2 @@\n-b\n{mark}+b\n", "a\nb"), "a\nb\n")
        self.assertEqual(applied(f"@@ -1,2 +1 @@\n-a\n b\n{mark}", "a\nb"), "b")
        self.refused("there is no line 'b'", with_mark, "a\nb\n")
        self.refused("there is no line 'b'", "@@ -2 +2 @@\n-b\n+c\n", "a\nb")

    def test_only_a_newline_ends_a_line(self):
        self.assertEqual(applied("@@ -1 +1 @@\n-a\u2028b\x0c\n+c\n", "a\u2028b\x0c\n"), "c\n")

    def test_what_is_no_diff(self):
        for message, diff in [("no hunk", ""), ("not a line of a diff: 'hello'", "hello\n"),
                              ("not a line of a diff: 'x'", "@@ -1 +1 @@\n-one\nx\n"),
                              ("line 1 has another number", "@@ -1,2 +1 @@\n-one\n+1\n"),
                              ("line 2 has another number",
                               "@@ -1 +1 @@\n-one\n+1\n@@ -2 +2,2 @@\n-two\n+2\n"),
                              ("line 0 has another number", "@@ -0,0 +1 @@\n+one\n")]:
            with self.subTest(diff):
                self.refused(message, diff)


if __name__ == "__main__":
    unittest.main()
