"""Output for a person: our own lines are wrapped, a program's output is not."""

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
HEAD, TAIL = 12, 3  # lines shown of long output


class Screen:
    """Standard output, always in UTF-8.

    `language` is the language of the prompts. `reader` is None unless the output pauses for one.
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
        """The terminal's current columns and lines; 80 and 24 elsewhere."""
        return shutil.get_terminal_size((80, 24))

    @property
    def width(self):
        """The width for our own lines: the last column is left to the cursor."""
        return max(10, self.size.columns - 1)

    def say(self, text="", style=None):
        """Writes a text of our own, wrapped."""
        for line in text.split("\n"):
            self.show_together(wrapped(line, self.width), style)

    def command(self, text):
        """Writes a command as a user would type it."""
        self.show_together(wrapped_command(f"  $ {text}", self.width), "command")

    def show_together(self, lines, style):
        """Writes lines that must not be separated by a pause."""
        if self.reader:
            self.reader.make_room(sum(rows(line, self.size.columns) for line in lines))
        for line in lines:
            self.show(line, style)

    def show(self, line, style=None):
        """Writes one line unchanged."""
        if style and self.colours:
            line = f"\033[{STYLES[style]}m{line}\033[0m"
        self.raw(line.encode("utf-8", "surrogateescape") + b"\n")

    def bar(self, text):
        """Shows a progress line, which the next one replaces; an empty text removes it."""
        self.must_be_read()
        if self.controls and (text or self.has_bar):
            text = "\r\033[K" + text[:self.width]
            self.stream.write(text.encode("utf-8", "surrogateescape"))
            self.stream.flush()
            self.has_bar = bool(text)

    def must_be_read(self):
        """Raises BrokenPipeError if the output is a pipe whose reader has gone."""
        if not self.terminal and nobody_reads(self.stream):
            raise BrokenPipeError

    def raw(self, data):
        """Writes bytes unchanged, and flushes."""
        for line in data.splitlines(keepends=True) if self.reader else [data]:
            if self.reader:
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                self.reader.count(rows(text, self.size.columns))
            self.stream.write(line)
            self.stream.flush()

    def read_along(self):
        """From here on, in a terminal, pauses before unread lines would scroll away."""
        if self.terminal and sys.stdin and sys.stdin.isatty():
            self.reader = self.reader or Reader(self)
        self.seen()

    def seen(self):
        """Everything written so far counts as read."""
        if self.reader:
            self.reader.has_seen_all()

    def wait(self, key="go on"):
        """Waits for the reader; see reader.py. Without a reader, does nothing."""
        if self.reader:
            self.reader.wait(key)


def nobody_reads(stream):
    """Whether a stream is a pipe whose other end is closed."""
    with contextlib.suppress(OSError):  # the stream has no descriptor
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(what & select.POLLERR for _, what in poll.poll(0))
    return False


class Cut:
    """Shows output line by line as it arrives; if it is long, only its first and last lines."""

    def __init__(self, screen, indent=b"    "):
        self.screen, self.indent = screen, indent
        self.partial = b""
        self.count = 0
        self.last = []

    def feed(self, data):
        """Takes the next bytes of the output, or none while the program is silent."""
        self.screen.must_be_read()  # a silent program would never notice
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            self.add(line)

    def end(self):
        """The output is complete: shows the lines that were held back."""
        if self.partial:
            self.add(self.partial)
        hidden = self.count - HEAD - len(self.last)
        if hidden > 0:
            self.screen.raw(self.indent + b"... (%d more lines)\n" % hidden)
        for line in self.last:
            self.show(line)

    def add(self, line):
        """Shows a line, or holds it back: it may be one of the last."""
        self.count += 1
        if self.count <= HEAD:
            self.show(line)
        else:
            self.last = (self.last + [line])[-TAIL:]

    def show(self, line):
        """Shows one line, indented."""
        self.screen.raw(self.indent + line + b"\n" if line.strip() else b"\n")
