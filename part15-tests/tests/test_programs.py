"""test_poetry: two tests that pass, and four that fail as they should."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness
from testing.harness import run

TEST_POETRY = "part15-tests/test_poetry"


class TestPoetry(unittest.TestCase):
    def check_failure(self, name, message):
        """The variation fails; what it prints matches the message."""
        result = run(TEST_POETRY, "--no-skip", f"--test-case={name}")
        self.assertRegex(result.text, message)
        self.assertRegex(result.text, r"test cases: +1 \| +0 passed \| +1 failed \|")
        self.assertEqual((result.error_text, result.status), ("", 1))

    def test_the_two_tests_pass(self):
        result = run(TEST_POETRY)
        self.assertRegex(result.text, r"test cases: +2 \| +2 passed \| +0 failed \| 4 skipped")
        self.assertEqual((result.error_text, result.status), ("", 0))

    def test_the_wrong_poem(self):
        self.check_failure("the wrong poem", r'ERROR: CHECK\( poem == "another poem" \)'
                                             r"(?s:.*)the last byte tells")

    def test_a_port_that_is_not_closed(self):
        self.check_failure("a port that is not closed",
                           r"ERROR: the test left this behind: the port 127\.0\.0\.1:\d+\n")

    def test_a_deferred_that_is_not_returned(self):
        # The port closes before the poem arrives: the connection is lost, or never made.
        self.check_failure("a Deferred that is not returned",
                           r"ERROR: nobody took this report: Unhandled error in Deferred: "
                           r"\[Failure: Connect\w+: ")

    def test_a_deferred_that_never_fires(self):
        self.check_failure("a Deferred that never fires",
                           r"ERROR: the test failed: \[Failure: TimeoutError: "
                           r"the Deferred of the test has not fired in time\]")

    def test_one_that_fails_does_not_touch_the_others(self):
        result = run(TEST_POETRY, "--no-skip")
        self.assertRegex(result.text, r"test cases: +6 \| +2 passed \| +4 failed \|")
        self.assertEqual((result.error_text, result.status), ("", 1))


if __name__ == "__main__":
    harness.main()
