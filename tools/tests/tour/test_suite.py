"""The count of test cases, and the report of ./tour test."""

import io
import json
import os
import unittest
from unittest import mock

from terminal.screen import Screen
from tests.fixture import Repository
from tour.suite import count, report


def result(name="a test", stdout="", stderr="", verdict="OK", returncode=0):
    """One line of Meson's log."""
    return {"name": name, "stdout": stdout, "stderr": stderr, "result": verdict,
            "returncode": returncode}


def doctest(passed, failed=0):
    """The last lines of doctest."""
    return (f"[doctest] doctest version is \"2.4.9\"\n"
            f"[doctest] test cases: {passed + failed:2} | {passed:2} passed | {failed} failed | "
            f"0 skipped\n[doctest] assertions: 9 | 9 passed | 0 failed |\n")


def unittest_ran(tests, verdict="OK"):
    """The last lines of unittest."""
    return f"{'.' * tests}\n{'-' * 70}\nRan {tests} test{'s' * (tests != 1)} in 0.5s\n\n{verdict}\n"


class Counting(unittest.TestCase):
    """count: test cases if they are known, otherwise tests."""

    def assert_counts(self, passed, failed, skipped, **log):
        counts = count(result(**log))
        self.assertEqual((counts["passed"], counts["failed"], counts["skipped"]),
                         (passed, failed, skipped))

    def test_plain(self):
        self.assert_counts(1, 0, 0)
        self.assert_counts(0, 1, 0, verdict="FAIL")
        self.assert_counts(0, 1, 0, verdict="TIMEOUT")
        self.assert_counts(0, 0, 1, verdict="SKIP")

    def test_doctest(self):
        self.assert_counts(12, 0, 0, stdout=doctest(12))
        self.assert_counts(3, 2, 0, stdout=doctest(3, 2), verdict="FAIL")
        self.assert_counts(0, 1, 0, stdout=doctest(0))

    def test_unittest(self):
        self.assert_counts(1, 0, 0, stderr=unittest_ran(1))
        self.assert_counts(5, 0, 2, stderr=unittest_ran(7, "OK (skipped=2)"))
        self.assert_counts(3, 3, 1, verdict="FAIL",
                           stderr=unittest_ran(7, "FAILED (failures=1, errors=2, skipped=1)"))
        self.assert_counts(0, 0, 2, stderr=unittest_ran(2, "OK (skipped=2)"), verdict="SKIP")

    def test_a_failure_after_the_last_case(self):
        self.assert_counts(12, 1, 0, stdout=doctest(12), verdict="FAIL")


class Reporting(unittest.TestCase):
    """report: the last lines, and the exit status."""

    def report(self, *results, status=0):
        stream = io.BytesIO()
        returned = report(results, status, Screen(stream))
        return returned, stream.getvalue().decode()

    def test_all_is_well(self):
        self.assertEqual(self.report(result(stdout=doctest(3)), result()),
                         (0, "4 passed, 0 failed\n"))

    def test_failures_are_shown(self):
        bad = result("bad", "this is why\n", "", "FAIL", 1)
        status, text = self.report(result(), bad, status=1)
        self.assertEqual((status, text), (1, "\n--- bad: fail, status 1\nthis is why\n"
                                             "1 passed, 1 failed\n"))

    def test_of_a_long_log_the_end_is_shown(self):
        log = "".join(f"line {number}\n" for number in range(500))
        _, text = self.report(result("bad", log, "", "FAIL", 1), status=1)
        self.assertIn("... (400 earlier lines)\nline 400\n", text)
        self.assertIn("line 499\n0 passed, 1 failed\n", text)

    @mock.patch("shutil.which", lambda name: name == "dnf")
    def test_what_was_skipped_and_what_is_missing(self):
        status, text = self.report(
            result("interop", "skipped: interop: Twisted is not installed\n", verdict="SKIP"),
            result("load", "the hard limit forbids it\n", verdict="SKIP"),
            result("part", "skipped: one: curl is not installed\n"
                           "skipped: two: Twisted is not installed\n",
                   unittest_ran(3, "OK (skipped=2)")))
        self.assertEqual((status, text), (0, """
Skipped tests, or parts of tests:
   2 x Twisted is not installed
   1 x curl is not installed
   1 x the hard limit forbids it
To install what is missing: dnf install curl python3-twisted

1 passed, 0 failed, 4 skipped
"""))

    def test_no_tests_is_a_failure(self):
        self.assertEqual(self.report(), (1, "No test ran.\n0 passed, 0 failed\n"))
        self.assertEqual(self.report(status=1)[0], 1)

    def test_meson_failed_though_no_test_did(self):
        status, text = self.report(result(), status=2)
        self.assertEqual((status, text), (1, "meson test ended with status 2.\n"
                                             "1 passed, 0 failed\n"))


class Running(Repository):
    """./tour test, with a fake Meson that only writes the log."""

    def setUp(self):
        super().setUp()
        self.write("log.json", json.dumps(result(stdout=doctest(3))))
        self.script("bin/meson", """echo "meson: $*"
[ "$1" = setup ] && { mkdir -p "$2"; cp -r build/* "$2"; exit 0; }
[ "$4" = --list ] && exit 0
mkdir -p "$3/meson-logs"
cp log.json "$3/meson-logs/testlog.json"
""")

    def test_it_counts(self):
        done = self.tour("test", "--suite", "common")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, "meson: test -C .*/build .*--suite common\n"
                                      "3 passed, 0 failed\n$")

    def test_some_tests_at_once_unless_somebody_says_how_many(self):
        at_once = f" --num-processes {3 * os.cpu_count()} "
        self.assertIn(at_once, self.tour("test", "common").stdout)
        self.assertNotIn("--num-processes", self.tour("test", "-j1").stdout)

    def test_another_build_directory(self):
        done = self.tour("test", "--build-dir", "build-sanitized", "deferred")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, "Setting up build-sanitized/ ...\n"
                                      "meson: test -C .*/build-sanitized .*deferred\n3 passed")

    def test_an_old_log_does_not_count(self):
        self.tour("test")
        self.script("bin/meson", "exit 1")
        done = self.tour("test")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stdout.endswith("No test ran.\n0 passed, 0 failed\n"))

    def test_list_runs_nothing(self):
        done = self.tour("test", "--list")
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("passed", done.stdout)


if __name__ == "__main__":
    unittest.main()
