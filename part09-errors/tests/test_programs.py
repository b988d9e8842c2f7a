"""The simulator: what it reads, what it draws, and that it knows how a Deferred behaves.

tests/NAME.pairs is drawn in tests/NAME.expected and tests/NAME-narrow.expected.
"""

import itertools
import os
import random
import re
import signal
import sys
import tempfile
import unicodedata
import unittest
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness
from testing.harness import Running, program, run

HERE = Path(__file__).resolve().parent
SIMULATOR = "part09-errors/deferred-simulator"
NAME = "deferred-simulator"
FIRED = ("callback(initial)", "errback(initial)")
END = ("final result", "unhandled error")
MIDDLE = (8, 27)  # the columns of the two rails, where all words are short


def with_input(path, *options):
    """The words that run the simulator with a file as its standard input."""
    script = 'input=$1; shift; exec "$@" < "$input"'
    return ["/bin/sh", "-c", script, "sh", str(path), str(program(SIMULATOR)), *options]


def simulate(text, *options):
    """Runs the simulator with this text as its standard input."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(text if isinstance(text, bytes) else text.encode())
        file.flush()
        return run(*with_input(file.name, *options))


def in_columns(line):
    """How many columns of a terminal a line takes."""
    return sum(0 if unicodedata.combining(character) else
               2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def predicted(pairs, side):
    """What a Deferred does with these pairs, by items 10 to 17 of SEMANTICS.md: at each level, and
    at the end, on which side it arrives, and with what."""
    word = "initial"
    way = [(side, word)]
    for pair in pairs:
        kind, *value = pair[side].split()
        if kind != "p":
            side, word = int(kind == "f"), value[0]
        way.append((side, word))
    return [(side, word + side * "*") for side, word in way]


def drawn(lines):
    """The same, as a narrow drawing shows it."""
    return [(MIDDLE.index(head.index("▼")), re.sub("[─│┌┐└┘ ]", "", label))
            for label, head in zip(lines, lines[1:]) if head.strip() == "▼"]


class SimulatorCase(unittest.TestCase):
    """The common part of the tests."""

    def assert_good(self, result):
        """It ended normally, and printed nothing on stderr."""
        self.assertEqual((result.error_text, result.status), ("", 0))

    def assert_ways(self, pairs):
        """It draws what a Deferred with these pairs does when fired in both ways."""
        text = "".join(f"{callback} {errback}\n" for callback, errback in pairs)
        result = simulate(text, "--narrow")
        self.assert_good(result)
        for side, drawing in enumerate(result.text.split("\n\n")):
            lines = drawing.splitlines()
            way = predicted(pairs, side)
            self.assertEqual(drawn(lines), way, text)
            self.assertEqual((lines[0].strip(), lines[-1].strip()), (FIRED[side], END[way[-1][0]]))
            heavy = [int(line[0] != "┃") for line in lines if "┃" in line]
            self.assertEqual(heavy, [side for side, _ in way[:-1]], text)


class Ways(SimulatorCase):
    functions = ("r {}", "f {}", "p")

    def pair(self, callback, errback, number):
        """A pair whose values differ from all others."""
        return callback.format(f"c{number}"), errback.format(f"e{number}")

    def test_every_chain_of_two_pairs(self):
        kinds = list(itertools.product(self.functions, repeat=2))
        for first, second in itertools.product(kinds, repeat=2):
            self.assert_ways([self.pair(*first, 1), self.pair(*second, 2)])

    def test_longer_chains(self):
        choice = random.Random(9).choice
        for length in (3, 5, 8, 13, 21, 34):
            self.assert_ways([self.pair(choice(self.functions), choice(self.functions), number)
                              for number in range(length)])

    def test_a_thousand_pairs(self):
        self.assert_ways([self.pair("f {}", "r {}", number) for number in range(1000)])


class Drawings(SimulatorCase):
    def test_they_are_as_expected(self):
        files = sorted(HERE.glob("*.pairs"))
        self.assertGreater(len(files), 5)
        for file, option in itertools.product(files, ("", "-narrow")):
            with self.subTest(file.name, option=option):
                harness.check_output("/bin/sh", with_input(file, *["-" + option] * bool(option))[1:],
                                     HERE / f"{file.stem}{option}.expected")

    def test_six_letters_fit_80_columns_and_half_of_them(self):
        text = "return abcdef fail ghijkl\nf mnopqr r stuvwx\np p\n"
        wide = simulate(text).text.splitlines()
        self.assertEqual(max(map(len, wide)), 78)
        self.assertEqual(max(map(len, simulate(text, "--narrow").text.splitlines())), 36)

    def test_all_boxes_are_in_line(self):
        words = ["x", "sieben7", "achtacht", "dépêche", "e\u0301te\u0301", "诗歌", "🌊" * 9, "a" * 500]
        for word in words:
            with self.subTest(word):
                result = simulate(f"r {word} f {word}\nf {word} r {word}\np p\n")
                self.assert_good(result)
                boxes = [line for line in result.text.splitlines() if line[0] in "┏┌┃╎┗└"]
                self.assertEqual(len({in_columns(line) for line in boxes}), 1)
                self.assertIn(word + "*", result.text)


class Reading(SimulatorCase):
    def assert_same(self, text, other, *options):
        """Both texts give the same drawing, and nothing on stderr."""
        result = simulate(text, *options)
        self.assert_good(result)
        self.assertEqual(result.text, simulate(other, *options).text)

    def test_every_kind_of_pair_has_long_names_too(self):
        self.assert_same("r a f b\nf c r d\np r e\nf g p\np p\n",
                         "return a fail b\nfa c ret d\npass return e\nfail g p\npassthru pa\n")

    def test_blanks_do_not_matter(self):
        self.assert_same("r a f b\n", "  r\ta   f b \r\n")

    def test_an_empty_line_ends_the_chain(self):
        for end in ("\n", "\r\n", "  \t\n"):
            with self.subTest(end):
                self.assert_same("r a p\n" + end + "f b p\nx\n", "r a p\n")

    def test_so_does_the_end_of_input(self):
        self.assert_same("r a p\nf b r c", "r a p\nf b r c\n\n")

    def test_a_chain_may_be_empty(self):
        self.assert_same("", "\n", "--narrow")
        self.assertEqual(drawn(simulate("", "--narrow").text.splitlines()),
                         [(0, "initial"), (1, "initial*")])

    def test_a_value_may_look_like_a_command(self):
        self.assert_ways([("r p", "f f"), ("f r", "r 'r'")])

    def test_a_line_that_is_no_pair_is_named_and_left_out(self):
        none = "not r, f or p"
        mistakes = [("x p", f"the callback is 'x', {none}"),
                    ("p x", f"the errback is 'x', {none}"),
                    ("R a p", f"the callback is 'R', {none}"),
                    ("returns a p", f"the callback is 'returns', {none}"),
                    ("r good bad", f"the errback is 'bad', {none}"),
                    ("r", "the value after 'r' is missing"),
                    ("p fail", "the value after 'fail' is missing"),
                    ("p", "the errback is missing"),
                    ("r good", "the errback is missing"),
                    ("p p p", "'p' is one word too many"),
                    ("r a f b c d", "'c' is one word too many"),
                    (b"r \xff p", "the value after 'r' is not printable UTF-8"),
                    (b"r \xe8\xaf p", "the value after 'r' is not printable UTF-8"),
                    (b"p \x1b[2J", "the errback is not printable UTF-8"),
                    (b"p r a\0b", "the value after 'r' is not printable UTF-8"),
                    (b"p p \x07", "what follows the errback is not printable UTF-8")]
        good = simulate("r a p\nf b p\n")
        for line, message in mistakes:
            with self.subTest(line):
                line = line if isinstance(line, bytes) else line.encode()
                result = simulate(b"r a p\n" + line + b"\nf b p\n")
                self.assertEqual(result.error_text, f"{NAME}: line 2: {message}\n")
                self.assertEqual((result.text, result.status), (good.text, 0))


class Terminal(SimulatorCase):
    @contextmanager
    def at_terminal(self, *options):
        """The simulator, with a terminal to type at."""
        try:
            keyboard, terminal = os.openpty()
        except OSError as error:
            self.skipTest(f"no terminal can be had here: {error}")
        try:
            with Running(*with_input(os.ttyname(terminal), *options)) as simulator:
                yield simulator, keyboard
        finally:
            os.close(terminal)
            os.close(keyboard)

    def test_it_says_what_to_type(self):
        with self.at_terminal() as (simulator, keyboard):
            os.write(keyboard, b"r good f bad\n")
            os.write(keyboard, b"x\n")
            simulator.wait_for_line(f"{NAME}: line 2: .*")
            os.write(keyboard, b"\n")
            result = simulator.result()
        self.assertEqual(result.status, 0)
        self.assertTrue(result.text.startswith("Enter the pairs of a chain"), result.text)
        self.assertTrue(result.text.endswith("\n\n> > > \n" + simulate("r good f bad").text))

    def test_ctrl_d_ends_the_chain(self):
        with self.at_terminal("--narrow") as (simulator, keyboard):
            os.write(keyboard, b"f bad p\n\4")
            result = simulator.result()
        self.assert_good(result)
        self.assertTrue(result.text.endswith("> > \n" + simulate("f bad p", "--narrow").text))

    def test_ctrl_c_ends_it(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), self.at_terminal() as (simulator, keyboard):
                os.write(keyboard, b"x\n")
                simulator.wait_for_line(f"{NAME}: line 1: .*")
                simulator.send(number)
                result = simulator.result()
                self.assertEqual(result.status, 128 + number)
                self.assertNotIn("▼", result.text)


class CommandLine(unittest.TestCase):
    def test_bad_arguments(self):
        for arguments, message in [(("r good f bad",), "No arguments supported."),
                                   (("--narrow", "3"), "No arguments supported."),
                                   (("--wide",), "no such option: --wide")]:
            with self.subTest(arguments):
                result = run(SIMULATOR, *arguments)
                self.assertEqual((result.stdout, result.status), (b"", 2))
                self.assertEqual(result.error_text,
                                 f"Usage: {NAME} [options]\n\n{NAME}: error: {message}\n")

    def test_help(self):
        result = run(SIMULATOR, "--help")
        self.assertEqual((result.stderr, result.status), (b"", 0))
        for words in (f"Usage: {NAME} [options]\n", "r VALUE", "f VALUE", "passthru", "--narrow"):
            self.assertIn(words, result.text)


class Unhandled(unittest.TestCase):
    def test_the_report_is_on_stderr_and_the_status_is_0(self):
        result = run("part09-errors/defer-unhandled")
        self.assertEqual(result.text, "errback got [Failure: Exception: oops]\nFinished\n")
        self.assertEqual(result.error_text,
                         "Unhandled error in Deferred: [Failure: Exception: oops]\n")
        self.assertEqual(result.status, 0)


if __name__ == "__main__":
    harness.main()
