"""Runs what a README shows, and compares.

    check_readme.py README.md       every `console` block: output and exit status are as it says
    check_readme.py --demo demo     every command starts, ends, and has the status that it says

The language is described in script.py: in a README `[status 1]` ends the output of a command that
fails, in a demo the command line itself ends with `# status 1`. Ports are chosen by the system.
Lines below a server's command are the beginning of what it prints while the block runs; lines below
a `kill` are what the program printed from then to its end. BUILD_ROOT is the directory that stands
for build/. A command whose tool (nc, curl) this machine does not have is left out, and named.
"""

import argparse
import os
import sys
from pathlib import Path

from matching import ANY_LINES, END, first_difference
from ports import Ports
from processes import Stopped, leaving_nothing_behind, wait_until
from script import Kind, ScriptError, read_demo, read_readme
from stage import Stage, StageError

ROOT = Path(__file__).resolve().parent.parent


class Mismatch(Exception):
    """What a command did is not what the script says."""


class Checker:
    """Runs one block, or one section of a demo; the first mismatch ends it."""

    def __init__(self, stage, compares):
        self.stage = stage
        self.compares = compares  # a demo does not say what its commands print
        self.promised = []  # (step, job): what programs in the background are to print
        self.missing = []  # tools

    def problem(self, steps):
        """Runs the steps; returns the first that goes wrong and what is wrong, or None."""
        try:
            for step in steps:
                self.check_step(step)
            self.stage.check_jobs()
            for step, job in self.promised:
                self.check_background(step, job)
        except (Mismatch, StageError) as error:
            return step, error
        return None

    def check_step(self, step):
        """Runs one step and compares."""
        if step.kind in (Kind.COMMENT, Kind.NOTICE):
            return
        if tool := self.stage.tool_missing(step):
            self.missing.append(tool)
        elif step.kind is Kind.BACKGROUND:
            self.promised.append((step, self.stage.start(self.stage.prepare(step))))
        elif step.kind is Kind.KILL:
            self.check_end(step)
        else:
            output, status = self.stage.run(self.stage.prepare(step))
            self.compare(step, output)
            self.compare_status(step, status)

    def check_end(self, step):
        """A `kill`: compares what the program printed from then on, if the script shows it."""
        job, output = self.stage.kill(step)
        if step.expected:
            self.compare(step, output)
        if step.status is not None:
            self.compare_status(step, job.program.status)

    def check_background(self, step, job):
        """At the end of the block: what a program in the background has printed.

        Where a command was left out, for want of a tool, there is nothing to be expected of it.
        """
        if not step.expected or self.missing:
            return
        step.expected.append(ANY_LINES)

        def nothing_to_wait_for():
            difference = self.difference(step, job.program.out.all())
            return not difference or job.program.status is not None or (
                difference.got != END and ANY_LINES not in step.expected[:-1])

        wait_until(nothing_to_wait_for)
        self.compare(step, job.program.out.all())

    def compare(self, step, output):
        """Compares an output with the lines that the script has for it."""
        difference = self.difference(step, output)
        if difference and self.compares:
            raise Mismatch(f"  expected: {difference.expected}\n  got:      {difference.got}\n"
                           f"The whole output was:\n{indented(self.as_written(output))}")

    def difference(self, step, output):
        """Where an output first differs from what the script says, or None."""
        return first_difference(step.expected, self.as_written(output).splitlines())

    def compare_status(self, step, status):
        """Compares an exit status with the one that the script says."""
        if status != step.status:
            raise Mismatch(f"  expected: [status {step.status}]\n  got:      [status {status}]")

    def as_written(self, output):
        """The output as the script would show it: names for ports, build/ for the directory."""
        text = self.stage.ports.with_names(output.decode("utf-8", "replace"))
        return text.replace(f"{self.stage.build}/", "build/")


def indented(text):
    """The output of a command, set off from our own words; the middle of a long one is left out."""
    lines = text.splitlines()
    if len(lines) > 40:
        lines[30:-10] = [f"... ({len(lines) - 40} more lines)"]
    return "\n".join(f"    {line}" for line in lines)


def check_file(path, is_demo, root, build):
    """Checks every block of a README, or every section of a demo; returns the exit status."""
    text = path.read_text(encoding="utf-8")
    try:
        blocks = read_demo(text) if is_demo else read_readme(text)
    except ScriptError as error:
        print(f"{path}:{error.line}: {error}")
        return 1
    bad, commands = 0, 0
    for block in blocks:
        with Stage(root, build, Ports()) as stage:
            checker = Checker(stage, compares=not is_demo)
            if problem := checker.problem(block.steps):
                bad += 1
                step, error = problem
                print(f"{path}:{step.line}: {step.text}\n{error}\n")
            for tool in checker.missing:
                print(f"skipped: {path}: {tool} is not installed")
        commands += sum(step.kind in (Kind.COMMAND, Kind.BACKGROUND) for step in block.steps)
    print(f"{path}: {commands} commands; {bad} of {len(blocks)} blocks differ")
    return 1 if bad or not commands else 0  # a file that shows nothing is a mistake, too


def main(words):
    """The command line."""
    parser = argparse.ArgumentParser(description="Checks what a README or a demo shows.")
    parser.add_argument("--demo", action="store_true", help="the file is a demo")
    parser.add_argument("file", type=Path)
    options = parser.parse_args(words)
    build = Path(os.environ.get("BUILD_ROOT", ROOT / "build")).absolute()
    try:
        with leaving_nothing_behind():
            return check_file(options.file, options.demo, ROOT, build)
    except Stopped as stopped:
        return stopped.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
