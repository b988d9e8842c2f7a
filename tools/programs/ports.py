"""The ports 10000-10999 of a script are names; this maps them to real ports.

A name keeps its real port for as long as the script runs. A name that a command connects to, and
that no server has, gets a port that is bound and does not listen: a connection to it is refused,
whatever else runs on this machine.
"""

import re
import socket

NAME = re.compile(r"(?<![\w.-])(10\d{3})(?![\w.])")
LISTENS = re.compile(r"(?:--port|-p)[ =]$")  # what stands before the port a server listens on
OTHER_NUMBER = re.compile(r"--(?!port)[\w-]+[ =]$")  # --num-bytes 10240 is no port


class Ports:
    """The real ports of one script's names.

    With `as_written`, for people: a name is its own real port unless that is taken. Without, for
    tests: the system chooses every port; a server is told to use port 0 and learn() is called.
    """

    def __init__(self, as_written=False):
        self.as_written = as_written
        self.real = {}
        self.held = {}

    def substitute(self, command):
        """The command with real ports, and the name it listens on (None when it does not)."""
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
        """The port that a server of this name is to use; 0 when the system is to choose."""
        if name in self.held:
            self.held.pop(name).close()
        if self.as_written and name not in self.real:
            self.hold(name)
            self.held.pop(name).close()
        return self.real.get(name, 0)

    def for_client(self, name):
        """The port that a client finds the server of this name on."""
        if name not in self.real:
            self.hold(name)
        return self.real[name]

    def learn(self, name, port):
        """A server has told its real port."""
        self.real[name] = port

    def choose_another(self, name):
        """Somebody else has the port of this name, which was its own: it will be another one.
        False if it was another one already."""
        if self.real.get(name) != name:
            return False
        with bound_socket(0) as chosen:
            self.real[name] = chosen.getsockname()[1]
        return True

    def hold(self, name):
        """Sees to it that nobody listens on the name's port, giving it one if it has none."""
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
        """Lets go of the ports that were held."""
        while self.held:
            self.held.popitem()[1].close()


class HeldPorts:
    """Real ports for the names, kept for as long as a page is read; a context manager.

    Each is bound, and not listened on: nobody else gets it, a connection to it is refused, and yet
    a server may listen on it, for servers share a port with a socket that does not (SO_REUSEADDR).
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
    """Where every port is free, a name is its own port; a context manager, as HeldPorts."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def real(self, name):
        """The name."""
        return name

    def substitute(self, command):
        """The command as it is."""
        return command

    def with_names(self, text):
        """The text as it is."""
        return text


def port_listened_on(command):
    """The name of the port that a server's command listens on, None when it is no server."""
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
        # As servers do: else a connection that has just ended would keep the port.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))
    except OSError:
        holder.close()
        raise
    return holder
