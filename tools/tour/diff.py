"""./tour diff: shows how a program changed from one part to another, or within one.

`X-1.cpp` beside `X.cpp` is a later version of the same program; `X-broken.cpp` is a variant, not a
version. Git shows the difference.
"""

import contextlib
import difflib
import os
import re
import shutil
import signal
import subprocess

from tour.parts import PartError, find_parts, home

# The units of git's word diff: names and numbers, otherwise single characters.
WORDS = "--word-diff-regex=[[:alnum:]_]+|[^[:space:]]"
HUNK = re.compile(rb"^(?=(?:\x1b\[[0-9;]*m)*@@ )", re.MULTILINE)
ALIKE = 0.6  # from this share of common words on, a hunk is shown word by word


def show(root, numbers, screen):
    """Shows the difference for one or two part numbers."""
    parts = find_parts(root)
    text = b"".join(difference(root, old, new, screen.colours)
                    for old, new in steps(parts, *numbers))
    page(text, screen)
    return 0


def steps(parts, first, second=None):
    """The pairs of files to compare."""
    one = home(parts, first)
    two = one if second is None else home(parts, second)
    before, after = versions(one), versions(two)
    if one is two:
        found = [pair for files in before.values() for pair in zip(files, files[1:])]
    else:
        found = [(before[name][-1], after[name][0]) for name in before if name in after]
    if not found:
        asked = one.name if one is two else f"{one.name} and {two.name}"
        wanted = {str(part.number) for part in (one, two)}
        near = [words for words in pairs(parts) if wanted & set(words.split())]
        raise PartError(f"{asked}: no program here has two versions to compare; ./tour diff takes "
                        + ", ".join(near or pairs(parts)))
    return found


def versions(part):
    """The programs of a part, each with its versions in order."""
    stems = {file.stem for file in part.directory.glob("*.cpp")}
    found = {}
    for stem in sorted(stems, key=by_number):
        base = re.sub(r"-\d+$", "", stem)
        if base not in stems:
            base = stem
        if not any(base.startswith(other + "-") for other in stems):
            found.setdefault(base, []).append(part.directory / f"{stem}.cpp")
    return found


def by_number(stem):
    """A sort key: X-10 comes after X-9."""
    return [int(word) if word.isdigit() else word for word in re.split(r"(\d+)", stem)]


def pairs(parts):
    """The part numbers that `diff` takes."""
    numbers = {}
    for part in parts:
        for name, files in versions(part).items():
            numbers.setdefault(name, []).append((part.number, len(files)))
    words = []
    for found in numbers.values():
        for index, (number, count) in enumerate(found):
            words += [f"{found[index - 1][0]} {number}"] if index else []
            words += [f"{number}"] if count > 1 else []
    return words


def difference(root, old, new, colours):
    """The difference between two files, as bytes."""
    old, new = old.relative_to(root), new.relative_to(root)
    if not shutil.which("git"):
        return printed_by(["diff", "-u", old, new], root)
    git = ["git", "diff", "--no-index", "--no-ext-diff", "--histogram"]
    plain = printed_by([*git, "--no-color", old, new], root)
    if not colours:
        return plain
    in_lines = printed_by([*git, "--color=always", old, new], root)
    in_words = printed_by([*git, "--color=always", "--word-diff=color", WORDS, old, new], root)
    head, *hunks = zip(*map(HUNK.split, (plain, in_lines, in_words)))
    return head[1] + b"".join(by_words(words) if reads_better_by_words(hunk) else lines
                              for hunk, lines, words in hunks)


def by_words(hunk):
    """A hunk of git's word diff, indented like a line diff."""
    head, *body = hunk.splitlines(keepends=True)
    return head + b"".join(b" " + line for line in body)


def reads_better_by_words(hunk):
    """Whether a hunk adds mostly the words that it removes."""
    removed, added = (re.findall(rb"\w+|[^\w\s]", b" ".join(re.findall(sign, hunk, re.MULTILINE)))
                      for sign in (rb"^-(.*)", rb"^\+(.*)"))
    return difflib.SequenceMatcher(None, removed, added, autojunk=False).ratio() > ALIKE


def printed_by(command, root):
    """The output of a command; its status 1 only means that there is a difference."""
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=False)
    if done.returncode > 1:
        raise PartError(f"{command[0]} can't show the difference")
    return done.stdout


def page(text, screen):
    """Shows the text: in a terminal through git's pager or, without one, page by page as the rest
    of the tour."""
    command = pager() if screen.terminal else "cat"
    if not command:
        screen.read_along()
    if command in (None, "cat"):
        screen.raw(text)
        return
    settings = {"LESS": "FRX", "LESSCHARSET": "utf-8", **os.environ}
    process = subprocess.Popen(["sh", "-c", command], stdin=subprocess.PIPE, env=settings)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pager's
    with contextlib.suppress(BrokenPipeError):
        process.communicate(text)
    signal.signal(signal.SIGINT, before)


def pager():
    """The pager's command; "cat" if none is wanted, None if there is only `more`."""
    command = os.environ.get("PAGER", "less")
    if shutil.which("git"):
        command = subprocess.run(["git", "var", "GIT_PAGER"], stdout=subprocess.PIPE,
                                 check=False).stdout.decode().strip()
    words = command.split()
    if words in ([], ["cat"]):
        return "cat"
    found = shutil.which(words[0])
    return command if found and os.path.basename(os.path.realpath(found)) != "more" else None
