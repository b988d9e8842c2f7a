"""Writing for a person: lines that fit, colours in a terminal only, programs' output as it is."""

import contextlib
import os
import select
import shutil
import sys

from terminal.language import language
from terminal.reader import Reader
from terminal.wrapping import rows, wrapped, wrapped_command

STYLES = {"title": "1", "command": "36", "notice": "33", "server": "2", "status": "31",
          "removed": "31", "added": "32"}
HEAD, TAIL = 12, 3  # lines shown of a long output


class Screen:
    """Standard output, whatever the locale says: it is always UTF-8.

    `language` is that of the prompts; `reader` is None unless there is one to wait for.
    """

    def __init__(self, stream=None):
        self.stream = stream or (sys.stdout.buffer if sys.stdout else open(os.devnull, "wb"))
        self.terminal = self.stream.isatty()
        self.controls = self.terminal and os.environ.get("TERM", "dumb") != "dumb"
        self.colours = self.controls and not os.environ.get("NO_COLOR")
        self.has_bar = False
        self.language = language()
        self.reader = None

    @property
    def size(self):
        """The columns and lines of the terminal, as they are now; 80 and 24 elsewhere."""
        return shutil.get_terminal_size((80, 24))

    @property
    def width(self):
        """How wide a line of ours may be: one column less, where the cursor stays."""
        return max(10, self.size.columns - 1)

    def say(self, text="", style=None):
        """A text of our own, in lines that fit."""
        for line in text.split("\n"):
            self.show_together(wrapped(line, self.width), style)

    def command(self, text):
        """A command as one would type it."""
        self.show_together(wrapped_command(f"  $ {text}", self.width), "command")

    def show_together(self, lines, style):
        """Lines that no stop should tear apart."""
        if self.reader:
            self.reader.make_room(sum(rows(line, self.size.columns) for line in lines))
        for line in lines:
            self.show(line, style)

    def show(self, line, style=None):
        """One line as it is."""
        if style and self.colours:
            line = f"\033[{STYLES[style]}m{line}\033[0m"
        self.raw(line.encode("utf-8", "surrogateescape") + b"\n")

    def bar(self, text):
        """A line of a terminal that the next one replaces; with an empty text it is gone."""
        self.must_be_read()
        if self.controls and (text or self.has_bar):
            text = "\r\033[K" + text[:self.width]
            self.stream.write(text.encode("utf-8", "surrogateescape"))
            self.stream.flush()
            self.has_bar = bool(text)

    def must_be_read(self):
        """Raises BrokenPipeError where there is no terminal, and nobody reads any more."""
        if not self.terminal and nobody_reads(self.stream):
            raise BrokenPipeError

    def raw(self, data):
        """Bytes as they are, at once."""
        for line in data.splitlines(keepends=True) if self.reader else [data]:
            if self.reader:
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                self.reader.count(rows(text, self.size.columns))
            self.stream.write(line)
            self.stream.flush()

    def read_along(self):
        """From here on somebody reads, if this is a terminal: nothing scrolls away unseen."""
        if self.terminal and sys.stdin and sys.stdin.isatty():
            self.reader = self.reader or Reader(self)
        self.seen()

    def seen(self):
        """What was written so far has been read."""
        if self.reader:
            self.reader.has_seen_all()

    def wait(self, key="go on"):
        """Waits until the reader wants to go on; see reader.py. With no reader, does nothing."""
        if self.reader:
            self.reader.wait(key)


def nobody_reads(stream):
    """Whether a stream is a pipe whose other end is closed."""
    with contextlib.suppress(OSError):  # it has no descriptor
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(what & select.POLLERR for _, what in poll.poll(0))
    return False


class Cut:
    """Shows an output line by line as it comes; of a long one, the first and last lines."""

    def __init__(self, screen, indent=b"    "):
        self.screen, self.indent = screen, indent
        self.partial = b""
        self.count = 0
        self.last = []

    def feed(self, data):
        """The next bytes of the output; none, too, while the program is silent."""
        self.screen.must_be_read()  # we may have nothing to write for long
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            self.add(line)

    def end(self):
        """The output is complete: shows what was kept back."""
        if self.partial:
            self.add(self.partial)
        hidden = self.count - HEAD - len(self.last)
        if hidden > 0:
            self.screen.raw(self.indent + b"... (%d more lines)\n" % hidden)
        for line in self.last:
            self.show(line)

    def add(self, line):
        """Shows a line, or keeps it: it may be one of the last."""
        self.count += 1
        if self.count <= HEAD:
            self.show(line)
        else:
            self.last = (self.last + [line])[-TAIL:]

    def show(self, line):
        """One line, indented."""
        self.screen.raw(self.indent + line + b"\n" if line.strip() else b"\n")
