"""Names of ports, and the real ports."""

import contextlib
import socket
import unittest

from programs.ports import HeldPorts, Ports, bound_socket, port_listened_on


class Substituting(unittest.TestCase):
    """Which numbers in a command are ports, and how they are replaced."""

    def setUp(self):
        self.ports = Ports()
        self.addCleanup(self.ports.close)

    def test_a_server_is_told_zero_and_remembered(self):
        self.assertEqual(self.ports.substitute("server --port 10001"), ("server --port 0", 10001))
        self.ports.learn(10001, 40123)
        for command, real in [("client 10001", "client 40123"),
                              ("client localhost:10001", "client localhost:40123"),
                              ("client [::1]:10001", "client [::1]:40123")]:
            self.assertEqual(self.ports.substitute(command), (real, None))
        self.assertEqual(self.ports.substitute("other --port=10001"), ("other --port=40123", 10001))
        self.assertEqual(self.ports.with_names("from 127.0.0.1:40123, 1.40123 s, 401234"),
                         "from 127.0.0.1:10001, 1.40123 s, 401234")

    def test_a_proxy_has_two(self):
        self.ports.learn(10001, 40123)
        self.assertEqual(self.ports.substitute("proxy -p 10002 10001"), ("proxy -p 0 40123", 10002))

    def test_what_is_no_port(self):
        for command in ("client --num-bytes 10240", "client --num-bytes=10240", "client 100010",
                        "client poem-10001", "client 0.10001", "client 10001.txt", "client 11000",
                        "client 9999"):
            self.assertEqual(self.ports.substitute(command), (command, None))

    def test_a_name_that_nobody_serves_is_refused(self):
        real = int(self.ports.substitute("client 10099")[0].split()[1])
        self.assertEqual(self.ports.substitute("client 10099")[0], f"client {real}")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", real))
        with self.assertRaises(OSError), bound_socket(0) as other:
            other.bind(("127.0.0.1", real))
        self.assertEqual(self.ports.with_names(f":{real}"), ":10099")

    def test_a_server_that_comes_later_gets_the_same_port(self):
        real = self.ports.for_client(10001)
        self.assertEqual(self.ports.for_server(10001), real)
        with socket.create_server(("127.0.0.1", real)):
            self.ports.hold(10001)  # taken: nothing to do
        self.assertEqual(self.ports.for_client(10001), real)


class AsWritten(unittest.TestCase):
    """For people, a name is its own port if that port is free."""

    def test_free_and_taken(self):
        ports = Ports(as_written=True)
        self.addCleanup(ports.close)
        name = next(free_names())
        self.assertEqual(ports.substitute(f"server --port {name}"), (f"server --port {name}", name))
        self.assertEqual(ports.for_client(name), name)
        name = next(free_names())
        with socket.create_server(("127.0.0.1", name)):
            taken = Ports(as_written=True)
            self.addCleanup(taken.close)
            real = taken.for_server(name)
            self.assertNotIn(real, (0, name))
            self.assertEqual(taken.for_client(name), real)


class Held(unittest.TestCase):
    """Real ports for a page, held while it is read."""

    def test_a_name_is_refused_until_a_server_listens_and_again_after_it(self):
        with HeldPorts() as ports:
            command = ports.substitute("client 10001 localhost:10002 --num-bytes 10240")
            self.assertEqual(command, f"client {ports.real(10001)} localhost:{ports.real(10002)} "
                                      "--num-bytes 10240")
            where = "127.0.0.1", ports.real(10001)
            for _ in range(2):
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(where)
                with socket.create_server(where):  # with SO_REUSEADDR, as servers do
                    socket.create_connection(where).close()
            self.assertEqual(ports.with_names(f"127.0.0.1:{ports.real(10001)} 653"),
                             "127.0.0.1:10001 653")
        with bound_socket(where[1]):
            pass

    def test_the_port_of_a_server(self):
        for command, port in [("server --port 10001 poem", 10001), ("proxy -p 10002 10001", 10002),
                              ("proxy --port=10003 10001", 10003), ("client 10001", None),
                              ("server --port 0", None)]:
            self.assertEqual(port_listened_on(command), port)


def free_names():
    """Free ports between 10000 and 10999."""
    for name in range(10900, 11000):
        with contextlib.suppress(OSError):
            bound_socket(name).close()
            yield name


if __name__ == "__main__":
    unittest.main()
