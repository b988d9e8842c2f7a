"""READMEs and demos are checked against programs."""

import os
import signal
import subprocess
import sys

from programs.processes import wait_until
from tests.fixture import Repository

SERVER = "$ build/part01-one/server --port 10001 poem.txt > server.log &"
END = "$ kill $(jobs -p); wait"


class Pages(Repository):
    """check_readme.py as a program."""

    options = ()

    def page(self, *lines):
        """Writes a README of one block; a line `---` begins another block."""
        text = "\n".join(["# Title", "```console", *lines, "```", ""])
        return self.write("README.md", text.replace("\n---\n", "\n```\nWords.\n```console\n"))

    def check(self, *lines, **settings):
        return self.python("tools/house/check_readme.py", *self.options, self.page(*lines),
                           **settings)

    def assert_good(self, *lines):
        done = self.check(*lines)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def assert_bad(self, place, expected, got, *lines):
        self.assert_wrong(rf"README.md:{place}\n  expected: {expected}\n  got:      {got}\n",
                          *lines)

    def assert_wrong(self, pattern, *lines):
        done = self.check(*lines)
        self.assertEqual((done.returncode, done.stderr), (1, ""), done.stdout)
        self.assertRegex(done.stdout, pattern)


class Servers(Pages):
    """Ports, servers and their output; in our own network, if that is allowed here."""

    def test_a_server_and_its_clients(self):
        self.write("server.log", "mine")
        self.assert_good("$ ls *.*", "README.md  poem.txt", SERVER,
                         "$ build/part01-one/client 10001 10001",
                         "Got a poem from 127.0.0.1:10001 in 0:00:00.123456",
                         "line 1 of the poem, è", "...", "line 30 of the poem, è",
                         "Got a poem from 127.0.0.1:10001 in 0:00:00.123456", "...",
                         END, "$ cat server.log", "Serving poem.txt on 127.0.0.1:10001.",
                         "Somebody at 127.0.0.1:54321 wants poetry!",
                         "Somebody at 127.0.0.1:54321 wants poetry!", "$ rm server.log")
        self.assertEqual((self.root / "server.log").read_text(), "mine")

    def test_bash_itself_connects(self):
        self.assert_good(SERVER, "$ cat < /dev/tcp/127.0.0.1/10001 | head -n 1",
                         "line 1 of the poem, è", END)

    def test_a_port_that_nobody_has_is_refused(self):
        self.assert_good("$ build/part01-one/client 10099", "no poem from 127.0.0.1:10099",
                         "[status 1]")

    def test_a_port_that_is_taken(self):
        self.assert_good(SERVER, "$ build/part01-one/server --port 10001 poem.txt",
                         "cannot listen on 127.0.0.1:10001: Address already in use", "[status 1]", END)

    def test_kill_and_serve_again(self):
        self.assert_good(SERVER, "$ kill $!; wait", "$ build/part01-one/client 10001",
                         "no poem from 127.0.0.1:10001", "[status 1]", SERVER,
                         "$ build/part01-one/client 10001", "...", END)

    def test_a_collision_is_found(self):
        self.assert_wrong(r"README.md:4: .*server .*\nits port is taken", SERVER, SERVER, END)

    def test_what_is_left_running_is_found(self):
        self.assert_wrong(r"README.md:4: .*client.*\n.*server --port .*\nstill runs at the end",
                          SERVER, "$ build/part01-one/client 10001", "...")
        self.assert_wrong(r"README.md:3: sleep 1000\nsleep 1000 &\nstill runs", "$ sleep 1000 &")

    def test_after_a_failure_the_page_goes_on_in_a_new_shell(self):
        done = self.check(SERVER, "---", SERVER, "$ build/part01-one/client 10001", "...", END)
        self.assertIn("4 commands; 1 of 2 blocks differ", done.stdout)

    def test_a_server_that_does_not_serve(self):
        self.assert_wrong("it ended before it served",
                          "$ build/part01-one/client --port 10001 > client.log 2>&1 &", END)
        self.program("build/short", "import socket\n"
                     "socket.create_server(('', 10001)).accept()")
        self.assert_wrong("ended by itself", "$ build/short --port 10001 &",
                          "$ build/part01-one/client 10001", "...", "$ wait")

    def test_what_a_server_says_into_the_terminal_is_found(self):
        server = "$ build/part01-one/server --port 10001 poem.txt &"
        words = r"printed into the terminal .*in between .*:\n" \
                r"Serving poem.txt on 127.0.0.1:\d+\.\n"
        self.assert_wrong("README.md:3: .*\n.*\n.*" + words, server, END)
        self.assert_wrong("README.md:5: .*\n.*\n.*" + words, "$ echo one", "one", server,
                          "$ build/part01-one/client 10001", "...", END)

    def test_what_a_program_says_late_into_the_terminal_is_found(self):
        self.program("build/late", """
import socket
server = socket.create_server(("127.0.0.1", int(__import__("sys").argv[-1])))
client, _ = server.accept()
print("late", flush=True)
client.sendall(b"poem")
""")
        self.assert_wrong("README.md:4: .*\n.*late --port .*\n.*in between .*:\nlate\n",
                          "$ build/late --port 10001 &", "$ build/part01-one/client 10001", "...",
                          "$ kill $!")


class HeldPorts(Pages):
    """Some of these tests with replaced ports, as if our own network were not allowed."""

    options = ("--held-ports",)
    test_a_server_and_its_clients = Servers.test_a_server_and_its_clients
    test_a_port_that_nobody_has_is_refused = Servers.test_a_port_that_nobody_has_is_refused
    test_a_collision_is_found = Servers.test_a_collision_is_found
    test_in_a_new_shell = Servers.test_after_a_failure_the_page_goes_on_in_a_new_shell

    def test_the_ports_are_others(self):
        self.program("build/arguments", "import sys; print(*map(int, sys.argv[1:]), sep=' + ')")
        self.assert_good("$ build/arguments 10001 > server.log", "$ grep -c ^1000 server.log", "0",
                         "[status 1]", "$ cat server.log", "10001")


class Reading(Pages):
    """Tests that do not depend on ports."""

    def test_output_and_status(self):
        self.assert_good("$ echo one; echo two", "one", "two", "$ sh -c 'echo bad >&2; exit 3'",
                         "bad", "[status 3]", "$ true")
        self.assert_bad("3: echo one", "two", "one", "$ echo one", "two")
        self.assert_bad("3: echo one", r"\(nothing more\)", "one", "$ echo one")
        self.assert_bad(r"3: \(exit 2\)", r"\[status 0\]", r"\[status 2\]", "$ (exit 2)")
        self.assert_bad("5: false", r"\[status 0\]", r"\[status 1\]",
                        "$ echo one", "one", "$ false")

    def test_line_numbers_are_compared(self):
        self.assert_bad("3: echo at a.cpp:13", "at a.cpp:12", "at a.cpp:13",
                        "$ echo at a.cpp:13", "at a.cpp:12")

    def test_colours_are_not(self):
        self.assert_good("$ printf '\\033[0;32mgreen\\033[0m\\n'", "green")

    def test_it_is_typed_into_a_terminal(self):
        self.assert_good("$ test -t 0 && test -t 1 && test -t 2", "$ stty size", "24 80")

    def test_one_shell_for_all_blocks(self):
        self.assert_good("$ x=poem; cd build", "---", "$ echo $x; cd ..", "poem")

    def test_every_page_is_typed_twice(self):
        self.assert_wrong(r"README.md:7: mkdir poem\nThe second time that the page is typed:\n"
                          r"  expected: \(nothing more\)\n  got:      mkdir: ",
                          "$ true", "---", "$ mkdir poem")
        self.assert_good("$ mkdir poem", "---", "$ rmdir poem")

    def test_every_block_is_checked(self):
        done = self.check("$ echo a", "b", "---", "$ echo c", "c", "---", "$ echo c", "d")
        self.assertEqual(done.stdout.count("expected:"), 2)
        self.assertIn("3 commands; 2 of 3 blocks differ", done.stdout)

    def test_job_control(self):
        sleep = "$ sleep 1000 &"
        self.assert_good(sleep, sleep, "$ jobs | grep -c Running", "2", "$ kill -INT %1",
                         "$ kill %2; wait", "---", sleep, sleep, "$ kill %1 %2; wait",
                         "---", sleep, "$ kill -KILL $!; wait $!", "[status 137]", sleep, sleep,
                         END)
        self.assert_wrong("kill: %3: no such job", sleep, sleep, "$ kill %1 %3", END)

    def test_a_program_that_is_begun_and_ended_in_one_line(self):
        self.assert_good("$ sleep 0.01 & wait $!; echo $?", "0")

    def test_what_does_not_end(self):
        self.program("build/stubborn", "import signal\n"
                     "signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('up', flush=True)\n"
                     "signal.pause()\n")
        self.write("use.py", "import sys\nsys.path.insert(0, 'tools')\n"
                   "from house import check_readme, typist\n"
                   "typist.LIMIT = 0.5\n"
                   "sys.exit(check_readme.main(['README.md']))\n")
        self.page("$ build/stubborn", "up", "^C", "---", "$ true")
        done = self.python("use.py")
        self.assertIn("it did not end within 0.5 seconds; it said:\nup\n", done.stdout)
        self.assertIn("1 of 2 blocks differ", done.stdout)

    def test_ctrl_c(self):
        self.program("build/polite", """
import signal, sys
def leave(*_):
    print("Goodbye.", flush=True)
    sys.exit(4)
signal.signal(signal.SIGINT, leave)
print("Hello.", flush=True)
signal.pause()
""")
        self.assert_good("$ build/polite", "Hello.", "^CGoodbye.", "[status 4]",
                         "$ build/polite", "Hello.", "^C", "Goodbye.",
                         "$ sleep 1000", "^C", "$ sleep 1000", "^C", "[status 130]")
        self.assert_bad("3: build/polite", r"\[status 0\]", r"\[status 4\]",
                        "$ build/polite", "Hello.", "^CGoodbye.", "[status 0]")
        self.assert_bad("3: build/polite", "Good evening.", "Hello.",
                        "$ build/polite", "Good evening.", "^CGoodbye.")
        self.assert_bad("3: build/polite", "Bye.", "Goodbye.",
                        "$ build/polite", "Hello.", "^CBye.")

    def test_ctrl_c_where_we_ignore_it_ourselves(self):
        self.page("$ sleep 1000", "^C", "[status 130]")
        done = subprocess.run(["sh", "-c",
                               "trap '' INT; exec $0 tools/house/check_readme.py README.md",
                               sys.executable], cwd=self.root, stdout=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_build_root(self):
        (self.root / "build").rename(self.root / "other place")
        root = str(self.root / "other place")
        self.write("use.py", "import os, sys\nsys.path.insert(0, 'tools')\n"
                             f"os.environ['BUILD_ROOT'] = {root!r}\nfrom house import check_readme\n"
                             "sys.exit(check_readme.main(['README.md']))\n")
        self.program("other place/name", "import sys; print('I am', sys.argv[0])")
        self.page("$ build/name", "I am build/name")
        done = self.python("use.py")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_no_terminal(self):
        self.page("$ true")
        self.write("use.py", "import sys, pty\nsys.path.insert(0, 'tools')\n"
                             "from house import check_readme\n"
                             "def refuse(): raise OSError(2, 'none')\npty.openpty = refuse\n"
                             "sys.exit(check_readme.main(['README.md']))\n")
        done = self.python("use.py")
        self.assertEqual((done.returncode, done.stderr), (77, ""))
        self.assertEqual(done.stdout, "skipped: README.md: no terminal is available: none\n")

    def test_a_readme_that_shows_nothing(self):
        self.write("README.md", "```Console\n$ echo a\nb\n```\n")
        self.assertEqual(self.python("tools/house/check_readme.py", "README.md").returncode, 1)

    def test_a_tool_that_is_not_there(self):
        self.assertIn("skipped: ", self.assert_good("$ no-such-tool > x.log",
                                                        "$ cat x.log", "poem"))

    def test_what_cannot_be_read_or_started(self):
        done = self.check("output")
        self.assertEqual(done.returncode, 1)
        self.assertIn("README.md:3: output needs a command above it", done.stdout)
        done = self.check("$ build/part01-one/server --port 10001 &", "Serving")
        self.assertIn("README.md:4: a program in the background must print into a file", done.stdout)
        self.assert_wrong("No such file or directory", "$ build/part01-one/nothing")
        self.assert_wrong("the shell ended", "$ exit 2")


class NothingIsLeft(Pages):
    """No programs, networks or files are left behind."""

    def setUp(self):
        super().setUp()
        self.write("tmp/.keep", "")
        self.program("build/waiting", f"""
import os, time
with open({str(self.root / "told.new")!r}, "w") as told:
    print(os.getpid(), os.readlink("/proc/self/ns/net"), file=told)
os.rename({str(self.root / "told.new")!r}, {str(self.root / "told")!r})
time.sleep(1000)
""")

    def assert_nothing_left(self):
        pid, network = (self.root / "told").read_text().split()
        self.assertTrue(wait_until(lambda: not os.path.exists(f"/proc/{pid}")))
        if network != os.readlink("/proc/self/ns/net"):  # the last process may be about to end
            self.assertTrue(wait_until(lambda: network not in networks()))
        self.assertEqual(os.listdir(self.root / "tmp"), [".keep"])

    def test_after_a_failure(self):
        done = self.check("$ build/waiting &", "$ until [ -e build/../told ]; do :; done",
                          "$ false",
                          TMPDIR=str(self.root / "tmp"))
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assert_nothing_left()

    def test_after_a_signal(self):
        for options in ((), ("--held-ports",)):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(options=options, signal=number):
                    self.page("$ build/waiting &", "$ sleep 1000")
                    process = subprocess.Popen(
                        [sys.executable, "tools/house/check_readme.py", *options, "README.md"],
                        cwd=self.root, env=self.environment(TMPDIR=str(self.root / "tmp")))
                    self.assertTrue(wait_until((self.root / "told").exists))
                    process.send_signal(number)
                    self.assertEqual(process.wait(60), 128 + number)
                    self.assert_nothing_left()
                    (self.root / "told").unlink()


def networks():
    """The networks of all processes."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.add(os.readlink(f"/proc/{name}/ns/net"))
        except OSError:
            continue
    return found


class Demos(Repository):
    """check_readme.py --demo."""

    def check(self, text):
        return self.python("tools/house/check_readme.py", "--demo", self.write("demo", text))

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
