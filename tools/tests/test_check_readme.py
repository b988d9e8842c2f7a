"""Checking READMEs and demos against programs."""

from tests.fixture import Repository


class Checking(Repository):
    """check_readme.py as a program."""

    def check(self, *lines, **settings):
        text = "\n".join(["# Title", "```console", *lines, "```", ""])
        return self.python("tools/check_readme.py", self.write("README.md", text), **settings)

    def assert_good(self, *lines):
        done = self.check(*lines)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def assert_bad(self, place, expected, got, *lines):
        done = self.check(*lines)
        self.assertEqual((done.returncode, done.stderr), (1, ""), done.stdout)
        self.assertRegex(done.stdout, rf"README.md:{place}\n  expected: {expected}\n"
                                      rf"  got:      {got}\n")

    def test_output_and_status(self):
        self.assert_good("$ echo one; echo two", "one", "two", "$ sh -c 'echo bad >&2; exit 3'",
                         "bad", "[status 3]", "$ true")
        self.assert_bad("3: echo one", "two", "one", "$ echo one", "two")
        self.assert_bad("3: echo one", r"\(nothing more\)", "one", "$ echo one")
        self.assert_bad("3: exit 2;", r"\[status 0\]", r"\[status 2\]", "$ exit 2;")
        self.assert_bad("5: false", r"\[status 0\]", r"\[status 1\]",
                        "$ echo one", "one", "$ false")

    def test_a_server_and_its_clients(self):
        self.assert_good("$ build/part01-one/server --port 10001 poem.txt &",
                         "Serving poem.txt on 127.0.0.1:10001.",
                         "Somebody at 127.0.0.1:54321 wants poetry!",
                         "$ build/part01-one/client 10001 10001",
                         "Got a poem from 127.0.0.1:10001 in 0:00:00.123456",
                         "line 1 of the poem, è", "...", "line 30 of the poem, è",
                         "Got a poem from 127.0.0.1:10001 in 0:00:00.123456", "...")

    def test_what_a_server_printed_is_compared(self):
        self.assert_bad("3: build/part01-one/server --port 10001 poem.txt",
                        "Somebody else", "Somebody at 127.0.0.1:.*",
                        "$ build/part01-one/server --port 10001 poem.txt &",
                        "Serving poem.txt on 127.0.0.1:10001.", "Somebody else",
                        "$ build/part01-one/client 10001", "...")

    def test_what_a_server_prints_late_is_waited_for(self):
        self.program("build/late", """
import time
print("Serving nothing on port 1.", flush=True)
time.sleep(0.3)
print("a", "b", sep="\\n", flush=True)
time.sleep(1000)
""")
        self.assert_good("$ build/late --port 10001 &", "Serving nothing on port 1.", "a", "b")
        self.assert_good("$ build/late --port 10001 &", "...", "b")

    def test_a_port_that_nobody_has_is_refused(self):
        self.assert_good("$ build/part01-one/client 10099", "no poem from 127.0.0.1:10099",
                         "[status 1]")

    def test_a_port_that_is_taken(self):
        self.assert_good("$ build/part01-one/server --port 10001 poem.txt &",
                         "$ build/part01-one/server --port 10001 poem.txt",
                         "cannot listen on 127.0.0.1:10001", "[status 1]")

    def test_kill_and_serve_again(self):
        server = "$ build/part01-one/server --port 10001 poem.txt &"
        self.assert_good(server, "$ kill %1", "[status 143]", "$ build/part01-one/client 10001",
                         "no poem from 127.0.0.1:10001", "[status 1]", server,
                         "$ build/part01-one/client 10001", "...", "$ kill -KILL %2",
                         "[status 137]")
        self.assert_bad(r"4: kill %1", r"\[status 0\]", r"\[status 143\]", server, "$ kill %1",
                        "[status 0]")

    def test_what_a_killed_program_says_last(self):
        self.program("build/part01-one/polite", """
import signal, sys, time
def leave(*_):
    print("Goodbye.", flush=True)
    sys.exit(0)
signal.signal(signal.SIGINT, leave)
print("Serving nothing on port 1.", flush=True)
time.sleep(1000)
""")
        self.assert_good("$ build/part01-one/polite --port 10001 &", "$ kill -INT %1", "Goodbye.")
        self.assert_bad("4: kill -INT %1", "Hello.", "Goodbye.",
                        "$ build/part01-one/polite --port 10001 &", "$ kill -INT %1", "Hello.")

    def test_build_root(self):
        (self.root / "build").rename(self.root / "other place")
        root = str(self.root / "other place")
        self.write("use.py", "import os, sys\nsys.path.insert(0, 'tools')\n"
                             f"os.environ['BUILD_ROOT'] = {root!r}\nimport check_readme\n"
                             "sys.exit(check_readme.main(['README.md']))\n")
        self.program("other place/name", "import sys; print('I am', sys.argv[0])")
        self.write("README.md", "```console\n$ build/name\nI am build/name\n```\n")
        done = self.python("use.py")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_block_is_checked(self):
        self.write("README.md", "```console\n$ echo a\nb\n```\n```console\n$ echo c\nd\n```\n")
        done = self.python("tools/check_readme.py", "README.md")
        self.assertEqual(done.stdout.count("expected:"), 2)
        self.assertIn("2 commands; 2 of 2 blocks differ", done.stdout)

    def test_a_readme_that_shows_nothing(self):
        self.write("README.md", "```Console\n$ echo a\nb\n```\n")
        self.assertEqual(self.python("tools/check_readme.py", "README.md").returncode, 1)

    def test_a_tool_that_is_not_there(self):
        self.assertIn("skipped: ", self.assert_good("$ no-such-tool localhost 10001", "poem"))

    def test_what_cannot_be_read_or_started(self):
        done = self.check("output")
        self.assertEqual(done.returncode, 1)
        self.assertIn("README.md:3: output needs a command above it", done.stdout)
        done = self.check("$ build/part01-one/nothing")
        self.assertEqual(done.returncode, 1)
        self.assertIn("README.md:3: build/part01-one/nothing\ncannot start", done.stdout)


class Demos(Repository):
    """check_readme.py --demo."""

    def check(self, text):
        return self.python("tools/check_readme.py", "--demo", self.write("demo", text))

    def test_good(self):
        done = self.check("# Part 1: one\n# Words.\n"
                          "$ build/part01-one/server --port 10001 poem.txt &\n"
                          "$ build/part01-one/client 10001\n! See?\n$ kill %1\n"
                          "$ build/part01-one/client 10001  # status 1\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_bad(self):
        for command, expected in [("false", "expected: [status 0]\n  got:      [status 1]"),
                                  ("true  # status 1", "got:      [status 0]"),
                                  ("build/nothing", "cannot start build/nothing"),
                                  ("sh -c build/nothing", "could not be started"),
                                  ("build/part01-one/client --port 10001 &", "does not serve"),
                                  ("kill %1", "no program %1 has been started")]:
            with self.subTest(command):
                done = self.check(f"# Part 1: one\n$ {command}\n")
                self.assertEqual((done.returncode, done.stderr), (1, ""))
                self.assertIn(expected, done.stdout)

    def test_too_long(self):
        self.assertIn("demo:21: a demo has at most 20 lines",
                      self.check("# Part 1: one\n" + "$ true\n" * 20).stdout)
