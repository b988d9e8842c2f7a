"""Writing for a person: colours in a terminal only, programs' output as the bytes it is."""

import os
import shutil
import sys

STYLES = {"title": "1", "command": "36", "notice": "33", "server": "2", "status": "31",
          "removed": "31", "added": "32"}
HEAD, TAIL = 12, 3  # lines shown of a long output


class Screen:
    """Standard output, whatever the locale says: it is always UTF-8."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stdout.buffer
        self.terminal = self.stream.isatty()
        self.controls = self.terminal and os.environ.get("TERM", "dumb") != "dumb"
        self.colours = self.controls and "NO_COLOR" not in os.environ
        self.has_bar = False

    def say(self, text="", style=None):
        """One line of our own."""
        if style and self.colours:
            text = f"\033[{STYLES[style]}m{text}\033[0m"
        self.raw(text.encode("utf-8", "surrogateescape") + b"\n")

    def bar(self, text):
        """A line of a terminal that the next one replaces; with an empty text it is gone."""
        if self.controls and (text or self.has_bar):
            columns = shutil.get_terminal_size((80, 24)).columns
            self.stream.write(f"\r\033[K{text[:columns - 1]}".encode("utf-8", "surrogateescape"))
            self.stream.flush()
            self.has_bar = bool(text)

    def raw(self, data):
        """Bytes, at once."""
        self.stream.write(data)
        self.stream.flush()


class Cut:
    """Shows an output line by line as it comes; of a long one, the first and last lines."""

    def __init__(self, screen, indent=b"    "):
        self.screen, self.indent = screen, indent
        self.partial = b""
        self.count = 0
        self.last = []

    def feed(self, data):
        """The next bytes of the output."""
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
