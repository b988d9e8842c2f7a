"""fastpoetry as a daemon: how it detaches, what it leaves behind, and its user."""

import contextlib
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from programs import processes
from test_programs import FASTPOETRY, activated, messages
from testing import harness
from testing.harness import LIMIT, ROOT, Server, connect, fetch, poem, program, run, wait_until

SCIENCE = "poetry/science.txt"
IS_ROOT = os.geteuid() == 0
NOBODY = "nobody"


def status_lines(pid):
    """/proc/PID/status as a dictionary."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def is_alive(pid):
    """Whether the process runs; a zombie does not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return status_lines(pid)["State"][0] != "Z"
    return False


class DaemonCase(unittest.TestCase):
    """A test whose daemons become our children when they leave their parents, and end with it;
    see leaving_nothing_behind() below."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.addCleanup(processes.end_descendants)
        self.directory = Path(directory.name)
        self.directory.chmod(0o777)
        self.log, self.pidfile = self.directory / "log", self.directory / "pid"

    def run_daemon(self, *arguments, poetry_file=SCIENCE):
        """Runs the command that starts a daemon, until it ends."""
        return run(FASTPOETRY, "--daemon", "--port", 0, "--logfile", self.log,
                   "--pidfile", self.pidfile, *arguments, poetry_file)

    def start(self, *arguments, poetry_file=SCIENCE):
        """Starts a daemon; its pid and its port."""
        result = self.run_daemon(*arguments, poetry_file=poetry_file)
        self.assertEqual((result.text, result.error_text, result.status), ("", "", 0))
        return self.pid(), self.port()

    def pid(self):
        """The daemon's pid, from its file."""
        return int(self.pidfile.read_text())

    def port(self):
        """Its port, from the log. It is there as soon as the command has ended."""
        return int(re.search(r" starting on \S+:(\d+)\n", self.log.read_text()).group(1))

    def status_of(self, pid):
        """Waits for the end of a daemon; its status."""
        ended = []

        def has_ended():
            ended[:] = os.waitpid(pid, os.WNOHANG)
            return ended[0] == pid

        self.assertTrue(wait_until(has_ended), f"{pid} has not ended")
        return ended[1]

    def check_nothing_is_left(self):
        """No pid file, and no process."""
        self.assertFalse(self.pidfile.exists())
        self.check_processes(set())

    def check_processes(self, pids):
        """Only these are left. (An ending process stays visible for a moment.)"""
        wait_until(lambda: processes.descendants() == pids)
        self.assertEqual(processes.descendants(), pids)


class Life(DaemonCase):
    def test_the_command_ends_when_the_daemon_serves(self):
        pid, port = self.start()
        self.assertEqual(fetch(port), poem("science.txt"))
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(self.status_of(pid), 0)
        self.check_nothing_is_left()
        log = messages(self.log.read_bytes())
        self.assertRegex(log.pop(2), r"^sending 651 bytes of poetry to 127\.0\.0\.1:\d+$")
        self.assertEqual(log, [f"loaded a poem from: {ROOT / SCIENCE}",
                               f"PoetryFactory starting on 127.0.0.1:{port}",
                               "Received SIGTERM, shutting down.",
                               f"(TCP Port {port} Closed)",
                               "Main loop terminated.", "Server Shut Down."])

    def test_it_has_left_everything_that_it_came_from(self):
        pid, _ = self.start()
        ours = Path("/proc") / str(pid)
        self.assertEqual(int(status_lines(pid)["PPid"][0]), os.getpid())  # we reap orphans here
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        self.assertNotEqual(os.getsid(pid), pid)  # it leads no session, so it can get no terminal
        self.assertFalse(is_alive(os.getsid(pid)))
        self.assertEqual(ours.joinpath("stat").read_text().rpartition(")")[2].split()[4], "0")
        self.assertEqual(os.readlink(ours / "cwd"), "/")
        self.assertEqual(status_lines(pid)["Umask"], ["0022"])
        self.assertEqual([os.readlink(ours / "fd" / str(fd)) for fd in range(3)],
                         ["/dev/null", str(self.log), str(self.log)])

    def test_the_command_may_have_no_standard_streams(self):
        subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", program(FASTPOETRY), "--daemon",
                        "--port", "0", "--logfile", self.log, "--pidfile", self.pidfile,
                        ROOT / SCIENCE], timeout=LIMIT, check=True)
        pid = self.pid()
        self.assertEqual(fetch(self.port()), poem("science.txt"))
        self.assertEqual([os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)],
                         ["/dev/null", str(self.log), str(self.log)])

    def test_signals_count_from_the_moment_at_which_the_command_ends(self):
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT) * 5:
            pid, port = self.start()
            os.kill(pid, number)
            if number == signal.SIGHUP:
                self.assertEqual(fetch(port), poem("science.txt"))
                os.kill(pid, signal.SIGTERM)
            self.assertEqual(self.status_of(pid), 0)
            self.check_nothing_is_left()
            self.log.unlink()

    def test_relative_paths_are_those_of_the_command(self):
        subprocess.run([program(FASTPOETRY), "--daemon", "--port", "0", ROOT / SCIENCE],
                       cwd=self.directory, stdin=subprocess.DEVNULL, timeout=LIMIT, check=True)
        self.log, self.pidfile = (self.directory / f"fastpoetry.{end}" for end in ("log", "pid"))
        pid = self.pid()
        self.assertEqual(fetch(self.port()), poem("science.txt"))
        self.log.rename(self.directory / "old")
        os.kill(pid, signal.SIGHUP)
        self.assertTrue(wait_until(self.log.exists))
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(self.status_of(pid), 0)
        self.check_nothing_is_left()

    def test_after_a_new_log_stderr_goes_there_too(self):
        pid, _ = self.start()
        self.log.rename(self.directory / "old")
        os.kill(pid, signal.SIGHUP)
        self.assertTrue(wait_until(lambda: self.log.exists() and b"loaded" in self.log.read_bytes()))
        self.assertEqual(os.readlink(f"/proc/{pid}/fd/2"), str(self.log))

    def test_on_a_socket_that_it_was_given(self):
        with harness.Running(*activated("--daemon", "--logfile", self.log, "--pidfile",
                                        self.pidfile, SCIENCE)) as command:
            self.assertEqual(command.result(), (b"", b"", 0))
        self.assertEqual(fetch(self.port()), poem("science.txt"))


class OneAtATime(DaemonCase):
    def test_a_second_one_names_the_first(self):
        pid, port = self.start()
        second = self.run_daemon()
        self.assertEqual((second.stdout, second.status), (b"", 1))
        self.assertEqual(second.error_text, "fastpoetry: AlreadyRunningError: Another server is "
                                            f"running, PID {pid}.\n")
        self.assertEqual(self.pid(), pid)
        self.check_processes({pid})
        self.assertEqual(fetch(port), poem("science.txt"))

    def test_a_file_that_a_killed_one_left_is_replaced(self):
        pid, _ = self.start()
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(self.status_of(pid), signal.SIGKILL)
        self.assertEqual(self.pid(), pid)
        again, _ = self.start()
        self.assertNotEqual(again, pid)
        self.assertTrue(is_alive(again))

    def test_a_number_that_somebody_else_has_now_is_stale_too(self):
        self.pidfile.write_text(f"{os.getpid()}\n")
        pid, _ = self.start()
        self.assertNotEqual(pid, os.getpid())

    def test_of_many_at_once_one_starts(self):
        commands = [harness.Running(FASTPOETRY, "--daemon", "--port", 0, "--logfile", self.log,
                                    "--pidfile", self.pidfile, SCIENCE) for _ in range(8)]
        with contextlib.ExitStack() as stack:
            results = [stack.enter_context(command).result() for command in commands]
        self.assertEqual(sorted(result.status for result in results), [0] + [1] * 7)
        self.check_processes({self.pid()})

    def test_a_pid_file_that_is_no_longer_its_own_stays(self):
        pid, _ = self.start()
        self.pidfile.unlink()
        self.pidfile.write_text("4711\n")
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(self.status_of(pid), 0)
        self.assertEqual(self.pidfile.read_text(), "4711\n")


class FailedStarts(DaemonCase):
    """The message is on the terminal, the status 1; no pid file and no process is left."""

    def check_failure(self, result, message):
        """The failure, and that it leaves nothing behind."""
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text, f"fastpoetry: {message}\n")
        self.check_nothing_is_left()

    def test_a_port_that_is_used(self):
        with Server(FASTPOETRY, SCIENCE) as first:
            result = self.run_daemon("--port", first.port)
        self.check_failure(result, f"CannotListenError: Couldn't listen on localhost:{first.port}: "
                                   "98: Address already in use.")
        self.assertFalse(self.log.exists())

    def test_a_log_that_cannot_be(self):
        result = self.run_daemon("--logfile", self.directory)
        self.check_failure(result, f"SystemError: Can't open the log {self.directory}: "
                                   "21: Is a directory.")

    def test_a_log_that_would_keep_it_waiting(self):
        os.mkfifo(self.log)
        self.check_failure(self.run_daemon(), f"SystemError: Can't open the log {self.log}: it is "
                                              "neither a regular file nor a device like /dev/null.")

    def test_a_pid_file_that_cannot_be(self):
        result = self.run_daemon("--pidfile", "/nowhere/pid")
        self.check_failure(result, "SystemError: Can't make the pid file /nowhere/pid: "
                                   "2: No such file or directory.")

    def test_a_user_that_there_is_not(self):
        result = self.run_daemon("--user", "no-such-user")
        self.check_failure(result, "Exception: There is no user no-such-user here.")

    def test_a_directory_that_has_gone(self):
        gone = self.directory / "gone"
        gone.mkdir()
        with harness.Running("/bin/sh", "-c", f'cd {gone}; rmdir {gone}; exec "$@"', "sh",
                             program(FASTPOETRY), "--daemon", ROOT / SCIENCE) as command:
            self.check_failure(command.result(), "cannot make absolute path fastpoetry.log: "
                                                 "2: No such file or directory.")

    @unittest.skipUnless(Path("/proc/self/mem").exists(), "this system has no /proc/self/mem")
    def test_a_poem_that_cannot_be_read(self):
        result = self.run_daemon(poetry_file="/proc/self/mem")
        self.check_failure(result, "SystemError: Can't read /proc/self/mem: "
                                   "5: Input/output error.")

    def test_a_command_that_was_ended_takes_the_daemon_with_it(self):
        # The daemon hangs at its first line in the log: that needs the local time, and reading a
        # time zone from a FIFO waits for its other end.
        zone = self.directory / "zone"
        os.mkfifo(zone)
        with mock.patch.dict(os.environ, TZ=f":{zone}"), \
                harness.Running(FASTPOETRY, "--daemon", "--port", 0, "--logfile", self.log,
                                "--pidfile", self.pidfile, SCIENCE) as command:
            self.assertTrue(wait_until(self.log.exists))
            pid = self.pid()
            self.assertEqual(command.stop(signal.SIGINT), 128 + signal.SIGINT)
            self.assertTrue(is_alive(pid))
            self.assertEqual(self.log.read_bytes(), b"")
            zone.write_bytes(b"")
        self.assertEqual(self.status_of(pid), 0)
        self.assertIn(b"The process that started the daemon has ended: 32: Broken pipe.",
                      self.log.read_bytes())
        self.check_nothing_is_left()


class Users(DaemonCase):
    @unittest.skipUnless(IS_ROOT, "only root can become somebody else")
    def test_root_becomes_nobody_and_keeps_its_port(self):
        nobody = pwd.getpwnam(NOBODY)
        pid, port = self.start("--user", NOBODY)
        status = status_lines(pid)
        self.assertEqual(status["Uid"], [str(nobody.pw_uid)] * 4)
        self.assertEqual(status["Gid"], [str(nobody.pw_gid)] * 4)
        self.assertEqual(set(map(int, status["Groups"])),
                         set(os.getgrouplist(NOBODY, nobody.pw_gid)))
        for capabilities in "CapPrm", "CapEff", "CapInh", "CapAmb":
            self.assertEqual(int(status[capabilities][0], 16), 0)
        self.assertEqual(self.log.stat().st_uid, nobody.pw_uid)  # so the user can open it again
        self.assertEqual(self.pidfile.stat().st_uid, 0)
        self.assertEqual(fetch(port), poem("science.txt"))
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(self.status_of(pid), 0)
        self.check_nothing_is_left()  # here the user nobody may remove the file

    @unittest.skipUnless(IS_ROOT, "only root can become somebody else")
    def test_where_nobody_may_not_remove_the_pid_file_it_is_emptied(self):
        run_directory = self.directory / "run"
        run_directory.mkdir(0o755)
        self.pidfile = run_directory / "pid"
        pid, _ = self.start("--user", NOBODY)
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(self.status_of(pid), 0)
        self.assertEqual(self.pidfile.read_text(), "")
        self.log.unlink()
        self.start("--user", NOBODY)

    @unittest.skipUnless(IS_ROOT, "only root can become somebody else")
    def test_a_log_that_nobody_may_not_write_stops_the_start(self):
        closed = self.directory / "closed"
        closed.mkdir(0o755)
        result = self.run_daemon("--user", NOBODY, "--logfile", closed / "log")
        self.assertEqual(result.error_text, "fastpoetry: SystemError: Can't open the log "
                                            f"{closed / 'log'}: 13: Permission denied.\n")
        self.assertEqual(result.status, 1)
        self.check_nothing_is_left()

    @unittest.skipUnless(IS_ROOT, "only root could become root")
    def test_becoming_root_gives_nothing_up(self):
        result = self.run_daemon("--user", "root")
        self.assertEqual(result.error_text, "fastpoetry: Exception: As the user root the program "
                                            "would still be root.\n")
        self.assertEqual(result.status, 1)
        self.check_nothing_is_left()

    def test_who_is_not_root_cannot_become_somebody_else(self):
        user = {}
        if IS_ROOT:
            nobody = pwd.getpwnam(NOBODY)
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        command = [program(FASTPOETRY), "--daemon", "--port", "0", "--logfile", self.log,
                   "--pidfile", self.pidfile, "--user", "root", ROOT / SCIENCE]
        try:
            result = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL,
                                    capture_output=True, timeout=LIMIT, check=False, **user)
        except PermissionError:
            self.skipTest("nobody but root may run the program in this directory")
        self.assertEqual((result.stdout, result.returncode), (b"", 1))
        self.assertEqual(result.stderr.decode(), "fastpoetry: SystemError: Can't become the user "
                                                 "root: 1: Operation not permitted.\n")
        self.check_nothing_is_left()

    def test_as_a_normal_user(self):
        if IS_ROOT:
            self.start_again_as_nobody()
            return
        pid, port = self.start()
        self.assertEqual(fetch(port), poem("science.txt"))
        self.assertEqual(status_lines(pid)["Uid"], [str(os.getuid())] * 4)

    def start_again_as_nobody(self):
        """The same, in a process that is not root."""
        nobody = pwd.getpwnam(NOBODY)
        command = [program(FASTPOETRY), "--daemon", "--port", "0", "--logfile", self.log,
                   "--pidfile", self.pidfile, ROOT / SCIENCE]
        try:
            subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, timeout=LIMIT, check=True,
                           user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        except PermissionError:
            self.skipTest("nobody but root may run the program in this directory")
        pid = self.pid()
        with connect(self.port()):
            pass
        self.assertEqual(status_lines(pid)["Uid"], [str(nobody.pw_uid)] * 4)
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(self.status_of(pid), 0)
        self.check_nothing_is_left()


if __name__ == "__main__":
    with processes.leaving_nothing_behind():
        harness.main()
