"""transformedpoetry, request by request, and transform-test."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness
from testing.clients import has_ipv6, wait_until_it_catches
from testing.harness import (LIMIT, ROOT, Peer, Running, Server, connect, fetch, listening, poem,
                             receive_all, reset, run, unused_port)

SERVER = "part12-transform/transformedpoetry"
CLIENT = "part12-transform/transform-test"
REQUEST, REPLY = b"27:cummingsify.HERE IS MY POEM,", b"15:here is my poem,"
LOST = "ConnectionLost: Connection to the other side was lost in a non-clean fashion."
NOT_UTF8 = "Unhandled Error: [Failure: UnicodeDecodeError: This is not UTF-8 text.]\n"


def netstring(payload):
    """The payload (text or bytes) as a netstring."""
    payload = payload.encode() if isinstance(payload, str) else payload
    return b"%d:%s," % (len(payload), payload)


def asking_for(text):
    """A request for a poem in lower case."""
    text = text.encode() if isinstance(text, str) else text
    return netstring(b"cummingsify." + text)


class Served(unittest.TestCase):
    """A test with its own server, which lives to the end and prints nothing unexpected."""

    says = ""  # its expected stderr

    def setUp(self):
        self.server = Server(SERVER)
        self.addCleanup(self.server.__exit__, None, None, None)
        self.port = self.server.port

    def assert_well(self):
        """Fails unless the server answers, ends cleanly, and has printed the expected lines."""
        self.assertEqual(fetch(self.port, REQUEST), REPLY)
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(self.server.stdout.decode(),
                         f"Serving transforms on 127.0.0.1:{self.port}.\n")
        self.assertEqual(self.server.stderr.decode(), self.says)

    def fetch(self, request):
        """The reply to a request. It is no error if the server closes without reading it all."""
        with connect(self.port) as client, contextlib.suppress(ConnectionError):
            client.sendall(request)
            return receive_all(client)
        return b""


class Requests(Served):
    def check(self, *pairs):
        """Each request has its reply, and then the connection is closed."""
        for request, reply in pairs:
            with self.subTest(request=request[:40]):
                self.assertEqual(self.fetch(request), reply)
        self.assert_well()

    def test_a_poem(self):
        self.check((REQUEST, REPLY))

    def test_byte_by_byte(self):
        with connect(self.port) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in REQUEST:
                client.sendall(bytes([byte]))
            self.assertEqual(receive_all(client), REPLY)
        self.assert_well()

    def test_names_that_no_transform_has(self):
        self.check(*[(netstring(request), b"") for request in (
            "frob.ABC", ".ABC", "HELLO", "", ".", "Cummingsify.ABC", " cummingsify.ABC",
            "cummingsify", "cummingsify\0.ABC", "transform.ABC", "__class__.ABC",
            "x" * 90_000 + ".ABC", b"\xff.ABC")])

    def test_the_first_dot_ends_the_name(self):
        self.check((b"12:cummingsify.,", b"0:,"), (b"17:cummingsify.A.B.C,", b"5:a.b.c,"),
                   (asking_for(".."), b"2:..,"))

    def test_what_is_no_netstring(self):
        self.check(*[(request, b"") for request in (
            b"abc:", b"-1:,", b"0" + REQUEST, b" 3:", b"3 :", b"\n", b":",
            b"27:cummingsify.HERE IS MY POEM;", b"26:cummingsify.HERE IS MY POEM,",
            b"100000:", b"123456", b"9" * 1000)])

    def test_the_limit(self):
        longest = b"A" * (99_999 - len("cummingsify."))
        self.check((asking_for(longest), netstring(longest.lower())),
                   (asking_for(longest + b"A"), b""))

    def test_a_part_waits_for_the_rest(self):
        with connect(self.port) as slow:
            slow.sendall(b"27:cummingsify.HERE")
            self.assertEqual(fetch(self.port, REQUEST), REPLY)  # no client waits for the slow one
            slow.sendall(b" IS MY POEM,")
            self.assertEqual(receive_all(slow), REPLY)
        self.assert_well()

    def test_all_that_came_at_once_is_answered(self):
        ab, cd = asking_for("AB"), asking_for("CD")
        self.check((ab + cd, b"2:ab,2:cd,"), (netstring("frob.ABC") + cd, b"2:cd,"),
                   (asking_for("A") * 100, b"1:a," * 100))

    def test_junk_after_a_request_does_no_harm(self):
        self.check((asking_for("AB") + b"junk", b"2:ab,"),
                   (REQUEST + b"\r\n", REPLY),  # as telnet sends it
                   (b"\r\n" + REQUEST, b""))

    def test_after_half_a_close(self):
        with connect(self.port) as client:
            client.sendall(REQUEST)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(client), REPLY)
        self.assert_well()


class Clients(Served):
    def test_two_hundred_at_once(self):
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(connect(self.port)) for _ in range(200)]
            for number, client in enumerate(clients):
                client.sendall(asking_for(f"POEM {number}"))
            for number, client in enumerate(clients):
                self.assertEqual(receive_all(client), netstring(f"poem {number}"))
        self.assert_well()

    def test_one_that_leaves_troubles_nobody(self):
        for request in b"", b"27:cummi", asking_for("A" * 90_000):
            for leave in socket.socket.close, reset:
                client = connect(self.port)
                client.sendall(request)
                leave(client)
                self.assertEqual(fetch(self.port, REQUEST), REPLY)
        self.assert_well()

    @unittest.skipUnless(shutil.which("nc"), "nc is not installed")
    def test_netcat(self):
        got = subprocess.run(["nc", "127.0.0.1", str(self.port)], input=REQUEST,
                             stdout=subprocess.PIPE, timeout=LIMIT, check=False)
        self.assertEqual(got.stdout, REPLY)
        self.assert_well()


class LowerCase(Served):
    def check(self, *pairs):
        """Each poem comes back as it should."""
        for upper, lower in pairs:
            with self.subTest(upper=upper[:20]):
                self.assertEqual(self.fetch(asking_for(upper)), netstring(lower))
        self.assert_well()

    def test_of_many_scripts(self):
        self.check(("À", "à"), ("ÄÖÜ ẞ", "äöü ß"), ("È LA SERA", "è la sera"),
                   ("ΠΟΊΗΜΑ", "ποίημα"), ("СТИХИ Ё", "стихи ё"), ("ԲԱՆ", "բան"), ("Ⅷ Ⓐ Ａ", "ⅷ ⓐ ａ"),
                   ("𐐀", "𐐨"), ("Ǆǅ", "ǆǆ"))

    def test_whole_alphabets(self):
        for first, last in (0xC0, 0x12F), (0x132, 0x17F), (0x386, 0x3FF), (0x400, 0x52F):
            letters = [chr(number) for number in range(first, last + 1) if chr(number).isalpha()]
            with self.subTest(first):
                self.assertEqual(self.fetch(asking_for(" ".join(letters))),
                                 netstring(" ".join(letter.lower() for letter in letters)))
        self.assert_well()

    def test_what_is_no_capital_stays(self):
        self.check(*[(text, text) for text in (
            "", "é è ß 123 .,:;", "诗歌", "شعر", "\0\r\n\t\x7f", "\u0080 \u07ff \u0800 \uffff",
            "\ud7ff \ue000 \ufffd \ufeff", "\U00010000 \U0010ffff 🜁", "e\u0301")])

    def test_letter_by_letter_only(self):
        # Full Unicode has two characters for the first, and another sigma at the end of a word.
        self.check(("İ", "i"), ("ΣΑΣ", "σασ"))

    def test_every_poem(self):
        self.check(*[(path.read_text("utf-8"), path.read_text("utf-8").lower())
                     for path in sorted((ROOT / "poetry").glob("*.txt"))])

    def test_a_reply_may_be_longer_than_a_request(self):
        count = (99_999 - len("cummingsify.")) // 2  # two bytes each; in lower case, three
        self.check(("Ⱥ" * count, "ⱥ" * count))

    def test_the_users_locale_changes_nothing(self):
        for name in "C", "POSIX", "tr_TR.UTF-8", "de_DE.ISO-8859-1", "nonsense", "":
            with mock.patch.dict(os.environ, LC_ALL=name, LANG=name), Server(SERVER) as server:
                self.assertEqual(fetch(server.port, asking_for("IÀ")), netstring("ià"))


class NotUtf8(Served):
    WRONG = [b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc2", b"\xc2A", b"\xc2\0\x80",
             b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xe2\x82", b"\xe2\x82A", b"\xed\xa0\x80",
             b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf",
             b"\xf0\x9f\x9c", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80",
             b"\xfe", b"\xff", "À".encode("latin-1"), "À".encode("utf-16")]

    def test_is_refused_and_said_so(self):
        for wrong in self.WRONG:
            for text in wrong, b"GOOD " + wrong, wrong + b" GOOD", "À".encode() + wrong:
                with self.subTest(text):
                    self.assertEqual(fetch(self.port, asking_for(text)), b"")
                    self.says += NOT_UTF8
        self.assert_well()

    def test_a_name_is_not_decoded(self):
        self.assertEqual(fetch(self.port, netstring(b"\xff.\xff")), b"")
        self.assert_well()


class TheServersCommandLine(unittest.TestCase):
    USAGE = "Usage: transformedpoetry [options]\n\n"

    def test_mistakes(self):
        for words, message in [
                (["10000"], "Bad arguments."), (["--port", "0", "x", "y"], "Bad arguments."),
                (["--x"], "no such option: --x"),
                (["--port", "abc"],
                 "option --port: invalid integer value: 'abc'")]:
            with self.subTest(words):
                result = run(SERVER, *words)
                self.assertEqual((result.stdout, result.status), (b"", 2))
                self.assertEqual(result.error_text,
                                 f"{self.USAGE}transformedpoetry: error: {message}\n")

    def test_help(self):
        result = run(SERVER, "--help")
        self.assertEqual((result.error_text, result.status), ("", 0))
        self.assertTrue(result.text.startswith(self.USAGE), result.text)

    def test_a_port_that_is_used(self):
        with Server(SERVER) as first:
            result = run(SERVER, "--port", first.port)
            self.assertEqual((result.stdout, result.status), (b"", 1))
            self.assertEqual(result.error_text,
                             "transformedpoetry: CannotListenError: Couldn't listen on "
                             f"localhost:{first.port}: 98: Address already in use.\n")
            self.assertEqual(fetch(first.port, REQUEST), REPLY)

    def test_interfaces(self):
        for iface, shown in [("", "0.0.0.0"), *([("::1", "[::1]")] if has_ipv6() else [])]:
            with self.subTest(iface), Server(SERVER, "--iface", iface) as server:
                self.assertIn(f" on {shown}:{server.port}.\n", server.stdout.decode())
                client = run(CLIENT, f"{shown}:{server.port}")
                self.assertEqual((client.text, client.status), ("here is my poem\n", 0))


class TransformTest(unittest.TestCase):
    USAGE = "Usage: transform-test [options] [[host]:]port [name [poem]]\n\n"

    def assert_failed(self, result, message):
        """Nothing on stdout, one line on stderr, status 1."""
        self.assertEqual((result.stdout, result.error_text, result.status),
                         (b"", f"transform-test: {message}\n", 1))

    def test_it_prints_the_reply(self):
        with Server(SERVER) as server:
            text = poem("alla_sera.txt").decode()
            for words, reply in [([], "here is my poem"), (["cummingsify"], "here is my poem"),
                                 (["cummingsify", "È LA SERA"], "è la sera"),
                                 (["cummingsify", ""], ""), (["cummingsify", text], text.lower())]:
                with self.subTest(words):
                    result = run(CLIENT, server.port, *words)
                    self.assertEqual((result.text, result.error_text, result.status),
                                     (reply + "\n", "", 0))
            for address in f"localhost:{server.port}", f":{server.port}":
                self.assertEqual(run(CLIENT, address).text, "here is my poem\n")

    def test_what_it_sends(self):
        for words, request in [([], REQUEST), (["a.b", "c d"], b"7:a.b.c d,"), (["x", ""], b"2:x.,"),
                               (["", "y"], b"2:.y,")]:
            with self.subTest(words), listening() as listener, \
                    Running(CLIENT, listener.getsockname()[1], *words) as client:
                connection, _ = listener.accept()
                with connection:
                    received = b""
                    while len(received) < len(request):
                        received += connection.recv(100)
                    connection.sendall(b"2:ok,")
                    received += receive_all(connection)  # the client closes when it has its reply
                self.assertEqual(received, request)
                self.assertEqual(client.result(), (b"ok\n", b"", 0))

    def test_a_reply_is_bytes(self):
        with Peer(netstring(bytes(range(256))) + b"1:2,junk") as peer:
            self.assertEqual(run(CLIENT, peer.port), (bytes(range(256)) + b"\n", b"", 0))

    def test_no_reply(self):
        with Server(SERVER) as server:
            for words in ["frob"], ["", ""], ["cummingsify", b"\xff"], ["cummingsify", "A" * 99_999]:
                self.assertRegex(run(CLIENT, server.port, *map(os.fsdecode, words)).error_text,
                                 "^transform-test: (NoReply|ConnectionLost): .*\n$")
        for data in b"", b"5:hell", b"hello", b"100000:":
            with self.subTest(data), Peer(data) as peer:
                self.assert_failed(run(CLIENT, peer.port),
                                   f"NoReply: {peer.address} has sent no reply.")

    def test_nobody_there(self):
        with unused_port() as port:
            self.assert_failed(run(CLIENT, port), "ConnectionRefusedError: Connection was refused "
                                                  "by other side: 111: Connection refused.")

    def test_a_reset(self):
        with Peer(b"5:he", "reset") as peer:
            self.assert_failed(run(CLIENT, peer.port), LOST)

    def test_ctrl_c(self):
        with Peer(then="hang") as peer, Running(CLIENT, peer.port) as client:
            peer.wait_for_clients(1)
            wait_until_it_catches(signal.SIGINT, client)
            client.send(signal.SIGINT)
            self.assert_failed(client.result(), LOST)

    def test_wrong_arguments(self):
        for words, message in [
                ([], "Provide a server's address, and then at most a name and a poem."),
                (["1", "a", "b", "c"],
                 "Provide a server's address, and then at most a name and a poem."),
                (["abc"], "A port must be an integer, not 'abc'"),
                (["70000"], "A port must be from 0 to 65535, not '70000'"),
                (["--x"], "no such option: --x")]:
            with self.subTest(words):
                result = run(CLIENT, *words)
                self.assertEqual((result.stdout, result.status), (b"", 2))
                self.assertEqual(result.error_text,
                                 f"{self.USAGE}transform-test: error: {message}\n")

    def test_help(self):
        result = run(CLIENT, "--help")
        self.assertEqual((result.error_text, result.status), ("", 0))
        self.assertTrue(result.text.startswith(self.USAGE), result.text)


if __name__ == "__main__":
    harness.main()
