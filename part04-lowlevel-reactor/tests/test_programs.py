"""The client on hand-made readers, and the one whose do_read waits."""

import os
import re
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import clients, harness
from testing.clients import SLOWPOETRY, connected, send_all
from testing.harness import Peer, Running, Server, listening, poem, reset, run, unused_port

CLIENT = "part04-lowlevel-reactor/get-poetry"
BROKEN = "part04-lowlevel-reactor/get-poetry-broken"
TIME = r"\d+:\d\d:\d\d(?:\.\d{6})?"
LOST = (r"\[Failure: ConnectionLost: Connection to the other side was lost in a non-clean "
        r"fashion\.\]")


def nonblocking(program):
    """For each socket of a program, whether it is non-blocking."""
    fds = Path(f"/proc/{program.pid}/fd")
    for fd in fds.iterdir():
        if os.readlink(fd).startswith("socket:"):
            info = (fds.parent / "fdinfo" / fd.name).read_text()
            yield bool(int(re.search(r"flags:\s*(\d+)", info).group(1), 8) & os.O_NONBLOCK)


class Client(clients.Downloads, clients.Interrupted, clients.CommandLine, unittest.TestCase):
    client = CLIENT
    complaint = f"Incomplete poem from .*: {LOST}\n"

    def shown(self, number, text):
        return f"\nTask {number}: {len(text)} bytes of poetry\n".encode()

    def test_what_it_tells(self):
        with connected(CLIENT, 2) as (client, (one, two)):
            for number, server, data in (2, two, b"a"), (1, one, b"bb"), (2, two, b"ccc"):
                server.sendall(data)
                client.wait_for_line(f"Task {number}: got {len(data)} bytes of poetry "
                                     rf"from 127\.0\.0\.1:{server.getsockname()[1]}")
            send_all(two, b"")
            client.wait_for_line("Task 2 finished")
            send_all(one, b"")
            result = client.result()
        self.assertRegex(result.text, "Task 2 finished\nTask 1 finished\n"
                                      "Task 1: 2 bytes of poetry\nTask 2: 4 bytes of poetry\n"
                                      f"Got 2 poems in {TIME}\n$")
        self.assertEqual((result.stderr, result.status), (b"", 0))

    def test_the_host_is_printed_as_it_was_given(self):
        with Peer(b"poem") as peer:
            self.assertIn(f"Task 1: got 4 bytes of poetry from localhost:{peer.port}\n",
                          run(CLIENT, f"localhost:{peer.port}").text)

    def test_no_socket_can_block(self):
        for program, all_of_them in (CLIENT, True), (BROKEN, False):
            with connected(program, 2) as (client, servers):
                clients.wait_until_it_catches(signal.SIGINT, client)
                self.assertEqual(all(nonblocking(client)), all_of_them)
                for server in servers:
                    server.close()
                client.result()

    def test_refused_ends_it_before_any_poem(self):
        with Peer(b"poem") as peer, unused_port() as port:
            result = run(CLIENT, peer.port, port)
        self.assertEqual(result.error_text, "get-poetry: ConnectError: Can't connect to "
                                            f"127.0.0.1:{port}: 111: Connection refused.\n")
        self.assertEqual((result.stdout, result.status), (b"", 1))

    def test_a_reset_is_not_the_end_of_a_poem(self):
        with connected(CLIENT, 2) as (client, (broken, whole)):
            port = broken.getsockname()[1]
            broken.sendall(b"half")
            client.wait_for_line("Task 1: got 4 bytes .*")
            reset(broken)
            client.wait_for_line(f"Incomplete poem from 127.0.0.1:{port}: {LOST}")
            send_all(whole, b"whole")
            result = client.result()
        self.assertRegex(result.text, "finished\nTask 2: 5 bytes of poetry\n"
                                      f"Got 1 poems in {TIME}\n$")
        self.assertNotIn("Task 1 finished", result.text)
        self.assertEqual(result.status, 1)

    def test_it_stops_when_the_last_one_is_lost(self):
        with Peer(then="reset") as peer:
            result = run(CLIENT, peer.port)
        self.assertRegex(result.text, f"^Got 0 poems in {TIME}\n$")
        self.assertEqual(result.status, 1)


class Broken(clients.CommandLine, unittest.TestCase):
    client = BROKEN

    def test_one_poem_after_the_other(self):
        names = ["science.txt", "fascination.txt", "alla_sera.txt"]
        arguments = ["--delay", "0.002", "--num-bytes", 10]
        servers = [Server(SLOWPOETRY, *arguments, f"poetry/{name}") for name in names]
        with servers[0], servers[1], servers[2]:
            result = run(BROKEN, *[server.port for server in servers])
        *tasks, last = result.text.splitlines()
        for number, (name, server) in enumerate(zip(names, servers), 1):
            size = len(poem(name))
            got = f"Task {number}: got {size} bytes of poetry from {server.address}"
            self.assertEqual(tasks[tasks.index(got) + 1], f"Task {number} finished")
            self.assertIn(f"Task {number}: {size} bytes of poetry", tasks)
        self.assertEqual(len(tasks), 9)
        self.assertRegex(last, f"^Got 3 poems in {TIME}$")
        self.assertEqual((result.stderr, result.status), (b"", 0))

    def test_while_it_waits_for_one_server_it_hears_no_other(self):
        with connected(BROKEN, 2) as (client, servers):
            for server in servers:
                server.sendall(b"a part")  # it reads one of the two, and waits for the rest
            for server in servers:
                server.sendall(b" and the rest")
                server.close()
            result = client.result()
        self.assertEqual(re.findall(r"got (\d+) bytes", result.text), ["19", "19"])

    def test_an_empty_poem(self):
        with Peer() as peer:
            self.assertIn("Task 1: got 0 bytes of poetry", run(BROKEN, peer.port).text)

    def test_a_reset(self):
        with listening() as listener, Running(BROKEN, listener.getsockname()[1]) as client:
            server, _ = listener.accept()
            server.sendall(b"half")
            reset(server)
            result = client.result()
        self.assertRegex(result.error_text, f"^Incomplete poem from .*: {LOST}\n$")
        self.assertEqual(result.status, 1)


if __name__ == "__main__":
    harness.main()
