"""The tree that a class is given: what would spoil the exercises is put out of sight."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from expected import ARCHIVE, beside, packed


def pack_expected(tree):
    """Moves the .expected files of a tree into its archive, where the tests still find them.

    The same files give the same archive, byte for byte.
    """
    tree, files = Path(tree), beside(tree)
    contents = {**packed(tree),
                **{file.relative_to(tree).as_posix(): file.read_bytes() for file in files}}
    with ZipFile(tree / ARCHIVE, "w") as archive:
        for name in sorted(contents):
            archive.writestr(ZipInfo(name), contents[name], ZIP_DEFLATED)
    for file in files:
        file.unlink()
