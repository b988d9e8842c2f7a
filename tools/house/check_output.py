"""Compares a program's output with a file of expected output.

    check_output.py [--update] PROGRAM EXPECTED [ARGS...]

The file contains stdout and stderr in their order and, if the status is not 0, a last line
`[status N]`. If the file is missing, its copy in tools/expected.zip counts. --update writes the
file instead of comparing.
"""

import difflib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from programs import expected
from programs.processes import LIMIT, Program, TookTooLong

ROOT = Path(__file__).resolve().parents[2]


def printed(command):
    """The command's output in the form of the file; the command runs in the repository's root."""
    program = Program(command, ROOT)
    try:
        status = program.wait(LIMIT)
        text = program.out.all().decode("utf-8", "surrogateescape")
    except TookTooLong as error:
        return f"{program.out.all().decode(errors='replace')}\n[{error}]\n"
    finally:
        program.close()
    if text and not text.endswith("\n"):
        text += "\n"
    return text + (f"[status {status}]\n" if status else "")


def difference(command, expected_file):
    """The difference as a unified diff; empty if there is none."""
    command = [str(word) for word in command]
    text = expected.read(ROOT, expected_file).decode("utf-8", "surrogateescape")
    return "".join(difflib.unified_diff(
        text.splitlines(keepends=True), printed(command).splitlines(keepends=True),
        fromfile=str(expected_file), tofile=" ".join(command)))


def main(words):
    """The command line; returns 1 if the output differs."""
    update = words[:1] == ["--update"]
    if len(words) < 2 + update:
        print("usage: check_output.py [--update] PROGRAM EXPECTED [ARGS...]", file=sys.stderr)
        return 2
    program, expected_file, *arguments = words[update:]
    command = [Path(program).absolute(), *arguments]
    if update:
        Path(expected_file).write_text(printed(command), encoding="utf-8", errors="surrogateescape")
        return 0
    text = difference(command, expected_file)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    return 1 if text else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
