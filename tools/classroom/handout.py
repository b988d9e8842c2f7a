"""Writes the copy for a class: without what would spoil the exercises."""

import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from classroom.exercises import ExerciseError
from programs.expected import ARCHIVE, beside, packed


def pack_expected(tree):
    """Moves the .expected files of a tree into its archive, where the tests still find them.

    The same files produce the same archive, byte for byte.
    """
    tree, files = Path(tree), beside(tree)
    contents = {**packed(tree),
                **{file.relative_to(tree).as_posix(): file.read_bytes() for file in files}}
    with ZipFile(tree / ARCHIVE, "w") as archive:
        for name in sorted(contents):
            archive.writestr(ZipInfo(name), contents[name], ZIP_DEFLATED)
    for file in files:
        file.unlink()


def write(root, directory):
    """Copies the tree to a new directory, without solutions and wrong answers, and with only the
    first hint of each exercise. The expected output of programs goes into the archive."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ExerciseError(f"{directory} already exists: choose a new directory")
    for file in files_of(root):
        if not spoils(file):
            target = directory / file.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
    for hints in directory.glob("part*/exercises/*/hints*.md"):
        first, *_ = re.split(r"^(?=## 2\s*$)", hints.read_text(encoding="utf-8"),
                             flags=re.MULTILINE)
        hints.write_text(first.rstrip() + "\n", encoding="utf-8")
    pack_expected(directory)


def files_of(root):
    """The files of the tree: those that git tracks or, without git, all but generated ones."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=False, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if listed.returncode == 0 and listed.stdout:
        found = [root / name for name in listed.stdout.split("\0") if name]
    else:
        made = re.compile(r"(build[^/]*|my|\.git)/|.*__pycache__/")
        found = [path for path in sorted(root.rglob("*"))
                 if not made.match(path.relative_to(root).as_posix() + "/")]
    return [path for path in found if path.is_file()]


def spoils(file):
    """Whether a file contains a solution or a wrong answer."""
    parts = file.parts[-4:]
    return "exercises" in parts and (file.name == "solution.cpp" or "wrong" in parts)
