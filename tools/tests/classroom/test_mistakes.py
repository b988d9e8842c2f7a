"""The wrong answers to an exercise: how they are read, made and proven."""

from types import SimpleNamespace
from unittest import mock

from classroom import prove
from classroom.exercises import Exercise
from classroom.mistakes import Mistake, MistakeError, make
from classroom.verdict import Verdict
from tests.fixture import Repository

SOLUTION = "// sum - adds\nint sum(int a, int b) {\n    return a + b;\n}\n\nint main() {}\n"
STARTER = SOLUTION.replace("a + b", "0").replace("// sum - adds", "// sum - adds\n// TODO: add")
HEAD = "thought: Minus is plus.\n想法：减就是加。\nexpect: the sum is wrong\n"
CHANGE = "@@ -2,3 +2,3 @@\n int sum(int a, int b) {\n-    return a + b;\n+    return a - b;\n }\n"
DIFF = f"{HEAD}--- solution.cpp\n+++ minus.cpp\n{CHANGE}"
COMMENTS = "// expect: the sum is wrong\n// thought: Minus\n//   is plus.\n// 想法：减\n// 就是加。\n"


class Exercises(Repository):
    """A repository with one exercise, whose check looks for a plus."""

    def setUp(self):
        super().setUp()
        self.place = "part01-one/exercises/sum"
        for language in ("", ".zh"):
            self.write(f"{self.place}/README{language}.md", "# Sum\n*5 minutes · functions*\n")
            self.write(f"{self.place}/hints{language}.md", "## 1\na\n\n## 2\nb\n\n## 3\nc\n")
        self.write(f"{self.place}/check.cpp", "")
        self.write(f"{self.place}/solution.cpp", SOLUTION)
        self.write(f"{self.place}/starter.cpp", STARTER)
        self.wrong("other.diff", DIFF.replace("a - b", "b"))

    def wrong(self, name, text=DIFF):
        """Adds a wrong answer."""
        return self.write(f"{self.place}/wrong/{name}", text)

    def proof(self):
        """The complaints of the proof."""
        def check(_exercise, _workshop, answer):
            text = answer.read_text(encoding="utf-8")
            right = "a + b" in text
            return Verdict("en", right, "" if right else "Alas, the sum is wrong.")
        with mock.patch.object(prove, "check", check):
            return prove.prove(Exercise(self.root / self.place, "en"),
                               SimpleNamespace(place=self.root / "build"))


class Reading(Exercises):
    """Mistake: a file of wrong/."""

    def test_what_it_says(self):
        mistake = Mistake(self.wrong("minus.diff"))
        self.assertEqual((mistake.name, mistake.expect, mistake.base),
                         ("minus", "the sum is wrong", "solution.cpp"))
        self.assertEqual(mistake.thought, {"en": "Minus is plus.", "zh": "减就是加。"})
        self.assertEqual(mistake.answer(), SOLUTION.replace("+", "-"))

    def test_a_change_of_the_starter(self):
        diff = DIFF.replace("solution", "starter").replace("a + b", "0").replace("-2,3", "-3,3")
        self.assertEqual(Mistake(self.wrong("minus.diff", diff)).answer(),
                         STARTER.replace("0;", "a - b;"))

    def test_what_it_lacks(self):
        for old, new, message in [
                ("thought: Minus is plus.\n", "", "wrong/x.diff: no line begins with 'thought: '"),
                ("减就是加。", "", "no line begins with '想法：'"),
                ("expect", "expects", "no line begins with 'expect: '"),
                ("--- solution.cpp", "--- check.cpp", "'--- starter.cpp' must follow"),
                ("--- solution.cpp\n", "", "'--- starter.cpp' must follow"),
                (CHANGE, "", "wrong/x.diff: it contains no hunk"),
                (" }\n", "}\n", "not a line of a diff: '}'")]:
            with self.subTest(message), self.assertRaisesRegex(MistakeError, message):
                Mistake(self.wrong("x.diff", DIFF.replace(old, new)))


class Making(Exercises):
    """make: from an edited copy."""

    def test_of_the_solution(self):
        copy = self.wrong("minus.cpp", COMMENTS + SOLUTION.replace("+", "-"))
        made = make(copy)
        self.assertEqual(made.read_text(encoding="utf-8"), DIFF)
        self.assertFalse(copy.exists())

    def test_of_the_starter_if_that_is_shorter(self):
        made = make(self.wrong("one.cpp", COMMENTS + STARTER.replace("0;", "1;")))
        self.assertIn("\n--- starter.cpp\n+++ one.cpp\n@@ -3,3 +3,3 @@\n",
                      made.read_text(encoding="utf-8"))

    def test_without_a_newline_at_the_end(self):
        text = SOLUTION.rstrip("\n")
        made = make(self.wrong("cut.cpp", COMMENTS + text))
        self.assertEqual(Mistake(made).answer(), text)

    def test_what_it_lacks(self):
        for text, message in [(SOLUTION, "wrong/x.cpp: no line begins with '// thought: '"),
                              (COMMENTS + SOLUTION, "wrong/x.cpp: it changes nothing"),
                              (COMMENTS.replace("想法", "x") + STARTER, "begins with '// 想法：'")]:
            copy = self.wrong("x.cpp", text)
            with self.subTest(message), self.assertRaisesRegex(MistakeError, message):
                make(copy)
            self.assertTrue(copy.exists())

    def test_as_a_command(self):
        self.wrong("minus.cpp", COMMENTS + SOLUTION.replace("+", "-"))
        done = self.python("tools/classroom/mistakes.py", f"{self.place}/wrong/minus.cpp")
        self.assertEqual((done.stdout, done.stderr), (f"{self.place}/wrong/minus.diff\n", ""))
        done = self.python("tools/classroom/mistakes.py", f"{self.place}/wrong/minus.cpp")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"^mistakes\.py: .*minus\.cpp'\n$")


class Proof(Exercises):
    """prove.py, of wrong answers."""

    def test_it_holds(self):
        self.wrong("minus.diff")
        self.assertEqual(self.proof(), [])
        self.assertEqual((self.root / "build/1/sum/wrong/minus.cpp").read_text(encoding="utf-8"),
                         SOLUTION.replace("+", "-"))

    def test_one_is_not_enough(self):
        self.assertEqual(self.proof(), ["there are fewer than two wrong answers"])

    def test_a_change_of_the_solution_that_moves_the_lines(self):
        self.wrong("minus.diff")
        self.write(f"{self.place}/solution.cpp", SOLUTION.replace("adds\n", "adds\n//\n//\n"))
        self.assertEqual(self.proof(), [])

    def test_a_diff_that_does_not_apply(self):
        self.wrong("minus.diff", DIFF.replace("a + b", "a  + b"))
        self.assertEqual(self.proof(), [
            "wrong/minus.diff: it does not apply to solution.cpp: there is no line "
            "'return a  + b;' after 'int sum(int a, int b) {'"])

    def test_a_wrong_answer_that_is_right(self):
        self.wrong("minus.diff", DIFF.replace("a - b", "+a + b"))
        self.assertEqual(self.proof(), ["wrong/minus.diff: passes"])

    def test_another_message(self):
        self.wrong("minus.diff", DIFF.replace("sum is wrong", "sum is zero"))
        self.assertEqual(self.proof(), ["wrong/minus.diff: expected 'the sum is zero', "
                                        "got 'Alas, the sum is wrong.'"])

    def test_a_copy_that_was_left(self):
        self.wrong("minus.cpp", COMMENTS + SOLUTION)
        self.assertIn("wrong/minus.cpp: not a diff", self.proof()[0])

    def test_it_goes_on_after_a_complaint(self):
        self.wrong("a.diff", HEAD)
        self.wrong("z.diff", DIFF.replace("a - b", "+a + b"))
        self.assertEqual([complaint.split(":")[0] for complaint in self.proof()],
                         ["wrong/a.diff", "wrong/z.diff"])

    def test_the_answer_is_only_touched_if_it_has_changed(self):
        file = self.wrong("minus.diff")
        answer = prove.written(Mistake(file), self.root / "build")
        before = answer.stat()
        prove.written(Mistake(file), self.root / "build")
        self.assertEqual((answer.stat().st_ino, answer.stat().st_mtime_ns),
                         (before.st_ino, before.st_mtime_ns))
        file.write_text(DIFF.replace("a - b", "a * b"), encoding="utf-8")
        prove.written(Mistake(file), self.root / "build")
        self.assertIn("a * b", answer.read_text(encoding="utf-8"))

