"""The script `tour` on machines that lack something. All programs it finds are in one directory."""

import shutil
import subprocess
import sys

from tests.fixture import Repository

PLAIN = ["sh", "dirname", "cut", "paste", "mktemp", "tee", "tail", "rm", "env", "touch",
         "fold", "sed"]
ALL_OF_IT = {"apt": "g++ meson ninja-build pkg-config libevent-dev doctest-dev",
             "dnf": "gcc-c++ meson ninja-build pkgconf-pkg-config libevent-devel doctest-devel",
             "pacman": "gcc meson ninja pkgconf libevent doctest"}


class Setup(Repository):
    """`tour` with a PATH that contains only what a test puts there."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.root / "bin")
        (self.root / "bin").mkdir()
        for name in PLAIN:
            (self.root / "bin" / name).symlink_to(shutil.which(name))
        self.script("bin/python3", f'exec {sys.executable} "$@"')
        self.user(0)
        self.part("part01-one", "# Part 1: one\n$ echo this is one\n")

    def user(self, number):
        """Makes the user root (0) or another user."""
        self.script("bin/id", f"echo {number}")

    def tools(self, *names):
        """Adds the tools as if they were installed; `c++` finds every header if libevent is."""
        for name in names:
            self.script(f"bin/{name}", "exit 0")
        if "ninja" in names:
            self.script("bin/ninja", 'echo "ninja: no work to do."')

    def installer(self, name, then=""):
        """Adds a package manager that writes down its arguments."""
        self.script(f"bin/{name}", f'echo "$DEBIAN_FRONTEND {name} $*" >>log\n{then}')

    def run_tour(self, *words):
        done = subprocess.run([str(self.root / "tour"), *words], cwd="/", check=False,
                              env={"PATH": f"{self.root}/bin"}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                              timeout=600)
        log = self.root / "log"
        return done, log.read_text() if log.exists() else ""

    def test_nothing_is_missing(self):
        self.tools("c++", "meson", "ninja", "pkg-config")
        self.installer("apt-get")
        done, log = self.run_tour("1")
        self.assertEqual((done.returncode, done.stderr, log), (0, "", ""))
        self.assertIn("    this is one\n", done.stdout)

    def test_words_that_build_nothing_need_only_python(self):
        self.installer("apt-get")
        for word, status in [("help", 0), ("list", 0), ("21", 0), ("frob", 2), ("99", 2)]:
            done, log = self.run_tour(word)
            self.assertEqual((done.returncode, log), (status, ""), word)

    def installs(self):
        """The fake installer's work, after which nothing is missing."""
        made = " ".join(f'printf "#!/bin/sh\\nexit 0\\n" >bin/{name}; chmod +x bin/{name};'
                        for name in ("c++", "meson", "pkg-config"))
        (self.root / "bin/chmod").symlink_to(shutil.which("chmod"))
        return f'{made} printf "#!/bin/sh\\necho no work to do\\n" >bin/ninja; chmod +x bin/ninja'

    def test_apt(self):
        self.installer("apt-get", self.installs())
        done, log = self.run_tour()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(log, "noninteractive apt-get update\nnoninteractive apt-get install -y "
                              f"--no-install-recommends {ALL_OF_IT['apt']}\n")
        self.assertIn(ALL_OF_IT["apt"], " ".join(done.stdout.split()))
        self.assertLess(max(map(len, done.stdout.splitlines())), 80)
        self.assertIn("    this is one\n", done.stdout)

    def test_dnf_and_pacman(self):
        for name, words, word in [("dnf", "install -y", "test"),
                                  ("pacman", "-S --needed --noconfirm", "predict")]:
            with self.subTest(name):
                self.installer(name, self.installs())
                done, log = self.run_tour(word)
                self.assertEqual(log, f"noninteractive {name} {words} {ALL_OF_IT[name]}\n")
                self.assertNotIn("tour:", done.stderr)
                for file in (name, "c++", "meson", "pkg-config", "ninja", "chmod", "../log"):
                    (self.root / "bin" / file).unlink()

    def test_only_what_is_missing(self):
        self.tools("c++", "ninja", "pkg-config")
        self.installer("apt-get")
        done, log = self.run_tour()
        self.assertTrue(log.endswith("--no-install-recommends meson\n"))
        self.assertEqual((done.returncode, done.stderr),
                         (1, "tour: still missing, or too old: meson\n"))

    def test_sudo(self):
        self.user(1000)
        self.installer("apt-get", self.installs())
        self.script("bin/sudo", 'echo sudo >>log; exec "$@"')
        (self.root / "bin/true").symlink_to(shutil.which("true"))
        done, log = self.run_tour()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(log.startswith("sudo\nsudo\nnoninteractive apt-get update\n"), log)

    def test_who_may_not_install_is_told_what_to_run(self):
        self.user(1000)
        self.installer("apt-get")
        done, log = self.run_tour()
        self.assertEqual((done.returncode, done.stdout, log), (1, "", ""))
        self.assertEqual(done.stderr, "tour: some packages are missing. As root, run apt-get "
                         f"update && apt-get install -y --no-install-recommends {ALL_OF_IT['apt']}; "
                         "then run ./tour again.\n")

    def test_an_unknown_package_manager(self):
        done, _ = self.run_tour()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"install what Debian calls {ALL_OF_IT['apt']};", done.stderr)

    def test_an_installation_that_fails(self):
        self.installer("apt-get", "echo no such package; exit 100")
        done, _ = self.run_tour()
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such package\n", done.stderr)

    def test_python_is_missing(self):
        (self.root / "bin/python3").unlink()
        self.installer("pacman")
        _, log = self.run_tour("help")
        self.assertEqual(log, "noninteractive pacman -S --needed --noconfirm python\n")
