"""The programs of ./tour bench work: every case has a result, every server serves the load."""

import dataclasses
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from bench import driver as bench
from testing import harness
from testing.harness import Peer, Server, run

FASTPOETRY = "part11-server/fastpoetry"
WARM_PROXY = "part14-proxy/poetry-proxy-2"
SCIENCE = "poetry/science.txt"
POEM = harness.poem("science.txt")


class CoreBench(unittest.TestCase):
    """bench/core-bench with a tiny size."""

    def test_it_lists_its_cases(self):
        result = run("bench/core-bench")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(re.findall(r"^  (\S+) +\S.*$", result.text, re.M), list(bench.CASES))

    def test_each_case_answers(self):
        for case in bench.CASES:
            with self.subTest(case):
                result = run("bench/core-bench", "--case", case, "--size", 1000, "--rounds", 1)
                self.assertRegex(result.text, rf"\Acase={case} ns=\d+ peak_kb=[1-9]\d*\n\Z", result)

    def test_a_wrong_case(self):
        result = run("bench/core-bench", "--case", "chain2")
        self.assertEqual(result.status, 2)
        self.assertIn("core-bench: error: There is no case 'chain2'.\n", result.error_text)


class Load(unittest.TestCase):
    """bench/load against all servers, and the errors that it must notice."""

    def load(self, port):
        return run("bench/load", "--clients", 8, "--poems", 40, port, SCIENCE)

    def assert_serves(self, name, *words):
        with Server(name, *words) as server:
            result = self.load(server.port)
            self.assertRegex(result.text, r"\A40 poems in 0:00:\S+\n\Z", result)

    def assert_refuses(self, peer, complaint):
        with peer:
            result = self.load(peer.port)
            self.assertEqual(result.status, 1, result)
            self.assertIn(complaint, result.error_text)

    def test_the_servers(self):
        for name in (FASTPOETRY, "bench/raw-epoll", "bench/bufferevent"):
            with self.subTest(name):
                self.assert_serves(name, SCIENCE)

    def test_the_proxies(self):
        with Server("bench/raw-epoll", SCIENCE) as upstream:
            for words in ([WARM_PROXY], ["bench/passing-proxy"],
                          ["bench/bufferevent", "--as", "proxy"],
                          ["bench/bufferevent", "--as", "pass"]):
                with self.subTest(words):
                    self.assert_serves(*words, upstream.port)

    def test_a_poem_too_short(self):
        self.assert_refuses(Peer(POEM[:-1]), f"A poem has {len(POEM) - 1} bytes, not {len(POEM)}.")

    def test_a_poem_too_long(self):
        self.assert_refuses(Peer(POEM + b"!"), f"A poem has {len(POEM) + 1} bytes, not")

    def test_another_poem(self):
        self.assert_refuses(Peer(POEM[:-2] + b"!\n"), "that is not the one in the file.")

    def test_a_poem_that_breaks_off(self):
        self.assert_refuses(Peer(POEM[:100], then="reset"), "A poem broke off")


class SlowPoems(unittest.TestCase):
    """bench/slow-poems, and the client on bare libevent."""

    def test_all_of_it_comes(self):
        with Server("bench/slow-poems", "--pieces", 5, "--interval", 0.01, SCIENCE) as server:
            result = run("bench/libevent-client", *[server.port] * 3)
        self.assertEqual((result.status, result.stdout), (0, 3 * (POEM + b"\n")), result)

    def test_a_poem_that_breaks_off(self):
        with Peer(POEM[:100], then="reset") as peer:
            self.assertEqual(run("bench/libevent-client", peer.port).status, 1)


class Tables(unittest.TestCase):
    """The arithmetic of ./tour bench."""

    def test_a_ratio_is_the_median_of_the_rounds(self):
        rows = bench.table("t", "µs", {"ours": [1, 2, 10], "theirs": [2, 2, 10]}, {"theirs": 1.2})
        self.assertEqual(rows, [("t: ours", "2.00 µs", "", ""),
                                ("  theirs", "2.00 µs", "ours is 1.000 × as fast", "≥ 1.20")])

    def test_nobody_is_always_the_first(self):
        self.assertEqual([bench.in_turn("abc", turn) for turn in (0, 1)],
                         [["a", "b", "c"], ["c", "b", "a"]])

    def test_beside_lazy_clients(self):
        effort = dataclasses.replace(bench.QUICK, rounds=1, large=8)
        with tempfile.TemporaryDirectory() as directory:
            measured = bench.Bench(harness.BUILD, Path(directory), effort)
            rows = [row for rows in measured.lazy() for row in rows]
        self.assertEqual([row[0] for row in rows],
                         ["server, 256 KiB: ours", f"  {bench.BESIDE}",
                          "warm proxy, 256 KiB: ours", f"  {bench.BESIDE}"])

    def test_poems_of_any_size(self):
        for size in (1, 3003, 262144):
            self.assertEqual(len(bench.verses(size)), size)

    def test_the_time_of_a_process(self):
        before = bench.processor_time(os.getpid())
        while bench.processor_time(os.getpid()) == before:
            pass


if __name__ == "__main__":
    harness.main()
