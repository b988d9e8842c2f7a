"""Types the commands of a README, as a reader would, and compares their output.

    check_readme.py README.md       every `console` block has the output and exit statuses it shows
    check_readme.py --demo demo     every command starts, ends, and has the status it should

script.py describes the language. A README's commands are typed into one bash in a terminal
(typist.py), block after block, and then all blocks once more: learners do both. The bash has its
own network, where every port is free (network.py). If that is not allowed, or with --held-ports,
other ports replace those of the page. The page's files go to a temporary directory with links to
everything else. BUILD_ROOT is the directory that stands for build/.

If this machine lacks a command's tool (nc, ps), the command is skipped and the tool named, and the
output of the rest of its block is not compared.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from house.matching import ANY_LINES, END, first_difference
from house.network import own_network_is_allowed
from house.typist import NoTerminal, Typist
from programs.ports import HeldPorts, Ports, PortsAsWritten, port_listened_on
from programs.processes import Stopped, leaving_nothing_behind
from programs.script import Kind, ScriptError, read_demo, read_readme
from programs.stage import Stage, StageError, tool_missing

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = {".log", ".pid"}  # files that a page writes: it must not see those of earlier runs
SKIPPED = 77  # Meson's status for a skipped test
ROUNDS = ("", "The second time that the page is typed:\n")


class Mismatch(Exception):
    """A command did not do what the page shows."""


class Page:
    """One README, and the shell that it is typed into. A context manager."""

    def __init__(self, path, desk, held_ports):
        self.path, self.desk, self.held_ports = path, desk, held_ports
        self.ports = HeldPorts() if held_ports else PortsAsWritten()
        self.typist = None
        self.missing = set()  # tools

    def __enter__(self):
        self.typist = Typist(self.desk, own_network=not self.held_ports).__enter__()
        return self

    def __exit__(self, *error):
        self.typist.__exit__(*error)
        self.ports.__exit__(*error)

    def restart(self):
        """Starts a new shell: in the old one, something may still run or hang."""
        self.typist.__exit__(None, None, None)
        self.typist = Typist(self.desk, own_network=not self.held_ports).__enter__()

    def problem(self, block):
        """Types a block; returns the first step that fails and the error, or None."""
        complete, step = True, None
        try:
            for step in block.steps:
                if step.kind is Kind.COMMENT:
                    continue
                if tool := tool_missing(step):
                    complete = False
                    self.missing.add(tool)
                else:
                    self.play(step, complete)
            self.typist.check_all_ended()
        except (Mismatch, StageError) as error:
            return step, error
        return None

    def play(self, step, compares):
        """Types one command and compares its output."""
        line = self.ports.substitute(step.text)
        port = port_listened_on(step.text)
        if step.kind is Kind.BACKGROUND and port:
            output, status = self.typist.start_server(f"{line} &", self.ports.real(port))
        elif step.kind is Kind.BACKGROUND:
            output, status = self.typist.run(f"{line} &")
        elif step.before_ctrl_c is None:
            output, status = self.typist.run(line)
        else:
            output, status = self.typist.run(line, lambda shown: self.until_ctrl_c(step, shown))
        if compares:
            self.compare(step, output)
            if step.status not in (None, status):
                raise Mismatch(f"  expected: [status {step.status}]\n"
                               f"  got:      [status {status}]")

    def until_ctrl_c(self, step, shown):
        """Whether everything expected before Ctrl-C is shown, or can no longer appear."""
        expected = step.expected[:step.before_ctrl_c]
        difference = self.difference(expected, shown)
        return not difference or (difference.got != END and ANY_LINES not in expected)

    def compare(self, step, output):
        """Compares an output with the expected lines of the page."""
        difference = self.difference(step.expected, output)
        if difference:
            raise Mismatch(f"  expected: {difference.expected}\n  got:      {difference.got}\n"
                           f"The whole output was:\n{indented(self.as_written(output))}")

    def difference(self, expected, output):
        """The first difference between an output and the expected lines, or None."""
        return first_difference(expected, self.as_written(output).splitlines())

    def as_written(self, output):
        """The output with the page's ports."""
        return self.ports.with_names(output.decode("utf-8", "replace"))


def indented(text):
    """The output of a command, indented; if it is long, without its middle."""
    lines = text.splitlines()
    if len(lines) > 40:
        lines[30:-10] = [f"... ({len(lines) - 40} more lines)"]
    return "\n".join(f"    {line}" for line in lines)


@contextlib.contextmanager
def desk(root, build):
    """A directory with links to the files of the repository, and to `build` as build/."""
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        for path in root.iterdir():
            if path.name != "build" and path.name[0] != "." and path.suffix not in WRITTEN:
                (here / path.name).symlink_to(path)
        (here / "build").symlink_to(build)
        yield here


def check_page(path, blocks, root, build, held_ports):
    """Types a README twice; returns the number of blocks that differ, and the missing tools."""
    bad = set()
    with desk(root, build) as here, Page(path, here, held_ports) as page:
        for words in ROUNDS:
            for block in blocks:
                if block.line in bad:
                    continue
                if problem := page.problem(block):
                    bad.add(block.line)
                    step, error = problem
                    print(f"{path}:{step.line}: {step.text}\n{words}{error}\n")
                    page.restart()
        return len(bad), page.missing


def check_demo(path, sections, root, build):
    """Plays a demo; returns the number of sections that fail, and the missing tools."""
    bad, missing = 0, set()
    for section in sections:
        with Stage(root, build, Ports()) as stage:
            step = None
            try:
                for step in section.steps:
                    if step.kind not in (Kind.COMMENT, Kind.NOTICE):
                        missing.update(filter(None, [play_demo_step(step, stage)]))
                stage.check_jobs()
            except (Mismatch, StageError) as error:
                bad += 1
                print(f"{path}:{step.line}: {step.text}\n{error}\n")
    return bad, missing


def play_demo_step(step, stage):
    """Plays one step of a demo; returns the tool that is missing, or None."""
    if tool := tool_missing(step):
        return tool
    if step.kind is Kind.BACKGROUND:
        stage.start(stage.prepare(step))
    elif step.kind is Kind.KILL:
        stage.kill(step)
    else:
        output, status = stage.run(stage.prepare(step))
        if status != step.status:
            raise Mismatch(f"  expected: [status {step.status}]\n  got:      [status {status}]\n"
                           f"The whole output was:\n{indented(output.decode(errors='replace'))}")
    return None


def check_file(path, is_demo, root, build, held_ports):
    """Checks every block of a README, or every section of a demo; returns the exit status."""
    text = path.read_text(encoding="utf-8")
    try:
        blocks = read_demo(text) if is_demo else read_readme(text)
    except ScriptError as error:
        print(f"{path}:{error.line}: {error}")
        return 1
    if is_demo:
        bad, missing = check_demo(path, blocks, root, build)
    else:
        bad, missing = check_page(path, blocks, root, build, held_ports)
    for tool in sorted(missing):
        print(f"skipped: {path}: {tool} is not installed")
    commands = sum(step.kind in (Kind.COMMAND, Kind.BACKGROUND)
                   for block in blocks for step in block.steps)
    print(f"{path}: {commands} commands; {bad} of {len(blocks)} blocks differ")
    return 1 if bad or not commands else 0  # a file without commands is a mistake, too


def main(words):
    """The command line."""
    parser = argparse.ArgumentParser(description="Checks what a README or a demo shows.")
    parser.add_argument("--demo", action="store_true", help="the file is a demo")
    parser.add_argument("--held-ports", action="store_true",
                        help="replace a README's ports even if we may have our own network")
    parser.add_argument("file", type=Path)
    options = parser.parse_args(words)
    build = Path(os.environ.get("BUILD_ROOT", ROOT / "build")).absolute()
    try:
        with leaving_nothing_behind():
            held_ports = options.held_ports or not own_network_is_allowed()
            return check_file(options.file, options.demo, ROOT, build, held_ports)
    except NoTerminal as error:
        print(f"skipped: {options.file}: {error}")
        return SKIPPED
    except Stopped as stopped:
        return stopped.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
