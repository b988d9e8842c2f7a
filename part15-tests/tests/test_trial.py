"""Each test of trial_failures fails, and its output names the reason."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness

EXPECTED = {
    "a REQUIRE in the chain": r"REQUIRE( 3 == 4 )",
    "a REQUIRE in a protocol": r"REQUIRE( prose == poetry )",
    "a failure": "the test failed: [Failure: Exception: no poem]",
    "never fired": "the Deferred of the test has not fired in time",
    "never torn down": "the Deferred of tear_down has not fired in time",
    "left behind": "the test left this behind: the port 127.0.0.1:",
    "left in a thread": "the test left this behind: a function that is called in a thread",
    "a report that nobody took":
        "nobody took this report: Unhandled Error: [Failure: Exception: from a timer]",
    "a forgotten failure":
        "nobody took this report: Unhandled error in Deferred: [Failure: Exception: forgotten]",
    "no failure where one is expected": "a failure was expected, but there is a value",
    "another failure than expected": "another failure was expected than [Failure: Exception",
}


class Failures(unittest.TestCase):
    """Every kind of failure is noticed, and its reason printed."""

    def test_each(self):
        for name, words in EXPECTED.items():
            with self.subTest(name):
                result = harness.run("part15-tests/trial_failures", f"--test-case={name}")
                self.assertEqual(result.status, 1, result)
                self.assertIn(words, result.text)
                self.assertIn("test cases: 1 | 0 passed | 1 failed", result.text)
                self.assertNotIn("not reached", result.text)

    def test_left_behind_names_the_timer_too(self):
        result = harness.run("part15-tests/trial_failures", "--test-case=left behind")
        self.assertRegex(result.text, r"the test left this behind: a call due in 3\d\d\d\.")

    def test_that_is_all_of_them(self):
        result = harness.run("part15-tests/trial_failures")
        self.assertIn(f"test cases: {len(EXPECTED)} | 0 passed | {len(EXPECTED)} failed",
                      result.text.replace("  ", " "))


if __name__ == "__main__":
    harness.main()
