"""Does what a README shows, as a reader would, and compares.

    check_readme.py README.md       every `console` block: output and exit status are as it says
    check_readme.py --demo demo     every command starts, ends, and has the status that it says

The language is described in script.py. A README's commands are typed into one bash, in a terminal
(typist.py), block after block, and then all of them once more: a learner does both. It has a
network of its own, where every port is free (network.py); where that is not allowed, or with
--held-ports, the ports are replaced by others. Files that a page writes go to a directory of its
own, in which everything else is linked to. BUILD_ROOT is the directory that stands for build/.

A command whose tool (nc, ps) this machine does not have is left out, and named; what the rest of
its block prints is not compared.
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
WRITTEN = {".log", ".pid"}  # files that a page writes: an earlier reader's are none of its business
SKIPPED = 77  # what Meson takes for it
ROUNDS = ("", "The second time that the page is typed:\n")


class Mismatch(Exception):
    """What a command did is not what the page says."""


class Page:
    """One README, and the shell into which it is typed. A context manager."""

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
        """A new shell: in the old one, who knows what runs and what hangs."""
        self.typist.__exit__(None, None, None)
        self.typist = Typist(self.desk, own_network=not self.held_ports).__enter__()

    def problem(self, block):
        """Types a block; returns the first step that goes wrong and what is wrong, or None."""
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
        """Types one command and compares."""
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
        """Whether what is shown is all that comes before Ctrl-C, or will never be."""
        expected = step.expected[:step.before_ctrl_c]
        difference = self.difference(expected, shown)
        return not difference or (difference.got != END and ANY_LINES not in expected)

    def compare(self, step, output):
        """Compares an output with the lines that the page has for it."""
        difference = self.difference(step.expected, output)
        if difference:
            raise Mismatch(f"  expected: {difference.expected}\n  got:      {difference.got}\n"
                           f"The whole output was:\n{indented(self.as_written(output))}")

    def difference(self, expected, output):
        """Where an output first differs from what is expected, or None."""
        return first_difference(expected, self.as_written(output).splitlines())

    def as_written(self, output):
        """The output with the page's names for ports."""
        return self.ports.with_names(output.decode("utf-8", "replace"))


def indented(text):
    """The output of a command, set off from our own words; the middle of a long one is left out."""
    lines = text.splitlines()
    if len(lines) > 40:
        lines[30:-10] = [f"... ({len(lines) - 40} more lines)"]
    return "\n".join(f"    {line}" for line in lines)


@contextlib.contextmanager
def desk(root, build):
    """A directory in which the files of the repository are, with `build` for build/."""
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        for path in root.iterdir():
            if path.name != "build" and path.name[0] != "." and path.suffix not in WRITTEN:
                (here / path.name).symlink_to(path)
        (here / "build").symlink_to(build)
        yield here


def check_page(path, blocks, root, build, held_ports):
    """Types a README twice; returns how many blocks differ, and the tools that were missing."""
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
    """Plays a demo; returns how many sections go wrong, and the tools that were missing."""
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
    """Plays one step of a demo; returns the tool that it lacks, if it does."""
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
    return 1 if bad or not commands else 0  # a file that shows nothing is a mistake, too


def main(words):
    """The command line."""
    parser = argparse.ArgumentParser(description="Checks what a README or a demo shows.")
    parser.add_argument("--demo", action="store_true", help="the file is a demo")
    parser.add_argument("--held-ports", action="store_true",
                        help="replace a README's ports even where a network of our own is allowed")
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
