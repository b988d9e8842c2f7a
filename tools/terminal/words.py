"""What is wrong with the words after ./tour, in one line."""

import argparse
import re

from terminal.language import LANGUAGES

SAID = [  # what argparse says, and we
    (r"unrecognized arguments: (.*)", r"there is no use for '\1'"),
    (r"argument (--[\w-]+)(?:/\S+)?: expected .* argument", r"\1 wants a word after it"),
    (r"argument --lang: .*", f"--lang is one of {', '.join(LANGUAGES)}"),
    (r"argument (\S+): invalid (?:int|float) value: (.*)", r"\1 wants a number, not \2"),
    (r"argument (.*)", r"\1"),
]


class UsageError(Exception):
    """Words that ./tour does not understand."""


class Parser(argparse.ArgumentParser):
    """An argparse.ArgumentParser that says in one line, as a UsageError, what is wrong.

    `wants` is said when words are missing: what they are, with an example.
    """

    def __init__(self, word, wants="", **settings):
        super().__init__(prog=f"./tour {word}", allow_abbrev=False, **settings)
        self.word, self.wants = word, wants

    def print_help(self, file=None):
        """Called by argparse, which itself would not mind a pipe that is closed."""
        print(self.format_help(), end="", file=file, flush=True)

    def error(self, message):
        """Called by argparse."""
        if self.wants and message.startswith("the following arguments are required"):
            raise UsageError(f"{self.word} wants {self.wants}")
        for theirs, ours in SAID:
            if re.fullmatch(theirs, message):
                message = re.sub(theirs, ours, message)
                break
        raise UsageError(f"{self.word}: {message}; {self.prog} --help says what there is")
