"""Maps the ports 10000-10999 of a script, which are names, to real ports.

A name keeps its real port while the script runs. If a command connects to a name that no server
has, the name gets a port that is bound but does not listen: the connection is refused, whatever
else runs on this machine.
"""

import re
import socket

NAME = re.compile(r"(?<![\w.-])(10\d{3})(?![\w.])")
LISTENS = re.compile(r"(?:--port|-p)[ =]$")  # comes before the port that a server listens on
OTHER_NUMBER = re.compile(r"--(?!port)[\w-]+[ =]$")  # --num-bytes 10240 is not a port


class Ports:
    """The real ports of one script's names.

    With `as_written`, for people, a name is its own real port unless that is taken. Without it, for
    tests, the system chooses every port: a server gets port 0, and then learn() is called.
    """

    def __init__(self, as_written=False):
        self.as_written = as_written
        self.real = {}
        self.held = {}

    def substitute(self, command):
        """The command with real ports, and the name that it listens on (or None)."""
        listens_on = None

        def real(match):
            nonlocal listens_on
            before, name = command[:match.start()], int(match.group())
            if OTHER_NUMBER.search(before):
                return match.group()
            if LISTENS.search(before):
                listens_on = name
                return str(self.for_server(name))
            return str(self.for_client(name))

        return NAME.sub(real, command), listens_on

    def for_server(self, name):
        """The port for a server of this name; 0 if the system chooses."""
        if name in self.held:
            self.held.pop(name).close()
        if self.as_written and name not in self.real:
            self.hold(name)
            self.held.pop(name).close()
        return self.real.get(name, 0)

    def for_client(self, name):
        """The port for a client of this name's server."""
        if name not in self.real:
            self.hold(name)
        return self.real[name]

    def learn(self, name, port):
        """Notes the real port that a server has reported."""
        self.real[name] = port

    def choose_another(self, name):
        """Gives the name another port because its own is taken. Returns False if it already had
        another."""
        if self.real.get(name) != name:
            return False
        with bound_socket(0) as chosen:
            self.real[name] = chosen.getsockname()[1]
        return True

    def hold(self, name):
        """Binds the name's port so that nobody listens on it; chooses a port if it has none."""
        wanted = self.real.get(name, name if self.as_written else 0)
        try:
            self.held[name] = bound_socket(wanted)
        except OSError:  # taken
            if name in self.real:
                return
            self.held[name] = bound_socket(0)
        self.real[name] = self.held[name].getsockname()[1]

    def with_names(self, text):
        """The text with every real port replaced by its name."""
        return with_names(text, {port: name for name, port in self.real.items()})

    def close(self):
        """Releases the held ports."""
        while self.held:
            self.held.popitem()[1].close()


class HeldPorts:
    """Real ports for the names, held while a page is read; a context manager.

    Each port is bound by a socket that does not listen. Nobody else gets it, and a connection to it
    is refused; but with SO_REUSEADDR a server can still listen on it.
    """

    def __init__(self):
        self.sockets = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        while self.sockets:
            self.sockets.popitem()[1].close()

    def real(self, name):
        """The real port of a name."""
        if name not in self.sockets:
            self.sockets[name] = bound_socket(0)
        return self.sockets[name].getsockname()[1]

    def substitute(self, command):
        """The command with real ports."""
        def replaced(match):
            if OTHER_NUMBER.search(command[:match.start()]):
                return match.group()
            return str(self.real(int(match.group())))

        return NAME.sub(replaced, command)

    def with_names(self, text):
        """The text with every real port replaced by its name."""
        return with_names(text, {self.real(name): name for name in self.sockets})


class PortsAsWritten:
    """For a network where every port is free: a name is its own port. A context manager, like
    HeldPorts."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def real(self, name):
        """The name."""
        return name

    def substitute(self, command):
        """The command, unchanged."""
        return command

    def with_names(self, text):
        """The text, unchanged."""
        return text


def port_listened_on(command):
    """The name of the port that a command listens on; None if it is not a server."""
    for match in NAME.finditer(command):
        if LISTENS.search(command[:match.start()]):
            return int(match.group())
    return None


def with_names(text, names):
    """The text with every real port replaced by its name in `names`."""
    return re.sub(r"(?<![\d.])\d{4,5}(?!\d)",
                  lambda match: str(names.get(int(match.group()), match.group())), text)


def bound_socket(port):
    """A socket that is bound to a port of 127.0.0.1 (0: any) and does not listen."""
    holder = socket.socket()
    try:
        # As servers do; otherwise a connection that has just ended would block the port.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))
    except OSError:
        holder.close()
        raise
    return holder
