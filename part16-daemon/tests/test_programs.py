"""log, and fastpoetry in the foreground: their logs, signals, an inherited socket."""

import os
import re
import signal
import socket
import stat
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness
from testing.harness import Running, Server, connect, fetch, poem, program, receive_all, run

FASTPOETRY = "part16-daemon/fastpoetry"
SCIENCE = "poetry/science.txt"
USAGE = "Usage: fastpoetry [options] poetry-file\n\n"
STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} \[-\] ", re.MULTILINE)

# A parent like systemd: it listens, and gives the socket to what it becomes, as descriptor 3.
ACTIVATE = """
import os, socket, sys
kind, count, mine = sys.argv[1:4]
made = socket.create_server(("127.0.0.1", 0)) if kind == "tcp" else socket.socket()
os.dup2(made.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid() if mine == "mine" else 1), LISTEN_FDS=count)
os.execv(sys.argv[4], sys.argv[4:])
"""


def messages(log):
    """The lines of a log without their timestamps; each must have one."""
    lines = log.decode().splitlines()
    for line in lines:
        if not line.startswith("\t") and not STAMP.match(line):
            raise AssertionError(f"no time stamp: {line!r}")
    return [STAMP.sub("", line) for line in lines]


def activated(*arguments, kind="tcp", count="1", whose="mine"):
    """The arguments that start fastpoetry through ACTIVATE."""
    return (sys.executable, "-c", ACTIVATE, kind, count, whose, program(FASTPOETRY), *arguments)


class Case(unittest.TestCase):
    """A test with its own directory."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def file(self, name, data):
        """A new file that holds the data."""
        path = self.directory / name
        path.write_bytes(data)
        return path

    def wait_for(self, path, words, times=1):
        """Waits until the file exists and has these words `times` times."""
        self.assertTrue(harness.wait_until(
            lambda: path.exists() and path.read_bytes().count(words) >= times),
            f"{path.name} has no {times} times {words}")


class Log(Case):
    EXPECTED = ["This is a message.", "This is a message", "\tof two lines.",
                "Unhandled Error: [Failure: Exception: The page with Ecstasy is torn out.]",
                "Unhandled error in Deferred: "
                "[Failure: Exception: The page with Science is torn out.]"]

    def test_to_stdout(self):
        result = run("part16-daemon/log")
        self.assertEqual(messages(result.stdout), self.EXPECTED)
        self.assertEqual((result.error_text, result.status), ("", 0))

    def test_to_a_file_which_is_appended_to(self):
        path = self.directory / "log"
        for times in 1, 2:
            result = run("part16-daemon/log", "--logfile", path)
            self.assertEqual((result.stdout, result.error_text, result.status), (b"", "", 0))
            self.assertEqual(messages(path.read_bytes()), self.EXPECTED * times)

    def test_to_a_file_that_cannot_be(self):
        result = run("part16-daemon/log", "--logfile", self.directory)
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text, f"log: SystemError: Can't open the log "
                                            f"{self.directory}: 21: Is a directory.\n")


class Foreground(Case):
    def test_what_it_logs_from_start_to_end(self):
        for number in signal.SIGTERM, signal.SIGINT:
            with self.subTest(number), Server(FASTPOETRY, SCIENCE) as server:
                with connect(server.port) as client:
                    peer = client.getsockname()[1]
                    self.assertEqual(receive_all(client), poem("science.txt"))
                self.assertEqual(server.stop(number), 0)
                self.assertEqual(messages(server.stdout), [
                    f"loaded a poem from: {SCIENCE}",
                    f"PoetryFactory starting on 127.0.0.1:{server.port}",
                    f"sending 651 bytes of poetry to 127.0.0.1:{peer}",
                    f"Received {number.name}, shutting down.",
                    f"(TCP Port {server.port} Closed)",
                    "Main loop terminated.",
                    "Server Shut Down."])
                self.assertEqual(server.stderr, b"")

    def test_nodaemon_is_what_it_does_anyway(self):
        with Server(FASTPOETRY, "--nodaemon", SCIENCE) as server:
            self.assertEqual(fetch(server.port), poem("science.txt"))
            self.assertEqual(os.getpgid(server.pid), os.getpgid(0))

    def test_a_log_file(self):
        path = self.directory / "log"
        with Running(FASTPOETRY, "--port", 0, "--logfile", path, SCIENCE) as server:
            self.wait_for(path, b" starting on ")
            server.wait_for_its_loop()
            self.assertEqual(server.stop(), 0)
            self.assertEqual((server.stdout, server.stderr), (b"", b""))
        self.assertEqual(messages(path.read_bytes())[-1], "Server Shut Down.")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o022, 0)

    def test_a_pid_file(self):
        path = self.directory / "pid"
        with Server(FASTPOETRY, "--pidfile", path, SCIENCE) as server:
            self.assertEqual(path.read_text(), f"{server.pid}\n")
            second = run(FASTPOETRY, "--port", 0, "--pidfile", path, SCIENCE)
            self.assertEqual((second.stdout, second.status), (b"", 1))
            self.assertEqual(second.error_text, "fastpoetry: AlreadyRunningError: Another server "
                                                f"is running, PID {server.pid}.\n")
            self.assertEqual(fetch(server.port), poem("science.txt"))
            self.assertEqual(server.stop(), 0)
        self.assertFalse(path.exists())

    def test_a_client_in_the_middle_does_not_hold_up_the_end(self):
        big = bytes(8 * 1024 * 1024)
        with Server(FASTPOETRY, self.file("big", big)) as server, connect(server.port) as client:
            self.assertEqual(client.recv(1), big[:1])
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.stderr, b"")

    def test_an_ipv6_peer_prints_with_brackets(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("this machine has no IPv6")
        with Server(FASTPOETRY, "--iface", "::1", SCIENCE) as server:
            socket.create_connection(("::1", server.port), harness.LIMIT).close()
            server.wait_for_line(r".*sending 651 bytes of poetry to \[::1\]:\d+")


class Hangup(Case):
    """SIGHUP: the poem is read again, and the log is opened again."""

    def setUp(self):
        super().setUp()
        self.path = self.file("poem.txt", b"first version")

    def test_a_new_poem(self):
        with Server(FASTPOETRY, self.path) as server:
            self.path.write_bytes(b"second version")
            self.assertEqual(fetch(server.port), b"first version")
            server.send(signal.SIGHUP)
            server.wait_for_line(r".*Received SIGHUP, reloading\.\n"
                                 rf".*loaded a poem from: {self.path}")
            self.assertEqual(fetch(server.port), b"second version")
            self.assertEqual(server.stop(), 0)

    def test_who_is_being_served_gets_the_poem_with_which_he_began(self):
        first, second = b"1" * 8_000_000, b"2" * 8_000_000
        self.path.write_bytes(first)
        with Server(FASTPOETRY, self.path) as server, connect(server.port) as client:
            received = client.recv(1)
            self.path.write_bytes(second)
            server.send(signal.SIGHUP)
            server.wait_for_line(r".*SIGHUP.*\n.*loaded a poem.*")
            self.assertEqual(received + receive_all(client), first)
            self.assertEqual(fetch(server.port), second)

    def test_the_old_poem_stays_if_there_is_no_new_one(self):
        with Server(FASTPOETRY, self.path) as server:
            self.path.unlink()
            server.send(signal.SIGHUP)
            server.wait_for_line(rf".*\[-\] Can't read {self.path}: 2: No such file or directory\. "
                                 r"The old poem stays\.")
            self.assertEqual(fetch(server.port), b"first version")
            self.path.write_bytes(b"second version")
            server.send(signal.SIGHUP)
            server.wait_for_line(r"(?s:.*)SIGHUP(?s:.*)SIGHUP.*\n.*loaded a poem from: .*")
            self.assertEqual(fetch(server.port), b"second version")

    def test_the_old_poem_stays_if_the_new_one_would_keep_it_waiting(self):
        with Server(FASTPOETRY, self.path) as server:
            self.path.unlink()
            os.mkfifo(self.path)
            server.send(signal.SIGHUP)
            server.wait_for_line(rf".*\[-\] Can't read {self.path}: it is not a regular file\. "
                                 r"The old poem stays\.")
            self.assertEqual(fetch(server.port), b"first version")
            self.assertEqual(server.stop(), 0)
            self.assertEqual(messages(server.stdout)[-1], "Server Shut Down.")

    def test_a_log_that_was_moved_away(self):
        log, old = self.directory / "log", self.directory / "log.1"
        with Running(FASTPOETRY, "--port", 0, "--logfile", log, self.path) as server:
            self.wait_for(log, b" starting on ")
            server.wait_for_its_loop()
            log.rename(old)
            server.send(signal.SIGHUP)
            self.wait_for(log, b"")
            self.assertEqual(server.stop(), 0)
        self.assertEqual(messages(old.read_bytes())[-1], "Received SIGHUP, reloading.")
        self.assertEqual(messages(log.read_bytes())[0], f"loaded a poem from: {self.path}")

    def test_the_old_log_stays_if_there_can_be_no_new_one(self):
        log, old = self.directory / "log", self.directory / "log.1"
        with Running(FASTPOETRY, "--port", 0, "--logfile", log, self.path) as server:
            self.wait_for(log, b" starting on ")
            server.wait_for_its_loop()
            log.rename(old)
            log.mkdir()
            server.send(signal.SIGHUP)
            self.wait_for(old, b"loaded", 2)
            self.assertEqual(server.stop(), 0)
        self.assertIn("The old log stays: [Failure: SystemError: Can't open the log "
                      f"{log}: 21: Is a directory.]", messages(old.read_bytes()))

    def test_the_old_log_stays_if_the_new_one_would_keep_it_waiting(self):
        log, old = self.directory / "log", self.directory / "log.1"
        with Running(FASTPOETRY, "--port", 0, "--logfile", log, self.path) as server:
            self.wait_for(log, b" starting on ")
            server.wait_for_its_loop()
            log.rename(old)
            os.mkfifo(log)
            server.send(signal.SIGHUP)
            self.wait_for(old, b"loaded", 2)
            self.assertEqual(server.stop(), 0)
        self.assertIn(f"The old log stays: [Failure: SystemError: Can't open the log {log}: it is "
                      "neither a regular file nor a device like /dev/null.]",
                      messages(old.read_bytes()))


class Activation(Case):
    """A socket from a parent: LISTEN_PID, LISTEN_FDS."""

    STARTED = r".*PoetryFactory starting on 127\.0\.0\.1:(\d+)"

    def test_it_serves_on_the_socket_that_it_was_given(self):
        with harness.unused_port() as other:
            # --port is in use: listening there itself would fail.
            with Running(*activated("--port", other, SCIENCE)) as server:
                port = int(server.wait_for_line(self.STARTED).group(1))
                self.assertNotEqual(port, other)
                self.assertEqual(fetch(port), poem("science.txt"))
                self.assertEqual(server.stop(), 0)
                self.assertEqual(messages(server.stdout)[-1], "Server Shut Down.")
                self.assertEqual(server.stderr, b"")

    def test_a_socket_for_another_process_is_not_touched(self):
        with Running(*activated("--port", 0, SCIENCE, whose="another's")) as server:
            port = int(server.wait_for_line(self.STARTED).group(1))
            self.assertEqual(fetch(port), poem("science.txt"))
            kept = os.readlink(f"/proc/{server.pid}/fd/3")
            self.assertTrue(kept.startswith("socket:"), kept)
            self.assertEqual(server.stop(), 0)

    def test_several_sockets_are_an_error(self):
        with Running(*activated(SCIENCE, count="2")) as server:
            result = server.result()
            self.assertEqual((result.stdout, result.status), (b"", 1))
            self.assertEqual(result.error_text, "fastpoetry: Exception: This program can serve on "
                                                "one socket, but LISTEN_FDS=2.\n")

    def test_a_socket_that_does_not_listen_is_an_error(self):
        with Running(*activated(SCIENCE, kind="bare")) as server:
            result = server.result()
            self.assertEqual((result.stdout, result.status), (b"", 1))
            self.assertEqual(result.error_text, "fastpoetry: CannotListenError: Couldn't listen on "
                                                "descriptor 3: 22: Invalid argument.\n")


class Mistakes(Case):
    def check_usage_error(self, message, *arguments):
        """The usage, the message, and status 2."""
        result = run(FASTPOETRY, *arguments)
        self.assertEqual((result.stdout, result.status), (b"", 2))
        self.assertEqual(result.error_text, f"{USAGE}fastpoetry: error: {message}\n")

    def test_wrong_arguments(self):
        self.check_usage_error("Provide exactly one poetry file.")
        self.check_usage_error("Provide exactly one poetry file.", SCIENCE, SCIENCE)
        self.check_usage_error("No such file: nowhere.txt", "nowhere.txt")
        self.check_usage_error("Not a file but a directory: poetry", "poetry")
        self.check_usage_error("no such option: --x", "--x", SCIENCE)
        self.check_usage_error("option --port: invalid integer value: 'abc'",
                               "--port", "abc", SCIENCE)
        self.check_usage_error("Use --daemon or --nodaemon, not both.",
                               "--daemon", "--nodaemon", SCIENCE)
        self.check_usage_error("A daemon has no stdout to log to.",
                               "--daemon", "--logfile", "-", SCIENCE)

    def test_help(self):
        result = run(FASTPOETRY, "--help")
        self.assertEqual((result.error_text, result.status), ("", 0))
        for option in ("port", "iface", "nodaemon", "daemon", "logfile", "pidfile", "user"):
            self.assertIn(f"--{option}", result.text)

    def test_a_port_that_is_used(self):
        pidfile = self.directory / "pid"
        with Server(FASTPOETRY, SCIENCE) as first:
            result = run(FASTPOETRY, "--port", first.port, "--pidfile", pidfile, SCIENCE)
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text, "fastpoetry: CannotListenError: Couldn't listen on "
                                            f"localhost:{first.port}: 98: Address already in use.\n")
        self.assertFalse(pidfile.exists())

    @unittest.skipUnless(Path("/proc/self/mem").exists(), "this system has no /proc/self/mem")
    def test_a_poem_that_cannot_be_read_stops_it_before_anything_else(self):
        with harness.unused_port() as port:
            result = run(FASTPOETRY, "--port", port, "/proc/self/mem")
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text, "fastpoetry: SystemError: Can't read /proc/self/mem: "
                                            "5: Input/output error.\n")

    def test_what_is_not_a_regular_file_is_refused(self):
        fifo = self.directory / "fifo"
        os.mkfifo(fifo)
        for arguments, message in [
                ((fifo,), f"SystemError: Can't read {fifo}: it is not a regular file."),
                (("/dev/zero",), "SystemError: Can't read /dev/zero: it is not a regular file."),
                (("--logfile", fifo, SCIENCE), f"SystemError: Can't open the log {fifo}: it is "
                                               "neither a regular file nor a device like /dev/null."),
                (("--pidfile", fifo, SCIENCE), "Exception: Not a pid file, so it is left "
                                               f"alone: {fifo}")]:
            with self.subTest(arguments):
                result = run(FASTPOETRY, "--port", 0, *arguments)
                self.assertEqual((result.stdout, result.status), (b"", 1))
                self.assertEqual(result.error_text, f"fastpoetry: {message}\n")
        self.assertTrue(fifo.exists())

    def test_another_file_is_not_taken_for_a_pid_file(self):
        path = self.file("poem", b"Tyger, tyger")
        result = run(FASTPOETRY, "--port", 0, "--pidfile", path, SCIENCE)
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text, "fastpoetry: Exception: Not a pid file, so it is "
                                            f"left alone: {path}\n")
        self.assertEqual(path.read_bytes(), b"Tyger, tyger")


if __name__ == "__main__":
    harness.main()
