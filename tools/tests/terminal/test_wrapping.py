"""Lines are wrapped."""

import subprocess
import unittest

from terminal.wrapping import rows, width, wrapped, wrapped_command


class Wrapping(unittest.TestCase):
    """wrapped splits a line."""

    def test_between_words(self):
        self.assertEqual(wrapped("one two three", 8), ["one two", "three"])
        self.assertEqual(wrapped("one two three", 13), ["one two three"])
        self.assertEqual(wrapped("", 8), [""])
        self.assertEqual(wrapped("a/path/that/is/long and more", 10),
                         ["a/path/that/is/long", "and more"])

    def test_under_the_text(self):
        self.assertEqual(wrapped("  one two three", 11), ["  one two", "  three"])
        for mark in ("- ", "  > ", "12. ", "  ✗ ", "$ "):
            first, second = wrapped(f"{mark}one two three", len(mark) + 7)
            self.assertEqual((first, second), (f"{mark}one two", " " * len(mark) + "three"))
        self.assertEqual(wrapped("./tour list   one two three", 21),
                         ["./tour list   one two", "three"])  # the column is too far to the right
        self.assertEqual(wrapped("./tour   one two three four", 18),
                         ["./tour   one two", "         three", "         four"])

    def test_chinese(self):
        self.assertEqual(width("诗 poem，"), 9)
        self.assertEqual(width("e\u0301"), 1)
        self.assertEqual(wrapped("诗从哪里来", 4), ["诗从", "哪里", "来"])
        self.assertEqual(wrapped("诗从哪里来", 5), ["诗从", "哪里", "来"])
        self.assertEqual(wrapped("诗从，哪里", 4), ["诗", "从，", "哪里"])
        self.assertEqual(wrapped("说“诗从”来", 6), ["说“诗", "从”来"])
        self.assertEqual(wrapped("诗（从）来", 4), ["诗", "（从）", "来"])
        self.assertEqual(wrapped("用 `call_later` 让诗来", 16), ["用 `call_later`", "让诗来"])
        self.assertEqual(wrapped("用call_later让", 12), ["用call_later", "让"])

    def test_nothing_is_lost(self):
        text = "- 如果 `call_later`（超时）不来，the poem is never “there”。 Got N poems."
        for across in range(4, 80):
            lines = wrapped(text, across)
            self.assertEqual("".join(lines).replace(" ", ""), text.replace(" ", ""))
            for line in lines:
                self.assertFalse(line.strip()[0] in "，。”）…", line)

    def test_a_command_can_be_pasted(self):
        command = "  $ printf '%s %s %s\\n' 'a  b' c \"d e\" f | cat - | cat"
        for across in range(12, 50):
            lines = wrapped_command(command, across)
            self.assertTrue(all(line.endswith(" \\") for line in lines[:-1]))
            pasted = "\n".join(lines).strip().lstrip("$ ")
            self.assertEqual(subprocess.run(["sh", "-c", pasted], stdout=subprocess.PIPE,
                                            check=True).stdout, b"a  b c d e\nf  \n")
        self.assertEqual(wrapped_command("  $ echo 'a b", 8), ["  $ echo 'a b"])

    def test_a_command_of_ours_stays_whole(self):
        self.assertEqual(wrapped("Then: ./tour solution 4/my-one --give-up.", 20),
                         ["Then:", "./tour solution 4/my-one --give-up."])
        self.assertEqual(wrapped("Then: ./tour check 4/my-one says more.", 36),
                         ["Then: ./tour check 4/my-one says", "more."])

    def test_rows(self):
        self.assertEqual([rows("x" * size, 10) for size in (0, 1, 10, 11, 20, 21)],
                         [1, 1, 1, 2, 2, 3])
        self.assertEqual(rows("诗" * 6, 10), 2)
        self.assertEqual(rows("\x1b[31m" + "x" * 10 + "\x1b[0m", 10), 1)
        self.assertEqual(rows("\tx", 8), 2)


if __name__ == "__main__":
    unittest.main()
