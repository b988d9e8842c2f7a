"""Demos and console blocks are read."""

import signal
import unittest

from programs.script import Kind, ScriptError, read_demo, read_readme


class Demo(unittest.TestCase):
    """read_demo: sections of steps."""

    def steps(self, *lines):
        return read_demo("\n".join(["# Part 1: a title", *lines]))[0].steps

    def test_the_kinds_of_lines(self):
        steps = self.steps("# narration", "", "$ server --port 10001 &", "$ client 10001",
                           "! notice this")
        self.assertEqual([(step.line, step.kind, step.text) for step in steps],
                         [(2, Kind.COMMENT, "narration"),
                          (4, Kind.BACKGROUND, "server --port 10001"),
                          (5, Kind.COMMAND, "client 10001"),
                          (6, Kind.NOTICE, "notice this")])

    def test_status(self):
        good, bad = self.steps("$ client 1", "$ client 2  # status 1")
        self.assertEqual((good.status, bad.status, bad.text), (0, 1, "client 2"))

    def test_kill(self):
        steps = self.steps("$ kill %1", "$ kill -INT %2", "$ kill -9 %1", "$ kill 17")
        self.assertEqual([(step.kind, step.job, step.signal) for step in steps[:3]],
                         [(Kind.KILL, 1, signal.SIGTERM), (Kind.KILL, 2, signal.SIGINT),
                          (Kind.KILL, 1, signal.SIGKILL)])
        self.assertEqual(steps[3].kind, Kind.COMMAND)

    def test_and_is_not_background(self):
        self.assertEqual(self.steps("$ a & b")[0].kind, Kind.COMMAND)

    def test_headings_begin_sections(self):
        sections = read_demo("# Parts 1 and 2: one\n$ a\n# Part 7: seven\n$ b\n# Parts 8-9: more\n")
        self.assertEqual([(section.numbers, section.title, len(section.steps))
                          for section in sections],
                         [([1, 2], "one", 1), ([7], "seven", 1), ([8, 9], "more", 0)])

    def test_a_title_without_a_number(self):
        section = read_demo("# just a title\n# Party 5: no heading\n$ a\n")[0]
        self.assertEqual((section.numbers, section.title, len(section.steps)),
                         ([], "just a title", 2))

    def test_errors(self):
        for line, text in [(1, ""), (1, "$ a\n"), (3, "# Part 1: one\n$ a\nb\n"),
                           (2, "# Part 1: one\n$ kill -FROB %1"), (21, "# Part 1: one\n" * 21)]:
            with self.subTest(text), self.assertRaises(ScriptError) as caught:
                read_demo(text)
            self.assertEqual(caught.exception.line, line)


class Readme(unittest.TestCase):
    """read_readme: the console blocks, and nothing else."""

    def test_blocks(self):
        blocks = read_readme("# Title\n\n```console\n$ a\none\n\ntwo\n$ b &\n```\n\n"
                             "```sh\n$ not this\n```\n```console\n# why\n$ c\n[status 1]\n```\n")
        self.assertEqual([block.line for block in blocks], [3, 14])
        first, second = blocks[0].steps
        self.assertEqual((first.line, first.expected, first.status), (4, ["one", "", "two"], 0))
        self.assertEqual((second.kind, second.expected), (Kind.BACKGROUND, []))
        comment, failing = blocks[1].steps
        self.assertEqual((comment.kind, failing.expected, failing.status), (Kind.COMMENT, [], 1))

    def test_output_that_looks_like_something_else(self):
        step = read_readme("```console\n$ a\n! no notice\n[status 1]\nlast\n```\n")[0].steps[0]
        self.assertEqual((step.expected, step.status), (["! no notice", "[status 1]", "last"], 0))

    def test_kill_is_a_command_like_any_other(self):
        step = read_readme("```console\n$ a &\n$ kill %1\n```")[0].steps[1]
        self.assertEqual((step.kind, step.text, step.status), (Kind.COMMAND, "kill %1", 0))

    def test_ctrl_c(self):
        for lines, before, expected, status in [
                ("one\n^C", 1, ["one"], None), ("^C", 0, [], None),
                ("one\n^Ctwo\nthree", 1, ["one", "two", "three"], None),
                ("^C\n[status 130]", 0, [], 130), ("^C\n[status 0]", 0, [], 0)]:
            step = read_readme(f"```console\n$ a\n{lines}\n```")[0].steps[0]
            self.assertEqual((step.before_ctrl_c, step.expected, step.status),
                             (before, expected, status))
        self.assertIsNone(read_readme("```console\n$ a\none ^C\n```")[0].steps[0].before_ctrl_c)

    def test_indented_blocks_and_longer_fences(self):
        text = ("- item:\n\n  ```console\n  $ a\n    one\n\n  ```\n"
                "````md\n```console\n$ no\n```\n````\n")
        blocks = read_readme(text)
        self.assertEqual([step.expected for block in blocks for step in block.steps],
                         [["  one", ""]])

    def test_errors(self):
        for line, text in [(2, "```console\noutput\n```\n"), (1, "```console\n$ a\n"),
                           (3, "```console\n# why\noutput\n```")]:
            with self.subTest(text), self.assertRaises(ScriptError) as caught:
                read_readme(text)
            self.assertEqual(caught.exception.line, line)


if __name__ == "__main__":
    unittest.main()
