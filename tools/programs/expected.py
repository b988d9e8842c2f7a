"""The expected output of programs: a file NAME.expected beside each, or all files in one archive.

A handout for a class has the archive, so that learners do not read what they should predict.
"""

import os
from pathlib import Path
from zipfile import ZipFile

ARCHIVE = "tools/expected.zip"


def names(root):
    """The paths in the tree of all such files, in the archive or not."""
    return {file.relative_to(root).as_posix() for file in beside(root)} | set(packed(root))


def read(root, file):
    """The bytes of one file: its own, or else those in the archive."""
    file = Path(file)
    name = os.path.relpath(file.resolve(), Path(root).resolve())
    contents = {} if file.exists() else packed(root)
    return contents[name] if name in contents else file.read_bytes()


def beside(root):
    """The files that are beside their programs."""
    return sorted(Path(root).glob("part*/**/*.expected"))


def packed(root):
    """The contents of the archive, by path in the tree; empty without an archive."""
    try:
        with ZipFile(Path(root) / ARCHIVE) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except FileNotFoundError:
        return {}
