"""./tour predict, with programs in Python; tests/test_predictions.py uses the real ones."""

import os
import unittest

from terminal.language import language
from tests.fixture import Repository
from tour.predict import find_puzzles, parting, shuffled
from tour.predict_texts import TEXTS

TALE = """
import sys
print("Once", flush=True)
print("  upon", file=sys.stderr, flush=True)
print(" ".join(sys.argv[1:]))
print("a time")
sys.exit(3)
"""
IN_SECONDS = """
import sys
if "--help" in sys.argv:
    sys.exit("--speed SPEED")
print(" ".join(sys.argv[1:]))
print("end")
"""
COMMENT = "// defer-1 - a tale. Answers\n// the-original.py\nint main() {}\n"
RIGHT = "Once\n  upon\n\na time\n"
FREE = """
print("defer-2: AlreadyCalledError: Once is enough.")
print("got [Failure: FirstError: #0: [Failure: Exception: oops]]")
print("errback [Failure: Exception: oops]")
print("Unhandled error in Deferred: [Failure: CancelledError]")
"""
PRAISE = "Right, line for line. Well predicted!\n"


class Predict(Repository):
    """A small repository with two parts, and the answers to predictions."""

    def setUp(self):
        super().setUp()
        self.part("part07-tales", readme="# Part 7: Tales\n", defer_1=COMMENT, other=COMMENT)
        self.part("part17-more", gen_2="// gen-2 - more\n// and more. A step of our own\n")
        for name in ("07-tales/defer-1", "07-tales/defer-1-ending-2", "07-tales/other",
                     "07-tales/tests/defer-3", "17-more/gen-2"):
            self.write(f"part{name}.expected", "not what it prints\n")
        self.program("build/part07-tales/defer-1", TALE)
        self.program("build/part17-more/gen-2", IN_SECONDS)

    def predict(self, *words, typed="", **settings):
        """Predicts; returns the status and the output after the program."""
        done = self.tour("predict", *words, typed=typed, **{"LC_ALL": "C", **settings})
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.rpartition("the form.\n\n")[2]

    def assert_parts(self, typed, *lines):
        """Fails unless the prediction is called wrong, after the lines up to the difference."""
        self.assertEqual(self.predict("7/defer-1", typed=typed),
                         (1, "\n".join(["It prints:", *lines, ""])))

    def test_list(self):
        for words in ([], ["--help"]):
            self.assertRegex(self.tour("predict", *words, LC_ALL="C").stdout,
                             r"^Part 7: Tales\n"
                             r"  7/defer-1             a tale\n"
                             r"  7/defer-1 --ending 2\n"
                             r"Part 17: A title\n"
                             r"  17/gen-2              more and more\n\n\./tour predict 7/defer-4")

    def test_what_is_shown(self):
        shown = self.tour("predict", "7/defer-1", "--ending=2", LC_ALL="C").stdout
        self.assertRegex(shown, r"^7/defer-1 --ending 2 +part07-tales/defer-1\.cpp\n=+\n"
                                r"   1  // defer-1 - a tale\. Answers\n(?:.*\n)"
                                r"   3  int main\(\) \{\}\n\n"
                                r"  \$ build/part07-tales/defer-1 --ending 2\n\nWhat will it print")

    def test_right(self):
        for typed in (RIGHT, RIGHT[:-1], RIGHT + ".\nafter the end\n", RIGHT + "。\n",
                      RIGHT.replace("\n", " \t\r\n"), RIGHT + "[status 3]\n"):
            self.assertEqual(self.predict("7/defer-1", typed=typed), (0, PRAISE), typed)

    def test_wrong(self):
        self.assert_parts("Twice\n", "   1  Once", "",
                          'Line 1 differs: it prints "Once", you predicted "Twice".')
        self.assert_parts("Once\nupon\n", "   1  Once", "   2    upon", "",
                          'Line 2 differs: it prints "  upon", you predicted "upon".')
        self.assert_parts("Once\n  upon\na time\n", "   1  Once", "   2    upon", "   3", "",
                          'Line 3 differs: it prints an empty line, you predicted "a time".')

    def test_a_line_that_is_missing(self):
        for end in ("", ".\na time\n"):
            self.assert_parts("Once\n  upon\n\n" + end, "   1  Once", "   2    upon", "   3",
                              "   4  a time", "", 'Line 4 differs: it prints "a time", '
                                                  "you predicted no more lines.")
        self.assert_parts("", "   1  Once", "", 'Line 1 differs: it prints "Once", '
                                                "you predicted no more lines.")

    def test_a_line_too_many(self):
        self.assert_parts(RIGHT + "The end\n", "   1  Once", "   2    upon", "   3", "   4  a time",
                          "      [status 3]", "", 'Line 5 differs: it prints "[status 3]", '
                                                  'you predicted "The end".')
        self.assertIn('Line 3 differs: the program has ended, you predicted an empty line.',
                      self.predict("gen-2", typed="--speed 100\nend\n\n")[1])

    def test_i_do_not_know(self):
        truth = ["   1  Once", "   2    upon", "   3", "   4  a time", "      [status 3]", ""]
        for typed, right in [("", 0), ("Once\n", 1), (RIGHT, 4)]:
            self.assert_parts(typed + "?\n", *truth,
                              f"That is the output. You had {right} of 4 lines.")
        self.assert_parts("Twice\n?\n", *truth,
                          'Line 1 differs: it prints "Once", you predicted "Twice".')

    def test_words_of_the_core_do_not_count(self):
        self.part("part07-tales", defer_2='// defer-2 - free words\nthrow Exception("oops");\n')
        self.write("part07-tales/defer-2.expected", "")
        self.program("build/part07-tales/defer-2", FREE)
        truth = [line[7:-2] for line in FREE.splitlines()[1:]]
        for line, given in [(0, "defer-2: AlreadyCalledError"), (0, "defer-2: AlreadyCalledError:"),
                            (0, "defer-2: AlreadyCalledError: fired twice"),
                            (1, "got [Failure: FirstError]"), (1, "got [Failure: FirstError: no]"),
                            (3, "Unhandled error in Deferred: [Failure: CancelledError: so]")]:
            typed = [*truth[:line], given, *truth[line + 1:]]
            full = f'Your line {line + 1} is right. In full: "{truth[line]}"'
            status, said = self.predict("7/defer-2", typed="\n".join(typed))
            self.assertEqual((status, said.replace("\n", " ")), (0, f"{PRAISE[:-1]} {full} "), given)
            status, said = self.predict("7/defer-2", typed="\n".join([*typed[:-1], "no"]))
            self.assertEqual(status, 1)
            self.assertEqual(full in said.replace("\n", " "), line != 3)
        for line, given in [(0, "defer-2: RuntimeError: Once is enough."), (0, "AlreadyCalledError"),
                            (0, "[Failure: AlreadyCalledError]"), (1, "got FirstError"),
                            (1, "got [Failure: FirstErrors]"), (1, "[Failure: FirstError]"),
                            (2, "errback [Failure: Exception]"),
                            (2, "errback [Failure: Exception: whoops]"),
                            (3, "Unhandled error in Deferred: CancelledError")]:
            status, said = self.predict("7/defer-2", typed="\n".join([*truth[:line], given]))
            self.assertEqual(status, 1)
            self.assertIn(f"Line {line + 1} differs:", said)

    def test_options(self):
        typed = RIGHT.replace("\n\n", "\n--ending 2\n")
        for options in (["--ending", "2"], ["--ending=2", "--lang", "en"]):
            self.assertEqual(self.predict("7/defer-1", *options, typed=typed), (0, PRAISE))
        self.assertEqual(self.predict("--lang=en", "part07-tales/defer-1", typed=RIGHT)[0], 0)
        self.assertEqual(self.predict("13/defer-1", typed=RIGHT)[0], 0)

    def test_a_program_with_built_in_seconds_is_played_fast(self):
        shown = self.tour("predict", "17/gen-2", typed="--speed 100\nend\n")
        self.assertIn("  $ build/part17-more/gen-2 --speed 100\n", shown.stdout)
        self.assertEqual(shown.returncode, 0)

    def test_the_order_of_shuffled_lines(self):
        shown = self.tour("predict", "7/defer-1", "--shuffled", LC_ALL="C").stdout
        self.assertRegex(shown, r"(?s)In which order\?\n.*\n   a  .*\n   b  .*\n   c  .*")
        mixed = dict(line[3:].split("  ", 1) for line in shown.splitlines() if line[3:6] in
                     ("a  ", "b  ", "c  "))
        self.assertEqual(set(mixed.values()), {"Once", "  upon", "a time"})
        letters = sorted(mixed, key=lambda letter: RIGHT.index(mixed[letter]))
        for typed in (" ".join(letters), ", ".join(letters) + "\nx", "\n".join(letters).upper()):
            done = self.tour("predict", "7/defer-1", "--shuffled", typed=typed, LC_ALL="C")
            self.assertEqual((done.returncode, done.stdout), (0, shown.partition("It prints:")[0]
                                                              + PRAISE))
        for typed, expected in [(letters[0] + "z", "There is no line 'z': the letters go from a to c."),
                                (letters[0] + "z", 'it prints "  upon", you predicted no more lines.'),
                                (letters[1], "Line 1 differs: "),
                                (letters[0] + "\n.\n", "you predicted no more lines."),
                                (letters[0] + "\n?\n", "You had 1 of 3 lines")]:
            done = self.tour("predict", "7/defer-1", "--shuffled", typed=typed, LC_ALL="C")
            self.assertEqual(done.returncode, 1)
            self.assertIn(expected, done.stdout)

    def test_chinese(self):
        self.assertIn("第 7 部分：Tales\n", self.tour("predict", "--lang", "zh").stdout)
        done = self.tour("predict", "7/defer-1", typed="Once\n", LC_ALL="", LC_MESSAGES="zh_CN")
        self.assertTrue(done.stdout.endswith(
            "从第 2 行起有分歧：程序打印了“  upon”，而你的预测已经结束。\n"))
        done = self.tour("predict", "7/defer-1", typed=RIGHT, LC_ALL="zh_TW")
        self.assertTrue(done.stdout.endswith("\n完全正确，每一行都预测对了！\n"))

    def test_words_that_are_wrong(self):
        self.write("part17-more/gen-7.cpp", "// gen-7 - one line\n")
        self.write("part17-more/gen-7.expected", "")
        self.program("build/part17-more/gen-7", "print('alike')\nprint('alike')\n")
        for words, expected in [(["7/defer-2"], "there is no program '7/defer-2' to predict"),
                                (["7/other"], "there is no program"), ([""], "there is no program"),
                                (["7/defer-1", "--ending", "3"], "there is no program"),
                                (["7/defer-1", "17/gen-2"], "there is no program"),
                                (["--lang", "fr"], "predict: --lang must be en or zh"),
                                (["7/defer-1", "--lang"], "predict: --lang needs a value"),
                                (["17/gen-7", "--shuffled"], "17/gen-7: .* nothing to shuffle")]:
            done = self.tour("predict", *words, LC_ALL="C")
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, f"^tour: {expected}.*\n$")

    def test_it_builds_no_more_than_the_program(self):
        self.script("bin/ninja", 'case "$*" in "-C "*) ;; *-n) echo work ;; *) echo "$*" >../log\n'
                                 'echo "[1/1] noise" ;; esac')
        done = self.tour("predict", "7/defer-1", typed=RIGHT)
        self.assertEqual((self.root / "log").read_text(), "part07-tales/defer-1\n")
        self.assertTrue(done.stdout.startswith("Building part07-tales/defer-1 ...\n7/defer-1 "))
        self.assertNotIn("noise", done.stdout)
        self.script("bin/ninja", 'case "$*" in "-C "*) ;; *) echo noise; exit 1 ;; esac')
        done = self.tour("predict", "7/defer-1", typed=RIGHT)
        self.assertEqual((done.returncode, done.stderr), (1, "tour: the build failed\n"))
        self.assertIn("noise", done.stdout)

    def test_in_a_terminal_every_line_is_asked_for(self):
        keys = [("What will", b""),  # the numbers before it belong to the program
                ("   1  ", b"Once\n"), ("   2  ", b"  upon\n"), ("   3  ", b"\n"), ("   4  ", b"\4")]
        status, shown = self.terminal("predict", "7/defer-1", keys=keys, LC_ALL="C")
        self.assertEqual(status, 1)
        self.assertIn('Line 4 differs: it prints "a time"', shown)

    def test_what_was_typed_before_the_question_is_no_answer(self):
        self.script("bin/ninja", 'case "$*" in "-C "*) ;; *-n) echo work ;; *)\n'
                                 '    while ! [ -e typed ]; do sleep 0.01; done ;; esac')

        def impatient(terminal):
            os.write(terminal, b"\n\n")
            self.write("build/typed", "")

        keys = [("Building", impatient), ("What will", b""), ("   1  ", b"Once\n"),
                ("   2  ", b"\4")]
        _, shown = self.terminal("predict", "7/defer-1", keys=keys, LC_ALL="C")
        self.assertIn('Line 2 differs: it prints "  upon"', shown)

    def test_a_program_that_hangs(self):
        self.program("build/part07-tales/defer-1", "import time\ntime.sleep(1000)\n")
        self.write("tools/limit.py", "import sys\nfrom tour import main, predict\n"
                                     "predict.LIMIT = 0.1\n"
                                     "sys.exit(main.main(['predict', '7/defer-1']))\n")
        done = self.python("tools/limit.py")
        self.assertEqual((done.returncode, done.stderr),
                         (1, "tour: defer-1: it did not end within 0.1 seconds\n"))


class Pieces(Repository):
    """Functions that need no run."""

    def test_parting(self):
        self.assertIsNone(parting([], []))
        self.assertIsNone(parting(["a ", ""], ["a", "  "]))
        self.assertEqual(parting(["a", "b"], ["a"]), 1)
        self.assertEqual(parting(["a"], ["a", ""]), 1)
        self.assertEqual(parting([" a"], ["a"]), 0)

    def test_every_shuffle_is_one(self):
        self.part("part07-tales", **{f"defer_{number}": "" for number in range(30)})
        for number in range(30):
            self.write(f"part07-tales/defer-{number}.expected", "")
        for puzzle in find_puzzles(self.root):
            mixed = shuffled(puzzle, ["one", "two", "one"], TEXTS["en"])
            self.assertEqual("".join(mixed), "abc")
            self.assertEqual(sorted(mixed.values()), ["one", "one", "two"])
            self.assertNotEqual(list(mixed.values()), ["one", "two", "one"])
            self.assertEqual(mixed, shuffled(puzzle, ["one", "two", "one"], TEXTS["en"]))

    def test_languages_say_the_same_things(self):
        fields = [{key: text.count("{") for key, text in texts.items()} for texts in TEXTS.values()]
        self.assertEqual(fields[0], fields[1])

    def test_language(self):
        for environment, expected in [({}, "en"), ({"LANG": "zh_CN.UTF-8"}, "zh"),
                                      ({"LC_ALL": "C", "LANG": "zh_CN"}, "en"),
                                      ({"LC_ALL": "", "LC_MESSAGES": "zh", "LANG": "en"}, "zh"),
                                      ({"LC_MESSAGES": "de", "LANG": "zh"}, "en")]:
            self.assertEqual(language(environment), expected, environment)


if __name__ == "__main__":
    unittest.main()
