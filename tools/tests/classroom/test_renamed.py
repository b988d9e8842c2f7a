"""Old names in an answer: they are found, and ./tour check prints the new ones."""

import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from classroom import commands, handout, renamed
from classroom.exercises import Exercise
from classroom.renamed import Renamed
from classroom.workshop import Workshop
from terminal.screen import Screen
from testing.harness import BUILD, ROOT

REACTOR = Renamed("common/reactor.hpp", "twist/loop/reactor.hpp")
FUNCTION = Renamed("call_when_idle", "call_later")
TYPE = Renamed("Promise", "Deferred")
ROWS = [REACTOR, FUNCTION, TYPE]
NAME = "7/timeout"  # an exercise in functions
PROGRAM = "7/which-server"


class Sources(unittest.TestCase):
    """Old names, and words that only look like them."""

    def test_names_that_are_used(self):
        for source, rows in [
                ('#include "common/reactor.hpp"\n', [REACTOR]),
                ('  #  include <common/reactor.hpp>\n', [REACTOR]),
                ("reactor->call_when_idle(1s, f);", [FUNCTION]),
                ("twist::Promise<int> p; call_when_idle();", [FUNCTION, TYPE])]:
            with self.subTest(source):
                self.assertEqual(renamed.used(ROWS, source), rows)

    def test_names_that_are_not(self):
        for source in ['// #include "common/reactor.hpp"\n', '#include "other/common/reactor.hpp"\n',
                       "call_when_idle_again(); MyPromise p;", "// call_when_idle\n",
                       "/* Promise\n call_when_idle */", 'say("a Promise");', "int unknown_name;"]:
            with self.subTest(source):
                self.assertEqual(renamed.used(ROWS, source), [])

    def test_only_if_the_compiler_names_one_of_them(self):
        source = '#include "common/reactor.hpp"\nint Promise;\n'
        said = "x.cpp:1:10: fatal error: common/reactor.hpp: No such file or directory"
        self.assertEqual(renamed.blamed(ROWS, source, said), [REACTOR, TYPE])
        self.assertEqual(renamed.blamed(ROWS, source, "x.cpp:2:1: error: MyPromise"), [])

    def test_the_table(self):
        with tempfile.TemporaryDirectory() as place:
            self.assertEqual(renamed.table(place), [])
            (Path(place) / "CHANGELOG.md").write_text(
                "# Changes\n\n| before | now |\n|---|---|\n| `a_b` | `c` |\n"
                "| `common/x.hpp` | `y/x.hpp` (Part 9 only) |\n\nText about `a` | `b`.\n")
            self.assertEqual(renamed.table(place), [("a_b", "c"), ("common/x.hpp", "y/x.hpp (Part 9 only)")])

    def test_by_hand(self):
        with tempfile.TemporaryDirectory() as place:
            old, new = Path(place, "old.cpp"), Path(place, "new.cpp")
            old.write_text('#include "common/tcp.hpp"\n#include "common/address.hpp"\n')
            new.write_text('#include "twist/net/tcp.hpp"\n')
            for file, status, said in [
                    (new, 0, ""),
                    (old, 1, f"{old}: common/address.hpp is called twist/net/address.hpp now "
                             f"(CHANGELOG.md).\n{old}: common/tcp.hpp is called "
                             "twist/net/connector.hpp or twist/net/port.hpp now (CHANGELOG.md).\n")]:
                done = subprocess.run([sys.executable, ROOT / "tools/classroom/renamed.py", file],
                                      stdout=subprocess.PIPE, encoding="utf-8", check=False)
                self.assertEqual((done.returncode, done.stdout), (status, said))


class Answers(unittest.TestCase):
    """The verdict of ./tour check on an answer with old names."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.my = Path(place.name)
        patch = mock.patch.object(commands.Classroom, "workshop", lambda *_: Workshop(ROOT, BUILD))
        patch.start()
        self.addCleanup(patch.stop)

    def check(self, name, *changes, words=(), lang="en"):
        """The output of the check for the starter with these changes."""
        part, _, last = name.partition("/")
        starter = next(ROOT.glob(f"part{int(part):02}-*/exercises/{last}/starter.cpp"))
        text = starter.read_text(encoding="utf-8")
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        answer = self.my / f"{name}.cpp"
        answer.parent.mkdir(exist_ok=True)
        answer.write_text(text, encoding="utf-8")
        out = io.BytesIO()
        out.isatty = lambda: False
        words = [name, "--my", str(self.my), "--lang", lang, *words]
        self.assertEqual(commands.main(ROOT, "check", words, Screen(out)), 1)
        return out.getvalue().decode()

    def test_an_old_include(self):
        old = ('"twist/deferred/deferred.hpp"', '"common/deferred.hpp"')
        self.assertRegex(self.check(NAME, old), r"(?m)"
                         r"^  ✗ It does not compile\. It uses old names:\n"
                         r"      common/deferred\.hpp is called twist/deferred/deferred\.hpp now\n?"
                         r" +\(CHANGELOG\.md\)\.\n"
                         r"      The compiler's first error:\n"
                         r"      .*error: '?common/deferred\.hpp'?")
        said = json.loads(self.check(NAME, old, words=["--json"]))["message"]
        self.assertEqual(said, "It does not compile. It uses old names: common/deferred.hpp is "
                               "called twist/deferred/deferred.hpp now (CHANGELOG.md).")
        said = "".join(self.check(NAME, old, lang="zh").split())
        self.assertIn("common/deferred.hpp现在叫twist/deferred/deferred.hpp"
                      "（见CHANGELOG.md）。编译器的第一个错误：", said)

    def test_two_old_includes_of_a_program(self):
        said = self.check(PROGRAM, ('"twist/net/connector', '"common/tcp'), ('"twist/net/', '"common/'), ('"twist/loop/', '"common/'))
        for line in ("common/tcp.hpp is called twist/net/connector.hpp or twist/net/port.hpp now",
                     "common/reactor.hpp is called twist/loop/reactor.hpp now"):
            self.assertIn(line, " ".join(said.split()))  # a long one is wrapped

    def test_an_old_function(self):
        row = Renamed("call_when_idle", "call_later")
        with mock.patch.object(renamed, "table", lambda root: [row]):
            said = self.check(NAME, ("return d;", "clock.call_when_idle();\n    return d;"))
        self.assertIn("      call_when_idle is called call_later now (CHANGELOG.md).\n"
                      "      The compiler's first error:\n", said)

    def test_an_unknown_name_adds_nothing(self):
        said = self.check(NAME, ("return d;", "return poem_that_is_nowhere;"))
        self.assertIn("It does not compile. The compiler's first error:\n", said)
        self.assertNotIn("CHANGELOG", said)


class Handout(unittest.TestCase):
    """A handout contains the table and the tool."""

    def test_the_table_is_in_it(self):
        with tempfile.TemporaryDirectory() as place:
            handout.write(ROOT, Path(place))
            self.assertEqual(renamed.table(place), renamed.table(ROOT))
            self.assertTrue((Path(place) / "tools/classroom/renamed.py").exists())


if __name__ == "__main__":
    unittest.main()
