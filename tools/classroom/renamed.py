"""Finds old names of the core in a source. The table in CHANGELOG.md has the new ones.

    renamed.py FILE...      prints the old names that these files use; status 1 if there are any

A row of the table is `| `before` | `now` |`. A name is an include path, such as twist/net/tcp.hpp,
the plain name of a function or a type, or the name of a member function with a dot before it.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `([^`]+)` \| (`.+) \|$", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">\n]+)[">]', re.MULTILINE)
NOT_CODE = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*'""",
                      re.DOTALL)


class Renamed(NamedTuple):
    """A row of the table."""

    before: str
    now: str


def table(root):
    """The rows of the table; none where there is no CHANGELOG.md."""
    file = Path(root) / "CHANGELOG.md"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return [Renamed(before, now.replace("`", "")) for before, now in ROW.findall(text)]


def names_in(source):
    """What a C++ source includes, every word of its code, and every `.member` that it uses."""
    code = NOT_CODE.sub(" ", INCLUDE.sub("", source))
    members = re.findall(r"(?:\.|->)\s*([^\W\d]\w*)", code)
    return {*INCLUDE.findall(source), *re.findall(r"[^\W\d]\w*", code),
            *(f".{member}" for member in members)}


def used(rows, source):
    """The rows whose old name a source uses."""
    names = names_in(source)
    return [row for row in rows if row.before in names]


def blamed(rows, source, said):
    """The rows whose old name a source uses; none if `said`, the compiler's words, names none."""
    found = used(rows, source)
    return found if any(re.search(rf"(?<!\w){re.escape(row.before.lstrip('.'))}(?!\w)", said)
                        for row in found) else []


def main(files):
    """The command line."""
    rows, found = table(ROOT), False
    for file in files:
        for row in used(rows, Path(file).read_text(encoding="utf-8", errors="replace")):
            print(f"{file}: {row.before} is called {row.now} now (CHANGELOG.md).")
            found = True
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
