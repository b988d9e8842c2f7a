"""The small language of `demo` files and of a README's console blocks.

    # Part 2: one poem after the other      a comment; in a demo, narration. In this form it begins
                                            a section, and a demo begins with one.
    $ build/.../slowpoetry --port 10001 &   in the background; with --port, a server
    $ build/.../get-poetry 10001            a command, run to its end
    $ build/.../get-poetry 10099  # status 1    a command that should end with status 1
    $ kill -INT %1                          ends the first background program (default: SIGTERM)
    ! The client waits.                     something to notice (only in a demo)

In a README every other line is the expected output of the command above it. A line `...` stands for
any number of lines. A last line `[status 1]` is the expected exit status. A line that begins with
`^C` means that the reader presses Ctrl-C here; the rest of the line is output again, and the status
is compared only if the block gives it. A program in the background must not print into the
terminal: `command > server.log &`.
"""

import enum
import re
import signal
from dataclasses import dataclass, field
from typing import List, Optional

LONGEST_DEMO = 20

HEADING = re.compile(r"# Parts? (\d+)(?:(?: and |-|–)(\d+))?: (.+)")
KILL = re.compile(r"kill (?:-(\w+) )?%(\d+)")
STATUS_COMMENT = re.compile(r"\s+# status (\d+)$")
CTRL_C = "^C"
STATUS_LINE = re.compile(r"\[status (\d+)\]")
FENCE = re.compile(r"( *)(`{3,})(.*)")


class ScriptError(Exception):
    """A line that is not part of the language; `line` is its number."""

    def __init__(self, line, message):
        super().__init__(message)
        self.line = line


class Kind(enum.Enum):
    """The kinds of steps."""

    COMMENT = "#"
    COMMAND = "$"
    BACKGROUND = "&"
    KILL = "kill"
    NOTICE = "!"


@dataclass
class Step:
    """One line of the language, with its expected output."""

    line: int
    kind: Kind
    text: str
    status: Optional[int] = None  # the expected status; None if it does not matter
    job: int = 0  # KILL: the number of the background program, from 1
    signal: int = signal.SIGTERM  # KILL: the signal
    expected: List[str] = field(default_factory=list)
    before_ctrl_c: Optional[int] = None  # the number of these lines before Ctrl-C


@dataclass
class Block:
    """A console block of a README: its first line's number, and its steps."""

    line: int
    steps: List[Step]


@dataclass
class Section:
    """One section of a demo: the part numbers of the text, a title, and the steps."""

    numbers: List[int]
    title: str
    steps: List[Step]


def read_step(number, line):
    """The step on a line; None if the line has none of the forms above."""
    if line == "#" or line.startswith("# "):
        return Step(number, Kind.COMMENT, line[2:])
    if line.startswith("! "):
        return Step(number, Kind.NOTICE, line[2:])
    if line.startswith("$ "):
        return read_command(number, line[2:].strip())
    return None


def read_command(number, text):
    """A step of kind COMMAND, BACKGROUND or KILL."""
    status = STATUS_COMMENT.search(text)
    step = Step(number, Kind.COMMAND, STATUS_COMMENT.sub("", text),
                int(status.group(1)) if status else 0)
    kill = KILL.fullmatch(step.text)
    if kill:
        step.kind, step.status, step.job = Kind.KILL, None, int(kill.group(2))
        step.signal = signal_named(number, kill.group(1) or "TERM")
    elif re.search(r"(?<!&)&$", step.text):
        step.kind, step.status, step.text = Kind.BACKGROUND, None, step.text[:-1].rstrip()
    return step


def signal_named(number, name):
    """The signal that `kill -NAME` means."""
    try:
        return int(name) if name.isdigit() else int(signal.Signals["SIG" + name])
    except KeyError:
        raise ScriptError(number, f"there is no signal {name}") from None


def read_demo(text):
    """The sections of a demo."""
    lines = text.splitlines()
    if len(lines) > LONGEST_DEMO:
        raise ScriptError(LONGEST_DEMO + 1, f"a demo has at most {LONGEST_DEMO} lines")
    if not lines or not lines[0].startswith("# "):
        raise ScriptError(1, "a demo begins with its title: # Part N: title")
    sections = []
    for number, line in enumerate(lines, 1):
        heading = HEADING.fullmatch(line)
        if heading:
            first, last = int(heading.group(1)), int(heading.group(2) or heading.group(1))
            sections.append(Section(list(range(first, last + 1)), heading.group(3), []))
        elif number == 1:
            sections.append(Section([], line[2:], []))
        elif line.strip():
            step = read_step(number, line)
            if step is None:
                raise ScriptError(number, "a line of a demo must begin with '# ', '$ ' or '! '")
            sections[-1].steps.append(step)
    return sections


def read_readme(text):
    """The console blocks of a README."""
    blocks, fence, block = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        mark = FENCE.fullmatch(line)
        if fence is None and mark:
            fence = mark
            block = Block(number, []) if mark.group(3).strip() == "console" else None
        elif fence and mark and len(mark.group(2)) >= len(fence.group(2)) and not mark.group(3):
            if block:
                blocks.append(finished(block))
            fence, block = None, None
        elif block:
            indent = len(fence.group(1))
            add_to_block(block, number, line[indent:] if not line[:indent].strip() else line)
    if block:
        raise ScriptError(block.line, "this console block has no end")
    return blocks


def add_to_block(block, number, line):
    """Adds a line of a console block: a new step, or output of the step above."""
    step = read_step(number, line)
    if step and step.kind is not Kind.NOTICE:
        block.steps.append(step)
    elif block.steps and block.steps[-1].kind is not Kind.COMMENT:
        block.steps[-1].expected.append(line)
    elif line.strip():
        raise ScriptError(number, "output needs a command above it: $ ...")


def finished(block):
    """The block, with statuses and Ctrl-C taken out of the expected lines."""
    for step in block.steps:
        if step.kind is Kind.KILL:  # a command like any other: a real shell reads it
            step.kind, step.status = Kind.COMMAND, 0
        if step.kind is Kind.BACKGROUND and step.expected:
            raise ScriptError(step.line + 1, "a program in the background must print into a file: "
                                             "command > server.log &")
        status = STATUS_LINE.fullmatch(step.expected[-1]) if step.expected else None
        if status:
            step.status = int(status.group(1))
            step.expected.pop()
        for number, line in enumerate(step.expected):
            if line.startswith(CTRL_C):
                step.before_ctrl_c = number
                step.status = step.status if status else None
                step.expected[number:number + 1] = [line[len(CTRL_C):]] if line != CTRL_C else []
                break
    return block
