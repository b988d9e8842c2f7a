"""Parses the arguments of a command, and reports a mistake in one line."""

import argparse
import re

from terminal.language import LANGUAGES

SAID = [  # argparse's words, and ours
    (r"unrecognized arguments: (.*)", r"unknown argument '\1'"),
    (r"argument (--[\w-]+)(?:/\S+)?: expected .* argument", r"\1 needs a value"),
    (r"argument --lang: .*", f"--lang must be {' or '.join(LANGUAGES)}"),
    (r"argument (\S+): invalid (?:int|float) value: (.*)", r"\1 needs a number, not \2"),
    (r"argument (.*)", r"\1"),
]


class UsageError(Exception):
    """Arguments that ./tour does not understand."""


class Parser(argparse.ArgumentParser):
    """An argparse.ArgumentParser that raises a UsageError of one line.

    `needs` names the arguments that must be there, with an example.
    """

    def __init__(self, word, needs="", **settings):
        super().__init__(prog=f"./tour {word}", allow_abbrev=False, **settings)
        self.word, self.needs = word, needs

    def print_help(self, file=None):
        """Called by argparse. Unlike argparse's own, it fails if the pipe is closed."""
        print(self.format_help(), end="", file=file, flush=True)

    def error(self, message):
        """Called by argparse."""
        if self.needs and message.startswith("the following arguments are required"):
            raise UsageError(f"{self.word} needs {self.needs}")
        for theirs, ours in SAID:
            if re.fullmatch(theirs, message):
                message = re.sub(theirs, ours, message)
                break
        raise UsageError(f"{self.word}: {message}; see {self.prog} --help")
