"""./tour bench: compares the speed of the core with raw epoll and libevent, in one run, as ratios.

    ./tour bench [--quick] [--rounds N] [--build-dir DIR] [TABLE ...]

The tables are servers, proxies, client, core and lazy (default: all). Servers and load run on one
processor. The figure is the server's processor time for one poem: compare it with the rivals of the
same run, not with other machines. Rounds are interleaved; a ratio is the median of the rounds'
ratios.
"""

import contextlib
import os
import re
import resource
import socket
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from programs.build import configure, shown
from programs.build import make as build_targets
from programs.processes import LIMIT, Program, TookTooLong, call, wait_until
from programs.stage import SERVING, StageError
from terminal.arguments import Parser

CORE = "ours"
BESIDE = "beside clients that never read"
RAW, BUFFEREVENT, LIBEVENT = "raw epoll", "bufferevent", "raw libevent"
SMALL, LARGE = 3003, 256 * 1024  # bytes of a poem
CLIENTS = 64                     # at once, for the servers and proxies
LAZY = 200                       # clients that never read

FASTPOETRY = "part11-server/fastpoetry"
WARM_PROXY = "part14-proxy/poetry-proxy-2"
GET_POETRY = "part07-deferred/get-poetry"
PROGRAMS = [FASTPOETRY, WARM_PROXY, GET_POETRY, *("bench/" + name for name in (
    "core-bench", "load", "raw-epoll", "bufferevent", "libevent-client", "passing-proxy",
    "slow-poems"))]

CASES = {  # of core-bench, with the nanoseconds that we aim at
    "chain1": 65, "chain10": 35, "chain1000": 30, "function1": None, "function10": None,
    "function1000": None, "nested100k": 550, "await_value": 3, "await_ready": 60,
    "await_loop": 600, "schedule": 200, "cancel": 100, "schedule_fire": 900}


class MeasureError(StageError):
    """A program that is measured does not work."""


@dataclass
class Effort:
    """How much is measured: fixed in advance, whatever the results."""

    rounds: int
    small: int      # short poems in a round
    large: int      # long poems in a round
    slow: int       # slow poems at once
    pieces: int     # of each slow poem
    interval: float  # seconds between pieces
    core: list      # arguments for core-bench


FULL = Effort(rounds=21, small=3000, large=500, slow=1000, pieces=100, interval=0.05, core=[])
QUICK = Effort(rounds=5, small=1000, large=200, slow=200, pieces=20, interval=0.05,
               core=["--size", 100_000])


class Bench:
    """The programs of one build directory, and the poems that they serve."""

    def __init__(self, build, directory, effort):
        self.build, self.effort = build, effort
        self.poems = {size: directory / f"{size}.txt" for size in (SMALL, LARGE)}
        for size, file in self.poems.items():
            file.write_bytes(verses(size))

    def command(self, name, *words):
        """A program's command line."""
        return [str(self.build / name), *map(str, words)]

    @contextlib.contextmanager
    def server(self, name, *words):
        """A running server; yields its process id and its port."""
        program = Program(self.command(name, "--port", 0, *words), merged=False, tied=True)
        try:
            wait_until(lambda: program.out.find(SERVING) or program.status is not None)
            line = program.out.find(SERVING)
            if not line:
                raise MeasureError(f"{name} does not serve: {program.err.all().decode()}")
            yield program.process.pid, int(line.group(1))
        finally:
            program.close()

    def load(self, port, size, poems):
        """Downloads this number of poems, and checks them."""
        self.run("bench/load", "--clients", CLIENTS, "--poems", poems, port, self.poems[size])

    def run(self, name, *words):
        """Runs a program to its end and returns its output."""
        program = Program(self.command(name, *words), merged=False, tied=True)
        try:
            if program.wait(limit=10 * LIMIT) != 0:
                raise MeasureError(f"{name}: {program.err.all().decode().strip()}")
            return program.out.all().decode()
        except TookTooLong as error:
            raise MeasureError(f"{name}: {error}") from None
        finally:
            program.close()

    def servers(self):
        """The fast servers, with short and long poems."""
        yield self.rivals(f"server, {SMALL:,} bytes", SMALL, self.effort.small, {
            CORE: (FASTPOETRY, self.poems[SMALL]),
            RAW: ("bench/raw-epoll", self.poems[SMALL]),
            BUFFEREVENT: ("bench/bufferevent", self.poems[SMALL]),
        }, {RAW: 0.97, BUFFEREVENT: 1.2})
        yield self.rivals("server, 256 KiB", LARGE, self.effort.large, {
            CORE: (FASTPOETRY, self.poems[LARGE]),
            RAW: ("bench/raw-epoll", self.poems[LARGE]),
            BUFFEREVENT: ("bench/bufferevent", self.poems[LARGE]),
        }, {RAW: 0.95})

    def proxies(self):
        """The proxies, in front of the fastest server."""
        with self.server("bench/raw-epoll", self.poems[SMALL]) as (_, upstream):
            yield self.rivals("proxy, warm", SMALL, self.effort.small, {
                CORE: (WARM_PROXY, upstream),
                BUFFEREVENT: ("bench/bufferevent", "--as", "proxy", upstream),
            }, {BUFFEREVENT: 1.2})
            yield self.rivals("proxy, passing through", SMALL, self.effort.small, {
                CORE: ("bench/passing-proxy", upstream),
                BUFFEREVENT: ("bench/bufferevent", "--as", "pass", upstream),
            }, {BUFFEREVENT: 1.15})

    def rivals(self, title, size, poems, commands, aims, lazy=()):
        """Compares servers: microseconds of processor time for a poem. The `lazy` ones have clients
        that never read."""
        with contextlib.ExitStack() as stack:
            running = {name: stack.enter_context(self.server(*words))
                       for name, words in commands.items()}
            for _, port in running.values():
                self.load(port, size, CLIENTS)  # a warm-up, which also fills a proxy's cache
            for name in lazy:
                for _ in range(LAZY):
                    stack.enter_context(lazy_client(running[name][1]))
            costs = {name: [] for name in running}
            for turn in range(self.effort.rounds):
                for name in in_turn(running, turn):
                    pid, port = running[name]
                    before = processor_time(pid)
                    self.load(port, size, poems)
                    costs[name].append((processor_time(pid) - before) / poems / 1e3)
        return table(title, "µs/poem", costs, aims)

    def lazy(self):
        """The servers beside clients that never read: the cost of serving the others."""
        with self.server(FASTPOETRY, self.poems[LARGE]) as (_, upstream):
            for name, words in {"server": (FASTPOETRY, self.poems[LARGE]),
                                "warm proxy": (WARM_PROXY, upstream)}.items():
                yield self.rivals(f"{name}, 256 KiB", LARGE, self.effort.large,
                                  {CORE: words, BESIDE: words}, {}, lazy={BESIDE})

    def client(self):
        """The clients: many slow poems at once."""
        effort = self.effort
        ideal = effort.pieces * effort.interval
        commands = {CORE: GET_POETRY, LIBEVENT: "bench/libevent-client"}
        costs = {name: [] for name in commands}
        times = {name: [] for name in commands}
        with self.server("bench/slow-poems", "--pieces", effort.pieces,
                         "--interval", effort.interval, self.poems[SMALL]) as (_, port):
            for turn in range(max(1, effort.rounds // 7)):
                for name in in_turn(commands, turn):
                    command = self.command(commands[name], *[port] * effort.slow)
                    cost, seconds = self.children_cost(command, effort.slow)
                    costs[name].append(cost)
                    times[name].append(seconds)
        title = f"client, {effort.slow:,} slow poems"
        yield table(title, "ms", costs, {LIBEVENT: 1 / 1.02})
        yield [(f"{title}: time", f"{statistics.median(times[CORE]):.3f} s",
                f"{statistics.median(times[CORE]) / ideal:.3f} × ideal", "≤ 1.01"),
               (f"  {LIBEVENT}", f"{statistics.median(times[LIBEVENT]):.3f} s",
                f"{statistics.median(times[LIBEVENT]) / ideal:.3f} × ideal", "")]

    def children_cost(self, command, poems):
        """The processor time (ms) and the time (s) of a client that prints its poems."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=10 * LIMIT)
        seconds = time.monotonic() - begun
        if done.returncode or len(done.stdout) != poems * (SMALL + 1):
            raise MeasureError(f"{command[0]}: {len(done.stdout)} bytes, status {done.returncode}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), seconds

    def core(self):
        """The parts of the core that need no socket; core-bench itself takes the median."""
        rows = []
        for case, aim in CASES.items():
            line = self.run("bench/core-bench", "--case", case, *self.effort.core)
            found = re.fullmatch(r"case=\S+ ns=(\d+) peak_kb=(\d+)\n", line)
            rows.append((case, f"{found[1]} ns", f"{int(found[2]) / 1024:.0f} MiB in all",
                         f"≤ {aim} ns" if aim else ""))
        yield rows


def lazy_client(port):
    """A connection that reads nothing, with a small receive buffer."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    client.connect(("127.0.0.1", port))
    return client


def verses(size):
    """Lines of text, `size` bytes in all."""
    line = b"For love, all love of other sights controls, and makes one little room an everywhere.\n"
    return (line * (size // len(line) + 1))[:size - 1] + b"\n"


def in_turn(names, turn):
    """The names, alternately forwards and backwards, so that none is always first."""
    return list(names)[::-1 if turn % 2 else 1]


def processor_time(pid):
    """The processor time of a process so far, in nanoseconds."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])
    except OSError as error:
        raise MeasureError(f"can't read the processor time of a server: {error}") from None


def table(title, unit, costs, aims):
    """A row for each rival: its cost, and how many times as fast ours is."""
    rows = [(f"{title}: {CORE}", f"{statistics.median(costs[CORE]):.2f} {unit}", "", "")]
    for name, theirs in costs.items():
        if name == CORE:
            continue
        ratio = statistics.median(other / ours for ours, other in zip(costs[CORE], theirs))
        aim = f"≥ {aims[name]:.2f}" if name in aims else ""
        rows.append((f"  {name}", f"{statistics.median(theirs):.2f} {unit}",
                     f"ours is {ratio:.3f} × as fast", aim))
    return rows


def run(root, build, words, screen):
    """Builds with optimization, measures and prints the tables; returns the exit status."""
    ours = options(build, words)
    make(root, ours.build_dir, screen)
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cpus)})
    effort = QUICK if ours.quick else FULL
    effort.rounds = ours.rounds or effort.rounds
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as directory:
            bench = Bench(ours.build_dir, Path(directory), effort)
            allow_descriptors()
            for name in ours.tables or TABLES:
                screen.say()
                screen.say(f"{name} ({getattr(Bench, name).__doc__.rstrip('.')})", "title")
                for rows in getattr(bench, name)():
                    for row in rows:
                        screen.say("{:<34}{:>12}   {:<28}{}".format(*row).rstrip())
    finally:
        os.sched_setaffinity(0, cpus)
    screen.say()
    screen.say(f"One processor of {len(os.sched_getaffinity(0))}, {effort.rounds} rounds, "
               f"{time.monotonic() - begun:.0f} s. The last column is our aim.")
    return 0


TABLES = ("servers", "proxies", "client", "core", "lazy")


def options(build, words):
    """What the words ask for."""
    parser = Parser("bench")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--quick", action="store_true", help="about 20 s, less precise")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--build-dir", type=lambda name: Path(name).absolute(),
                        default=build.with_name("build-bench"))
    ours = parser.parse_args(words)
    if not set(ours.tables) <= set(TABLES):
        parser.error("the tables are " + ", ".join(TABLES))
    if ours.rounds is not None and ours.rounds < 1:
        parser.error("--rounds must be at least 1")
    return ours


def make(root, build, screen):
    """Builds the measured programs, optimized, in a separate directory."""
    configure(root, build, screen, ["--buildtype=release"])
    build_targets(build, PROGRAMS, f"the measured programs in {shown(root, build)}", screen)


def allow_descriptors():
    """Raises the limit of open descriptors as far as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
