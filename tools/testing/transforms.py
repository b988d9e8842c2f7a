"""The tests that all clients with a transform server share, whatever their version."""

import signal

from testing import clients
from testing.clients import connected, send_all, wait_until_it_catches
from testing.harness import Peer, Running, Server, listening, reset, run, unused_port

TRANSFORMEDPOETRY = "part12-transform/transformedpoetry"
CLOSED = "Connection was closed cleanly."
LOST = "Connection to the other side was lost in a non-clean fashion."
REFUSED = "Connection was refused by other side: 111: Connection refused."


class Transforms(clients.Downloads, clients.CommandLine):
    """`client` is the program. A transform server runs during the tests of the class."""

    def cummingsify_failed(self, reason):
        """Its output on stderr if a transform failed for this reason."""
        raise NotImplementedError

    def download_failed(self, name, reason):
        """Its output on stdout and on stderr if a download failed for this reason."""
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        cls.server = Server(TRANSFORMEDPOETRY)
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.words = (cls.server.port,)

    def shown(self, number, text):
        return text.decode().lower().encode() + b"\n"

    @property
    def usage(self):
        return "Usage: get-poetry [options] [host]:port-of-transforms [[host]:]port ...\n\n"

    def assert_not_transformed(self, server, reason, text=b"A Poem"):
        """Fails unless a poem stays untransformed with this transform server."""
        with Peer(text) as peer:
            result = run(self.client, server, peer.port)
        self.assertEqual((result.stdout, result.status), (text + b"\n", 0))
        self.assertEqual(result.error_text, self.cummingsify_failed(reason))

    # These replace the tests of the same names for all clients -----------------------------------

    def test_a_poem_is_bytes(self):
        self.assert_not_transformed(self.words[0], CLOSED, bytes(range(256)))

    def test_five_megabytes(self):
        with Peer(b"Verse " * 875_000) as peer:
            result = run(self.client, *self.words, peer.port)
        self.assertEqual((result.stdout, result.status), (peer.data + b"\n", 0))
        self.assertIn(result.error_text, map(self.cummingsify_failed, (CLOSED, LOST)))

    def test_a_fast_server_does_not_starve_the_others(self):
        with connected(self.client, 2, self.words) as (client, (fast, slow)):
            with clients.Flood(fast):
                send_all(slow, b"The End")  # returns when it was read, during the flood
            result = client.result()
        self.assertIn(b"the end\n", result.stdout)
        self.assertEqual(result.status, 0)

    # The tests of transforms ---------------------------------------------------------------------

    def test_the_longest_poem(self):
        room = 99_999 - len("cummingsify.")
        with Peer(b"P" * room) as peer:
            self.assert_got(run(self.client, *self.words, peer.port), b"p" * room)
        with Peer(b"P" * (room + 1)) as peer:
            result = run(self.client, *self.words, peer.port)
        self.assertEqual((result.stdout, result.status), (peer.data + b"\n", 0))
        self.assertIn(result.error_text, map(self.cummingsify_failed, (CLOSED, LOST)))

    def test_poem_server_refuses(self):
        with Peer(b"A Poem") as peer, unused_port() as port:
            stdout, stderr = self.download_failed("ConnectionRefusedError", REFUSED)
            self.assertEqual(run(self.client, *self.words, port, peer.port),
                             (b"a poem\n" + stdout.encode(), stderr.encode(), 1))

    def test_poem_server_resets(self):
        with connected(self.client, 1, self.words) as (client, (server,)):
            server.sendall(b"Half a Poem")
            reset(server)
            stdout, stderr = self.download_failed("ConnectionLost", LOST)
            self.assertEqual(client.result(), (stdout.encode(), stderr.encode(), 1))

    def test_transform_server_refuses(self):
        with unused_port() as port:
            self.assert_not_transformed(port, REFUSED)

    def test_transform_server_closes(self):
        with Peer() as server:
            self.assert_not_transformed(server.port, CLOSED)

    def test_transform_server_resets(self):
        with listening() as server, Peer(b"A Poem") as peer:
            with Running(self.client, server.getsockname()[1], peer.port) as client:
                connection, _ = server.accept()
                connection.recv(1)
                reset(connection)
                result = client.result()
        self.assertEqual((result.stdout, result.status), (b"A Poem\n", 0))
        self.assertEqual(result.error_text, self.cummingsify_failed(LOST))

    def test_transform_server_sends_no_netstring(self):
        with Peer(b"a poem", then="hang") as server:
            self.assert_not_transformed(server.port, CLOSED)

    def test_transform_server_sends_a_part(self):
        with Peer(b"6:a po") as server:
            self.assert_not_transformed(server.port, CLOSED)

    def test_transform_server_sends_two_replies(self):
        with Peer(b"5:first,6:second,") as server, Peer(b"A Poem") as peer:
            result = run(self.client, server.port, peer.port)
        self.assertEqual((result.stdout, result.status), (b"first\n", 0))
        self.assertRegex(result.error_text,
                         r"\AUnhandled Error: \[Failure: std::bad_optional_access: .*\]\n\Z")

    def test_transform_server_is_another_after_a_dot(self):
        with Server(TRANSFORMEDPOETRY) as server, Peer("É. A. Poe".encode()) as peer:
            for address in f"localhost:{server.port}", f":{server.port}":
                self.assertEqual(run(self.client, address, peer.port),
                                 ("é. a. poe\n".encode(), b"", 0))

    def test_ctrl_c_in_a_download(self):
        for number in signal.SIGINT, signal.SIGTERM:
            with connected(self.client, 1, self.words) as (client, (server,)):
                wait_until_it_catches(number, client)
                server.sendall(b"A part")
                client.send(number)
                stdout, stderr = self.download_failed("ConnectionLost", LOST)
                self.assertEqual(client.result(), (stdout.encode(), stderr.encode(), 1))

    def test_ctrl_c_in_a_transform(self):
        with listening() as server, Peer(b"A Poem") as peer:
            with Running(self.client, server.getsockname()[1], peer.port) as client:
                connection, _ = server.accept()
                with connection:
                    connection.recv(1)
                    client.send(signal.SIGINT)
                    result = client.result()
        self.assertEqual((result.stdout, result.status), (b"A Poem\n", 0))
        self.assertEqual(result.error_text, self.cummingsify_failed(LOST))

    def test_without_arguments_it_helps(self):
        asked_for = run(self.client, "--help")
        self.assertTrue(asked_for.text.startswith(self.usage), asked_for.text)
        for words in [], [10000]:
            self.assertEqual(run(self.client, *words), (asked_for.stdout + b"\n", b"", 0))
