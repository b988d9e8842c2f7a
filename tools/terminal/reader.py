"""Pauses at a terminal before lines that were not read yet would scroll away.

Enter continues; `a` and Enter stops the pauses; `q` and Enter, or Ctrl-D, quits.
"""

import contextlib
import sys
import termios

from terminal.wrapping import width

PROMPTS = {
    "en": {"go on": "Enter: continue", "more": "Enter: show more", "next": "Enter: next chapter",
           "keys": "a, Enter: no more pauses   q, Enter: quit"},
    "zh": {"go on": "回车：继续", "more": "回车：下一屏", "next": "回车：下一章",
           "keys": "a 加回车：不再停顿   q 加回车：退出"},
}
SHORT = "Enter, a, q:"
DIM, PLAIN = "\033[2m", "\033[0m"
UP, CLEAR = "\033[A", "\r\033[K"


class Goodbye(Exception):
    """The reader quits."""


def forget_what_was_typed():
    """Drops what was typed before the question was asked."""
    with contextlib.suppress(termios.error):
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


class Reader:
    """Counts the rows that were written since the last pause."""

    def __init__(self, screen):
        self.screen = screen
        self.unseen = 0
        self.stops = True

    def has_seen_all(self):
        """Everything on the screen has been read."""
        self.unseen = 0

    def make_room(self, rows):
        """Pauses if writing this number of rows would push unread ones off the screen."""
        page = max(4, self.screen.size.lines - 1)  # the prompt needs a row
        if self.unseen and self.unseen + rows > page:
            self.wait("more")

    def count(self, rows):
        """Does the same, and counts these rows as unread."""
        self.make_room(rows)
        self.unseen += rows

    def wait(self, key="go on"):
        """Pauses; raises Goodbye if the reader quits. The answer removes the prompt."""
        if not self.stops:
            return
        forget_what_was_typed()
        self.write(self.prompt(key))
        answer = sys.stdin.buffer.readline()
        if self.screen.controls:
            self.write((UP if answer.endswith(b"\n") else "") + CLEAR)
        elif not answer.endswith(b"\n"):
            self.write("\n")
        self.has_seen_all()
        wish = answer.strip().lower()
        if not answer or wish in (b"q", b"quit"):
            raise Goodbye
        self.stops = wish != b"a"

    def prompt(self, key):
        """The prompt."""
        texts = PROMPTS[self.screen.language]
        text = f"[{texts[key]}   {texts['keys']}]"
        text = text if width(text) < self.screen.width else SHORT
        return f"{DIM}{text}{PLAIN} " if self.screen.colours else f"{text} "

    def write(self, text):
        """Writes and flushes a text that is not counted."""
        self.screen.stream.write(text.encode())
        self.screen.stream.flush()
