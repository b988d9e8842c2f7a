"""Our programs and the real Twisted's understand each other: every server with every client.

Skipped where Twisted is not installed (Debian: python3-twisted).
"""

import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from testing import harness
from testing.harness import ROOT, Server, poem, run

HERE = Path(__file__).resolve().parent
POEMS = ("science.txt", "alla_sera.txt", "ecstasy.txt")


def python_with_twisted():
    """An interpreter that has Twisted, or None."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import twisted"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return python
    return None


PYTHON = python_with_twisted()


def peer(*arguments):
    """The arguments that start a program of twisted_peers.py through the harness."""
    return (PYTHON, HERE / "twisted_peers.py", *arguments)


class TwistedServer(Server):
    """A server on the real Twisted."""

    def __init__(self, *arguments):
        super().__init__(*peer(*arguments), "--port")


def our_server(what, argument):
    """One of our servers, by its name in twisted_peers.py."""
    program, *options = {
        "fast": ["part11-server/fastpoetry"],
        "slow": ["part01-blocking/slowpoetry", "--delay", "0.001"],
        "proxy": ["part14-proxy/poetry-proxy-2"],
        "proxy 3.0": ["part19-cancel/poetry-proxy"],
    }[what]
    return Server(program, *options, argument)


@unittest.skipUnless(PYTHON, "Twisted is not installed")
class Pairings(unittest.TestCase):
    """Each pairing transfers the same bytes, and ends."""

    def twisted_prints(self, *arguments):
        """The output of one of Twisted's clients."""
        return subprocess.run([str(word) for word in peer(*arguments)], stdout=subprocess.PIPE,
                              timeout=harness.LIMIT, check=True).stdout

    def twisted_gets(self, *ports):
        """The output of Twisted's client for the poems at these ports."""
        return self.twisted_prints("get", *ports)

    def test_their_client_our_servers(self):
        for what in ("fast", "slow"):
            for name in POEMS:
                with self.subTest(server=what, poem=name), \
                        our_server(what, f"poetry/{name}") as server:
                    self.assertEqual(self.twisted_gets(server.port), poem(name))

    def test_our_clients_their_servers(self):
        clients = ("part07-deferred/get-poetry", "part06-callbacks/get-poetry-1",
                   "part06-callbacks/get-poetry")
        for what in ("fast", "slow"):
            for name in POEMS:
                with TwistedServer(what, ROOT / "poetry" / name) as server:
                    for client in clients:
                        with self.subTest(server=what, poem=name, client=client):
                            result = run(client, server.port)
                            self.assertEqual(result.stdout, poem(name) + b"\n")
                            self.assertEqual(result.status, 0)
                    for client in ("part01-blocking", "part02-async-select",
                                   "part04-lowlevel-reactor", "part05-protocols"):
                        with self.subTest(server=what, poem=name, client=client):
                            result = run(f"{client}/get-poetry", server.port)
                            self.assertIn(f" {len(poem(name))} bytes of poetry", result.text)
                            self.assertEqual(result.status, 0)

    def test_proxies_between_them(self):
        name = "alla_sera.txt"
        for proxy in ("proxy", "proxy 3.0"):
            with self.subTest(proxy=proxy), \
                    TwistedServer("slow", ROOT / "poetry" / name) as upstream, \
                    our_server(proxy, upstream.port) as ours:
                for _ in range(2):
                    self.assertEqual(self.twisted_gets(ours.port), poem(name))
        with our_server("slow", f"poetry/{name}") as upstream, \
                TwistedServer("proxy", upstream.port) as theirs:
            for _ in range(2):
                self.assertEqual(run("part07-deferred/get-poetry", theirs.port).stdout,
                                 poem(name) + b"\n")

    def test_their_client_our_transform_server(self):
        with Server("part12-transform/transformedpoetry") as server:
            for name in POEMS:
                text = poem(name).decode()
                with self.subTest(poem=name):
                    self.assertEqual(self.twisted_prints("ask", server.port, f"cummingsify.{text}"),
                                     text.lower().encode())
            self.assertEqual(self.twisted_prints("ask", server.port, "shout.Poem"), b"")

    def test_our_clients_their_transform_server(self):
        clients = ("part13-nested", "part17-inline-callbacks", "part18-deferred-list")
        with TwistedServer("transform") as transforms:
            for name in POEMS:
                with TwistedServer("fast", ROOT / "poetry" / name) as server:
                    for client in clients:
                        with self.subTest(client=client, poem=name):
                            result = run(f"{client}/get-poetry", transforms.port, server.port)
                            self.assertEqual(result, (poem(name).decode().lower().encode() + b"\n",
                                                      b"", 0))
            self.assertEqual(run("part12-transform/transform-test", transforms.port).text,
                             "here is my poem\n")


if __name__ == "__main__":
    harness.main()
