"""The commands for exercises, of a learner and of a teacher."""

import io
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from classroom import commands as classroom
from classroom import verdict
from classroom.exercises import Exercise, ExerciseError, Progress, find
from classroom.mistakes import Mistake
from classroom.workshop import CompileError, Workshop, first_error
from programs.build import BuildError
from terminal.screen import Screen
from testing.harness import BUILD, ROOT

NAME = "7/timeout"
PROGRAM = "7/which-server"  # an exercise of kind "program"
DIRECTORY = ROOT / "part07-deferred/exercises/timeout"


@unittest.skipUnless((DIRECTORY / "solution.cpp").exists(), "this is a handout")
class Learner(unittest.TestCase):
    """One learner, with a temporary my/."""

    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.my = Path(self.place.name) / "my"
        patch = mock.patch.object(classroom.Classroom, "workshop",
                                  lambda *_: Workshop(ROOT, BUILD))
        patch.start()
        self.addCleanup(patch.stop)

    def say(self, word, *words, lang="en"):
        """The status and the output of ./tour WORD WORDS."""
        out = io.BytesIO()
        out.isatty = lambda: False
        more = [] if word == "grade" else ["--my", str(self.my)]
        status = classroom.main(ROOT, word, [*words, *more, "--lang", lang], Screen(out))
        return status, out.getvalue().decode()

    def answer(self, source):
        """Makes one of the exercise's own files the learner's answer."""
        target = self.my / f"{NAME}.cpp"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((DIRECTORY / source).read_bytes())
        return target

    def test_the_way_from_start_to_solution(self):
        status, said = self.say("start", NAME)
        self.assertEqual(status, 0)
        self.assertIn(f"./tour check {NAME}", said)
        self.assertIn(f"Start one: ./tour start {find(ROOT)[0].name}\n", self.say("exercises")[1])
        self.assertTrue((self.my / f"{NAME}.cpp").exists())
        with self.assertRaisesRegex(ExerciseError, "already started"):
            self.say("start", NAME)
        with self.assertRaisesRegex(ExerciseError, "has not passed yet"):
            self.say("solution", NAME)

        with mock.patch.object(Screen, "bar") as bar:
            status, said = self.say("check", NAME)
        self.assertEqual([call.args[0] for call in bar.call_args_list],
                         [f"Compiling {NAME} ...", f"Checking {NAME} ...", ""])
        self.assertEqual(status, 1)
        for part in ("not yet", "in the case: nobody fires it", "1. with_timeout, 5 seconds",
                     'expected: "TimeoutError; "', 'actual: ""'):
            self.assertIn(part, said)

        self.answer("solution.cpp")
        self.assertEqual(self.say("check"), (0, "✓ 7/timeout A time-out, by hand: passed. ./tour "
                                                "solution 7/timeout shows ours.\n"
                                                "1 of 1 solved.\n"))
        self.assertEqual(self.say("solution", NAME),
                         (0, (DIRECTORY / "solution.cpp").read_text(encoding="utf-8")))
        self.assertIn("(solved)", self.say("exercises")[1])

    def test_chinese(self):
        self.answer("starter.cpp")
        status, said = self.say("check", NAME, lang="zh")
        self.assertEqual(status, 1)
        for part in ("：还没有通过\n", "情形：", "应为：", "实际：", "过去 4 秒"):
            self.assertIn(part, said)
        self.assertIn("提示 1/3", self.say("hint", NAME, lang="zh")[1])

    def test_three_hints_and_then_no_more(self):
        hints = Exercise(DIRECTORY, "en").hints
        for number, hint in enumerate(hints, 1):
            title, *lines = self.say("hint", NAME)[1].splitlines()
            self.assertEqual((title, " ".join(" ".join(lines).split())),
                             (f"Hint {number} of 3:", " ".join(hint.split())))
            self.assertLess(max(map(len, lines)), 80)
        self.assertIn("There are no more hints.", self.say("hint", NAME)[1])

    def test_a_compile_error_is_one_error(self):
        answer = self.answer("starter.cpp")
        answer.write_text(answer.read_text().replace("return d;", "return poem_that_is_nowhere;"
                                                                  "\nundefined_too();"))
        status, said = self.say("check", NAME)
        self.assertEqual((status, said.count("error:")), (1, 2))  # also in our words
        self.assertIn("poem_that_is_nowhere", said)
        self.assertEqual(list((BUILD / "exercises").glob(f"*.{os.getpid()}*")), [])
        self.assertRegex(json.loads(self.say("check", NAME, "--json")[1])["message"],
                         r"first error: .*poem_that_is_nowhere[^\n]*$")

    def test_a_machine_that_compiles_nothing(self):
        self.answer("solution.cpp")
        with mock.patch("classroom.workshop.WARNINGS", ["-no-such-option"]):
            for words in ["check", NAME], ["check", NAME, "--json"], ["grade", str(self.my)]:
                with self.assertRaisesRegex(BuildError, "(?s)not the cause: .*-no-such-option"):
                    self.say(*words)
            with self.assertRaisesRegex(BuildError, "问题不在你的答案"):
                self.say("check", lang="zh")
        self.assertNotIn("7/timeout", Progress(self.my).state)

    def test_json(self):
        wrong = Mistake(DIRECTORY / "wrong/timer_left.diff")
        self.answer("solution.cpp").write_text(wrong.answer(), encoding="utf-8")
        status, said = self.say("check", NAME, "--json")
        self.assertEqual(status, 1)
        self.assertEqual(json.loads(said), {
            "exercise": NAME, "passed": False, "case": "the poem comes in time",
            "message": "The timer is still pending, though the poem is there."})

    def test_grade(self):
        self.answer("solution.cpp")
        status, said = self.say("grade", self.place.name)
        self.assertEqual(status, 0)
        graded = json.loads(said)
        self.assertEqual((graded["passed"], graded["of"]), (1, len(find(ROOT))))
        self.assertEqual(graded["exercises"], {NAME: {"passed": True, "message": ""}})

    def test_mistakes(self):
        wrong = [Mistake(file) for file in sorted((DIRECTORY / "wrong").iterdir())]
        for lang in ("en", "zh"):
            status, said = self.say("mistakes", NAME, lang=lang)
            self.assertEqual(status, 0)
            self.assertIn(f"\n1. “{wrong[0].thought[lang]}”\n", said)
            on_one_line = " ".join(said.split())
            for mistake in wrong:
                self.assertIn(f". “{mistake.thought[lang]}”\n   {mistake.base}:", said)
                self.assertIn(f"… {mistake.expect} …", on_one_line)
        self.assertIn("\n   solution.cpp:17\n", said)
        self.assertIn("\n   -        if (!timer.active())\n", said)
        self.assertIn("\n   +        if (timer.active())\n", said)
        self.assertNotIn("\033", said)

    def test_mistakes_in_a_terminal(self):
        out = io.BytesIO()
        out.isatty = lambda: True
        with mock.patch.dict(os.environ, {"TERM": "xterm"}):
            os.environ.pop("NO_COLOR", None)
            classroom.main(ROOT, "mistakes", [NAME], Screen(out))
        said = out.getvalue().decode()
        self.assertIn("\033[31m   -        if (!timer.active())\033[0m\n", said)
        self.assertIn("\033[32m   +        if (timer.active())\033[0m\n", said)

    def test_mistakes_of_a_handout(self):
        with mock.patch.object(Exercise, "solution", DIRECTORY / "nowhere.cpp"), \
                self.assertRaisesRegex(ExerciseError, "your teacher has the wrong answers"):
            self.say("mistakes", NAME)

    def test_grade_of_what_is_not_there(self):
        self.answer("solution.cpp")
        status, said = self.say("grade", "/nowhere", self.place.name, "/nor here")
        first, graded, last = map(json.loads, said.splitlines())
        self.assertEqual(status, 1)
        self.assertEqual(first, {"directory": "/nowhere", "error": "no such directory"})
        self.assertEqual((graded["directory"], graded["passed"]), (self.place.name, 1))
        self.assertEqual(last["directory"], "/nor here")

    def test_what_is_not_there(self):
        for words, message in [(("start", "7/tmieout"), "did you mean 7/.*7/timeout"),
                               (("start", "timeout"),
                                "did you mean 4/timeout, 5/timeout, 7/timeout"),
                               (("start", "99/x"), "./tour exercises lists them"),
                               (("mistakes", "7/tmieout"), "did you mean 7/"),
                               (("check", NAME), "have not started 7/timeout yet"),
                               (("check",), "have not started an exercise"),
                               (("check", NAME, "--program", "x"), "--program is only for"),
                               (("check", PROGRAM, "--program", "/nowhere"), "there is no program"),
                               (("check", PROGRAM, "--program", __file__), "chmod")]:
            with self.subTest(words), self.assertRaisesRegex(ExerciseError, message):
                self.say(*words)

    def test_a_broken_progress_file_is_an_empty_one(self):
        self.my.mkdir()
        for broken in ("{broken", "[]", '{"7/timeout": 3}'):
            (self.my / "progress.json").write_text(broken)
            self.assertEqual(Progress(self.my).state, {})
        (self.my / "progress.json").write_text('{"7/timeout": {"hints": 2}}')
        self.assertIn("Hint 3", self.say("hint", NAME)[1])
        self.assertNotIn("(solved)", self.say("exercises")[1])

    def test_a_file_in_another_encoding_is_a_compile_error(self):
        self.answer("starter.cpp").write_bytes("诗".encode("gb18030"))
        self.assertIn("It does not compile.", self.say("check", NAME)[1])

    def test_a_directory_that_can_t_be_made(self):
        self.my.write_text("")
        with self.assertRaisesRegex(OSError, "exists|directory"):
            self.say("start", NAME)


class Verdicts(unittest.TestCase):
    """What a check reports, and the verdict if it can't report anything."""

    def test_a_step_stays_on_one_line(self):
        given = verdict.Verdict("en", message="no")
        given.steps = ['the poem is "a\nb"']
        self.assertEqual(given.lines(), ['    1. the poem is "a\\nb"', "  ✗ no"])

    def test_the_files_of_a_check_go_with_it(self):
        with tempfile.TemporaryDirectory() as place, mock.patch.object(tempfile, "tempdir", place):
            given = verdict.run(["sh", "-c", "mktemp; echo $TMPDIR >&2; exit 3"], "en")
            self.assertTrue(given.details[-1].startswith(place))
            self.assertEqual(list(Path(place).iterdir()), [])

    def judged(self, status, late=False, output=""):
        """The verdict if the check has reported nothing."""
        given = verdict.Verdict("en")
        verdict.judge(given, status, late, output)
        return given

    def test_what_the_check_could_not_say(self):
        for arguments, message in [
                ((0, False, ""), "The program exited in the middle of the check"),
                ((-9, True, ""), "It does not end: something waits"),
                ((-11, False, "Segmentation fault"), "The program crashed"),
                ((99, False, "ERROR: AddressSanitizer: heap-use-after-free on address"),
                 "Memory is used after it was freed (heap-use-after-free)"),
                ((99, False, "ERROR: AddressSanitizer: stack-buffer-overflow on address"),
                 "Memory is used that does not belong to you (stack-buffer-overflow)"),
                ((97, False, "ERROR: LeakSanitizer: detected memory leaks"),
                 "Something is never destroyed"),
                ((98, False, "x.cpp:3:4: runtime error: signed integer overflow"),
                 "The language does not define what this does: signed integer overflow")]:
            with self.subTest(message):
                given = self.judged(*arguments)
                self.assertFalse(given.passed)
                self.assertTrue(given.message.startswith(message), given.message)

    def test_the_places_are_those_of_the_learner(self):
        output = ("    #0 0x5 in twist::Deferred<int>::x() common/twist/deferred/deferred.hpp:3\n"
                  "    #1 0x5 in answer(int) my/7/timeout.cpp:17\n")
        self.assertEqual(verdict.places(output), ["answer at my/7/timeout.cpp:17"])

    def test_the_first_error_of_many(self):
        self.assertEqual(first_error("a.cpp: In function\na.cpp:1:2: error: no\n  1 | x\n    | ^\n"
                                     "a.cpp:2:2: error: neither\n"),
                         "a.cpp:1:2: error: no\n  1 | x\n    | ^")
        with self.assertRaises(CompileError):
            Workshop(ROOT, BUILD).run(["c++", "--no-such-option", "x.cpp"])


if __name__ == "__main__":
    unittest.main()
