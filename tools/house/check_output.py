"""Compares a program's output with the file that says what it should be.

    check_output.py [--update] PROGRAM EXPECTED [ARGS...]

The file holds stdout and stderr as they come, and `[status N]` as its last line when the status is
not 0. Where it is not there, what tools/expected.zip has for its path counts. --update writes the
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
    """What the command prints, run in the repository's root, as the file would show it."""
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
    """The difference as a unified diff; empty when there is none."""
    command = [str(word) for word in command]
    text = expected.read(ROOT, expected_file).decode("utf-8", "surrogateescape")
    return "".join(difflib.unified_diff(
        text.splitlines(keepends=True), printed(command).splitlines(keepends=True),
        fromfile=str(expected_file), tofile=" ".join(command)))


def main(words):
    """The command line; status 1 when the output differs."""
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
