"""What the programs should print: NAME.expected beside each, or all of them in one archive.

A handout for a class has the archive, so that nobody reads there what he is to find out.
"""

import os
from pathlib import Path
from zipfile import ZipFile

ARCHIVE = "tools/expected.zip"


def names(root):
    """The paths in the tree of all such files, wherever they are."""
    return {file.relative_to(root).as_posix() for file in beside(root)} | set(packed(root))


def read(root, file):
    """The bytes of one; where there is no such file, those that the archive has for its path."""
    file = Path(file)
    name = os.path.relpath(file.resolve(), Path(root).resolve())
    contents = {} if file.exists() else packed(root)
    return contents[name] if name in contents else file.read_bytes()


def beside(root):
    """The files that stand beside their programs."""
    return sorted(Path(root).glob("part*/**/*.expected"))


def packed(root):
    """What the archive holds, by path in the tree; nothing where there is no archive."""
    try:
        with ZipFile(Path(root) / ARCHIVE) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except FileNotFoundError:
        return {}
