"""In a terminal the tour pauses for the reader, and its lines fit."""

import os
import re

from terminal.wrapping import width
from tests.fixture import Repository, resize

DEMO = """\
# Part 1: one
# The first text, said before anything happens.
$ echo this is one
! Notice this.
# The second text, which says what will come
# in two lines.
$ echo this is two
$ echo this is three
# The third text.
$ echo this is four
"""
WAIT = """
import os, time
print("ready", flush=True)
while not os.path.exists("go on"):
    time.sleep(0.01)
"""
GO_ON, MORE, NEXT = "[Enter: continue", "[Enter: show more", "[Enter: next chapter"
ENTER, CTRL_C, CTRL_D = b"\n", b"\3", b"\4"
# An answered prompt leaves nothing on the screen.
ANSWERED = re.compile(r"(?:\x1b\[2m)?\[Enter: [^]]*\](?:\x1b\[0m)? .*?\n?\x1b\[A\r\x1b\[K", re.DOTALL)


def plain(shown):
    """What is left on the screen, without colours."""
    return re.sub(r"\x1b\[\d*m", "", ANSWERED.sub("", shown))


class Waiting(Repository):
    """Pauses between two steps, between two chapters, and when a page is full."""

    def setUp(self):
        super().setUp()
        self.part("part01-one", DEMO)
        self.part("part02-two", "# Part 2: two\n$ echo this is the second part\n")

    def test_between_what_is_told_and_what_is_played(self):
        status, shown = self.terminal("1", keys=[(GO_ON, ENTER)] * 2)
        self.assertEqual(status, 0)
        before, between, after = ANSWERED.split(shown)
        self.assertIn("    this is one\n", before)
        self.assertTrue(before.endswith("in two lines.\n"), before)
        self.assertNotIn("this is two", before)
        self.assertIn("    this is three\n", between)
        self.assertTrue(between.endswith("The third text.\n"), between)
        self.assertIn("    this is four\n", after)

    def test_nothing_of_the_prompts_stays(self):
        _, shown = self.terminal("1", keys=[(GO_ON, ENTER)] * 2, NO_COLOR="1")
        self.assertEqual(plain(shown), self.tour("1").stdout)
        self.assertEqual(shown.count("\x1b[K"), shown.count("\x1b[") // 2)  # and no colours

    def test_chapters(self):
        status, shown = self.terminal(keys=[(GO_ON, ENTER), (GO_ON, ENTER), (NEXT, ENTER)])
        self.assertEqual(status, 0)
        self.assertEqual(plain(shown), self.tour().stdout)

    def test_no_more_stops(self):
        status, shown = self.terminal(keys=[(GO_ON, b"a\n")])
        self.assertEqual(status, 0)
        self.assertIn("this is the second part\n", shown)

    def test_the_end(self):
        for key in (b"q\n", b"Q\n", CTRL_D):
            status, shown = self.terminal(keys=[(GO_ON, key)])
            self.assertEqual(status, 0)
            self.assertNotIn("this is two", shown)
            self.assertTrue(shown.endswith("\x1b[KGoodbye.\n"), shown)

    def test_ctrl_c(self):
        status, shown = self.terminal(keys=[(GO_ON, CTRL_C)])
        self.assertEqual(status, 130)
        self.assertEqual(shown.count(GO_ON), 1)
        self.assertTrue(shown.endswith(" ^C\n"), shown)

    def test_ctrl_c_while_a_program_runs(self):
        self.program("build/part01-one/wait", "import time\nprint('ready', flush=True)\n"
                                              "time.sleep(1000)")
        self.part("part01-one", "# Part 1: one\n$ build/part01-one/wait\n")
        status, shown = self.terminal("1", keys=[("    ready", CTRL_C)])
        self.assertEqual(status, 130)
        self.assertNotIn("Traceback", shown)

    def test_what_was_typed_before_the_question_is_no_answer(self):
        def impatient(terminal):
            os.write(terminal, b"q\n")
            self.write("go on", "")

        self.part("part01-one", DEMO.replace("echo this is one", "build/part01-one/wait"))
        self.program("build/part01-one/wait", WAIT)
        _, shown = self.terminal("1", keys=[("    ready", impatient), (GO_ON, ENTER), (GO_ON, ENTER)])
        self.assertIn("this is four", shown)

    def test_a_page_that_is_full(self):
        self.part("part03-long", "# Part 3: long\n" + "$ cat poem.txt\n" * 3)
        status, shown = self.terminal("3", keys=[(MORE, ENTER)] * 2)
        self.assertEqual(status, 0)
        self.assertEqual(plain(shown), self.tour("3").stdout)
        pages = ANSWERED.split(shown)
        self.assertEqual([page.count("\n") for page in pages[:-1]], [23, 23])
        self.assertLessEqual(pages[-1].count("\n"), 23)

    def test_a_text_is_not_torn_apart(self):
        self.part("part03-long", "# Part 3: long\n$ cat poem.txt\n! Two words: " + "long " * 15 +
                  "\n$ echo one\n")
        _, shown = self.terminal("3", keys=[(MORE, ENTER)], size=(22, 80))
        first, second = ANSWERED.split(shown)
        self.assertEqual(first.count("\n"), 20)
        self.assertIn("Two words: long", second)

    def test_what_the_servers_said_is_not_torn_apart(self):
        self.part("part03-long", """\
# Part 3: long
$ build/part01-one/server --port 10001 poem.txt &
$ build/part01-one/server --port 10002 poem.txt &
$ build/part01-one/client 10001 10002
""")
        _, shown = self.terminal("3", keys=[(MORE, ENTER)], size=(26, 80))
        first, second = ANSWERED.split(shown)
        self.assertEqual(first.count("\n"), 24)  # there is room for one more line
        self.assertEqual(second.count("wants poetry!"), 2)

    def test_a_page_of_the_size_that_the_terminal_has_by_then(self):
        def smaller(terminal):
            resize(terminal, (10, 80))
            self.write("go on", "")

        self.program("build/part03-long/wait", WAIT)
        self.part("part03-long", "# Part 3: long\n$ build/part03-long/wait\n$ cat poem.txt\n")
        _, shown = self.terminal("3", keys=[("    ready", smaller), (MORE, ENTER), (MORE, ENTER)])
        self.assertEqual([page.count("\n") for page in ANSWERED.split(shown)[:2]], [9, 9])

    def test_a_list(self):
        for number in range(3, 20):
            self.part(f"part{number:02}-more", "# Part 3: a part\n# Part 4: a part\n")
        status, shown = self.terminal("list", keys=[(MORE, ENTER)])
        self.assertEqual((status, plain(shown)), (0, self.tour("list").stdout))

    def test_no_reader_no_prompt(self):
        self.assertNotIn("Enter", self.tour("1").stdout)

    def test_a_terminal_that_knows_no_escapes(self):
        _, shown = self.terminal("1", keys=[(GO_ON, ENTER)] * 2, TERM="dumb")
        self.assertNotIn("\x1b", shown)
        self.assertIn("] \n  $ echo this is two\n", shown)

    def test_a_narrow_one(self):
        _, shown = self.terminal("1", keys=[("Enter, a, q:", ENTER)] * 2, size=(40, 30))
        shown = re.sub(r"\x1b\[\d*[mAK]|\r|Enter, a, q: \n", "", shown)
        self.assertLess(max(map(width, shown.splitlines())), 30)
        self.assertIn("The second text, which says\nwhat will come\n", shown)

    def test_chinese(self):
        _, shown = self.terminal("1", keys=[("[回车：继续", b"q\n")], LC_ALL="zh_CN.UTF-8")
        self.assertTrue(shown.endswith("再见。\n"))
