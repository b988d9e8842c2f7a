"""Building: the progress bar, the order, and the compiler's output."""

from programs.making import bar
from tests.fixture import Repository

# A fake Ninja that writes down its targets, and makes them when the test allows it.
NINJA = """
case "$*" in *-n) echo work; exit ;; "-C "*) exit ;; esac
cd ..
echo "$*" >>log
case "$*" in
    *part02*) while ! grep -q played log; do sleep 0.01; done ;;
esac
echo "[1/2] one"
echo "[2/2] two"
"""
TARGETS = """[{"build_by_default": true, "filename": ["%s/build/part01-one/server"]},
{"build_by_default": true, "filename": ["%s/build/part02-two/other"]},
{"build_by_default": false, "filename": ["%s/build/part01-one/test"]}]"""


class Building(Repository):
    """./tour when there is something to build."""

    def setUp(self):
        super().setUp()
        self.write("build/meson-info/intro-targets.json", TARGETS % ((self.root,) * 3))
        self.script("bin/ninja", NINJA)
        self.script("bin/nice", 'shift 2; exec "$@"')
        self.program("build/part02-two/other", "print('it plays')")
        self.part("part01-one", "# Part 1: one\n$ build/part01-one/server --port 10001 poem.txt &\n"
                                "$ build/part01-one/client 10001\n$ echo played >>log\n")
        self.part("part02-two", "# Part 2: two\n$ build/part02-two/other\n")

    def log(self):
        """The order in which targets were made and chapters were played."""
        return (self.root / "log").read_text().splitlines()

    def test_a_chapter_is_played_when_its_own_programs_are_there(self):
        done = self.tour()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("Building Part 1 ...\n\nPart 1: one"), done.stdout)
        everything = "part01-one/server part02-two/other"
        self.assertEqual(sorted(self.log()), sorted(
            ["part01-one/server", "played", "part02-two/other", everything]))
        self.assertEqual(self.log()[0], "part01-one/server")
        self.assertEqual(self.log()[-1], everything)

    def test_the_others_are_built_meanwhile_and_waited_for(self):
        self.write("log", "played\n")
        done = self.tour("1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("part01-one/server part02-two/other", self.log())

    def test_how_the_others_are_waited_for_is_said(self):
        self.part("part01-one", "# Part 1: one\n$ build/part01-one/server --port 10001 poem.txt &\n")
        status, shown = self.terminal("1", keys=[
            ("The other programs are still being built.", lambda _: self.write("log", "played\n"))])
        self.assertEqual(status, 0)
        self.assertTrue(shown.endswith("\r\x1b[KAll programs are built.\n"), shown)

    def test_what_the_compiler_says_is_shown(self):
        self.script("bin/ninja", """case "$*" in *-n) echo work; exit ;; "-C "*) exit ;; esac
echo "[1/9] noise"; echo "two.cpp:3: warning: careful"; echo "ninja: Entering directory"
case "$*" in *part02*) echo "two.cpp:4: error: no"; exit 1 ;; esac""")
        done = self.tour()
        self.assertEqual((done.returncode, done.stderr), (1, "tour: the build failed\n"))
        self.assertEqual(done.stdout.count("two.cpp:3: warning: careful\n"), 2)
        self.assertIn("two.cpp:4: error: no\n", done.stdout)
        self.assertIn("Got a poem", done.stdout)  # by the chapter that could be built
        self.assertNotIn("noise", done.stdout)
        self.assertNotIn("ninja", done.stdout)

    def test_a_bar_in_a_terminal(self):
        self.script("bin/ninja", """case "$*" in *-n) echo work; exit ;; "-C "*) exit ;; esac
echo "[3/4] three"; while [ ! -e ../seen ]; do sleep 0.01; done""")
        self.script("bin/nice", "exit 0")
        (self.root / "part02-two/demo").write_text("# Part 2: two\n$ echo two\n")
        shown = self.terminal("1", keys=[("3 of 4 Part 1", lambda _: self.write("seen", "")),
                                         ("[Enter", b"a\n")])[1]
        self.assertIn("\r\033[K[##################......] 3 of 4 Part 1\r\033[K\n", shown)
        self.assertNotIn("three", shown)

    def test_how_a_bar_looks(self):
        self.assertEqual(bar(0, 0), "[........................]")
        self.assertEqual(bar(5, 20), "[######..................]  5 of 20")
        self.assertEqual(bar(20, 20), "[########################] 20 of 20")
