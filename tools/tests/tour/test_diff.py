"""The versions of a program, and how their difference is shown."""

import unittest

from tests.fixture import Repository
from tour.diff import pairs, reads_better_by_words, steps, versions
from tour.parts import PartError, find_parts

CODE = "int main() {\n    return %s;\n}\n"


class Diff(Repository):
    """The chapters of a small series."""

    def setUp(self):
        super().setUp()
        self.part("part01-a", slowpoetry="", get_poetry=CODE % 1)
        self.part("part02-b", get_poetry=CODE % 2)
        self.part("part05-c", get_poetry=CODE % 5, get_poetry_simple="", get_poetry_stack="")
        self.part("part06-d", get_poetry=CODE % 6, get_poetry_1=CODE % 61, get_poetry_10=CODE % 62,
                  get_poetry_2=CODE % 63)
        self.part("part07-e", "# Part 7: seven\n$ a\n# Part 8: eight\n$ b\n", defer_1="",
                  defer_2="", get_poetry=CODE % 7, get_poetry_stack="")
        self.part("part11-f", fastpoetry="1")
        self.part("part16-g", fastpoetry="2", log="")
        self.parts = find_parts(self.root)

    def names(self, *numbers):
        return [(old.stem, old.parent.name[4:6], new.stem, new.parent.name[4:6])
                for old, new in steps(self.parts, *numbers)]

    def test_versions(self):
        self.assertEqual([file.stem for file in versions(self.parts[3])["get-poetry"]],
                         ["get-poetry", "get-poetry-1", "get-poetry-2", "get-poetry-10"])
        self.assertEqual(list(versions(self.parts[2])), ["get-poetry"])
        self.assertEqual(list(versions(self.parts[4])), ["defer-1", "defer-2", "get-poetry"])

    def test_steps(self):
        self.assertEqual(self.names(1, 2), [("get-poetry", "01", "get-poetry", "02")])
        self.assertEqual(self.names(6, 7), [("get-poetry-10", "06", "get-poetry", "07")])
        self.assertEqual(self.names(6, 8), self.names(6, 7))
        self.assertEqual(self.names(2, 7), [("get-poetry", "02", "get-poetry", "07")])
        self.assertEqual(self.names(6)[0], ("get-poetry", "06", "get-poetry-1", "06"))
        self.assertEqual(len(self.names(6)), 3)
        self.assertEqual(self.names(11, 16), [("fastpoetry", "11", "fastpoetry", "16")])

    def test_nothing_shared(self):
        for numbers in [(1,), (7, 8), (7, 11)]:
            with self.subTest(numbers), self.assertRaisesRegex(PartError, "has two versions"):
                steps(self.parts, *numbers)
        done = self.tour("diff", "7", "11")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, "tour: part07-e and part11-f: no program here has two "
                                      "versions to compare; ./tour diff takes 6 7, 11 16\n")

    def test_pairs_are_steps(self):
        self.assertEqual(pairs(self.parts), ["1 2", "2 5", "5 6", "6", "6 7", "11 16"])
        for pair in pairs(self.parts):
            self.assertTrue(steps(self.parts, *map(int, pair.split())))

    def test_it_is_a_plain_diff_where_there_is_no_terminal(self):
        done = self.tour("diff", "1", "2", PAGER="false")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("\n-    return 1;\n+    return 2;\n", done.stdout)
        self.assertIn("part02-b/get-poetry.cpp", done.stdout)
        self.assertNotIn("\033", done.stdout)

    def test_without_git(self):
        self.script("only/diff", 'exec /usr/bin/env PATH=/usr/bin:/bin diff "$@"')
        done = self.python("tools/tour/main.py", "diff", "1", "2", PATH=str(self.root / "only"))
        self.assertEqual(done.returncode, 0)
        self.assertIn("\n-    return 1;\n+    return 2;\n", done.stdout)

    def test_colours_and_words_in_a_terminal(self):
        _, shown = self.terminal("diff", "1", "2", GIT_PAGER="cat")
        self.assertIn("return \033[31m1\033[m\033[32m2\033[m;", shown)

    def test_the_pager_of_git(self):
        _, shown = self.terminal("diff", "1", "2", GIT_PAGER="sed s/return/RETURN/")
        self.assertIn("RETURN", shown)
        _, shown = self.terminal("diff", "1", "2", GIT_PAGER="no-such-pager -x")
        self.assertIn("return", shown)

    def test_more_is_no_pager_for_somebody_new(self):
        self.script("bin/more", "exit 1")
        (self.root / "bin/pager").symlink_to("more")
        for size, keys in ((24, 80), []), ((6, 80), [("[Enter: show more", b"a\n")]):
            status, shown = self.terminal("diff", "1", "2", GIT_PAGER="pager", keys=keys, size=size)
            self.assertEqual(status, 0)
            self.assertEqual(shown.count("[Enter: show more"), len(keys))
            self.assertIn("return", shown)

    def test_no_colour(self):
        _, shown = self.terminal("diff", "1", "2", GIT_PAGER="cat", NO_COLOR="1")
        self.assertIn("-    return 1;", shown)


class Words(unittest.TestCase):
    """Which hunks are shown word by word."""

    def test_small_edits_are(self):
        self.assertTrue(reads_better_by_words(b"@@\n-  run(reactor, 1);\n+  run(reactor, 2);\n"))

    def test_new_lines_are_not(self):
        self.assertFalse(reads_better_by_words(b"@@\n+    run(reactor, 1);\n+    stop();\n"))
        self.assertFalse(reads_better_by_words(b"@@\n-int a = recv(fd);\n+void poem(Failure f);\n"))


if __name__ == "__main__":
    unittest.main()
