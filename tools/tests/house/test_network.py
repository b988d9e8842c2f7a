"""A network of our own, if it is allowed."""

import os
import socket
import tempfile
import unittest
from pathlib import Path

from house.network import (enter_own_network, enter_own_network_with_files, own_files_are_allowed,
                           own_network_is_allowed, ports_listening)


class OwnNetwork(unittest.TestCase):
    """enter_own_network, in another process; and the ports with a listener."""

    def test_ports_that_are_listened_on(self):
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            ports = ports_listening(os.getpid())
            self.assertIn(server.getsockname()[1], ports)
            self.assertNotIn(bound.getsockname()[1], ports)
        self.assertEqual(ports_listening(0), set())

    @unittest.skipUnless(own_network_is_allowed(), "no network of our own is allowed here")
    def test_it_is_empty_and_works(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            child = os.fork()
            if not child:
                result = 1
                try:
                    enter_own_network()
                    with socket.create_server(("127.0.0.1", port)) as server:
                        socket.create_connection(server.getsockname()).close()
                        result = 0 if ports_listening(os.getpid()) == {port} else 2
                finally:
                    os._exit(result)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertIn(port, ports_listening(os.getpid()))

    @unittest.skipUnless(own_files_are_allowed(), "no files of our own are allowed here")
    def test_files_of_its_own(self):
        with tempfile.TemporaryDirectory() as scratch:
            there, own = Path(scratch, "there"), Path(scratch, "own")
            there.write_text("there", encoding="ascii")
            own.write_text("own", encoding="ascii")
            child = os.fork()
            if not child:
                result = 1
                try:
                    enter_own_network_with_files({there: own})
                    result = 0 if there.read_text(encoding="ascii") == "own" else 2
                finally:
                    os._exit(result)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertEqual(there.read_text(encoding="ascii"), "there")


if __name__ == "__main__":
    unittest.main()
