"""Says in one line why a tree or a build directory can't be used, or repairs it."""

import errno
import json
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
TREE = Path(__file__).resolve().parents[2]
LITTLE = 64 * 2**20  # bytes: with less free space, a full disk may be why a build failed

# The words of Meson and compilers: for a full disk, for missing permission, for a mistake in
# meson.build, for another version of Meson.
NO_ROOM = re.compile(rb"No space left on device|Disk quota exceeded")
NO_RIGHT = re.compile(rb"(?:Permission denied|Read-only file system|Operation not permitted)"
                      rb"(?:: '([^'\n]+)')?")
OUR_MISTAKE = re.compile(rb"meson(?:\.build|\.options|_options\.txt):\d+:\d+: ERROR")
OTHER_MESON = re.compile(rb"generated with Meson version ([\w.]+)")

# The paths in a build directory that every setup or build writes.
WRITTEN = ("", "build.ninja", ".ninja_log", "meson-info", "meson-logs", "meson-private",
           "meson-private/coredata.dat")


class BuildError(Exception):
    """The programs can't be built; the output of Meson or the compiler has been shown."""


def in_words(error):
    """A sentence for an OSError: what it means, and what to do."""
    name = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
    if error.errno in FULL:
        return no_room(name or "the tree")
    if error.errno in FORBIDDEN and name:
        return no_right(Path(name))
    return f"{name}: {error.strerror}" if name and error.strerror else str(error)


def no_room(place):
    """The line for a full disk."""
    return f"the disk is full: free some space on the disk of {place}, then try again"


def no_right(path):
    """The line for a file that can't be read or written, or a directory that can't be created."""
    place = there(path)
    about = place.stat()
    what = "write" if os.access(place, os.R_OK) else "read"
    if about.st_uid == os.geteuid() and not about.st_mode & 0o200:
        return f"can't {what} {place}, though you own it: run chmod -R u+rwX {place}"
    if TREE not in (place, *place.absolute().parents):
        return (f"can't {what} {place}, which belongs to {user(about.st_uid)}: "
                "choose a directory that you own")
    return (f"can't {what} {place}, which belongs to {user(about.st_uid)}: "
            "copy the tree to a directory that you own, and run ./tour there; "
            f"or, as root, run chown -R {user(os.geteuid())} {place}")


def there(path):
    """The path, or the nearest directory above it that exists and is visible."""
    for place in (path, *path.absolute().parents):
        try:
            if place.exists():
                return place
        except PermissionError:
            pass
    return Path("/")


def user(number):
    """A user's name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def check_writable(build):
    """Raises a BuildError if nothing can be built in the directory, which need not exist yet."""
    place = there(build)
    files = [build / name for name in WRITTEN] if place == build else [place]
    for file in files:
        if file.exists() and not os.access(file, os.R_OK | os.W_OK):
            raise BuildError(no_right(file))


def unusable(root, build):
    """Why a build directory must be set up again, or "". To be asked before Ninja runs."""
    if not (build / "meson-private").exists():
        return ""
    if not (build / "build.ninja").exists():
        return "its setup was not completed"
    places = made_by(build).get("directories", {})
    if any(os.path.realpath(places[name]) != os.path.realpath(here)
           for name, here in (("source", root), ("build", build)) if name in places):
        return "it was set up in another place"
    return ""


def made_by(build):
    """What Meson has recorded about itself in a build directory."""
    try:
        return json.loads((build / "meson-info/meson-info.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def unusable_after(said):
    """The same, from Meson's output when it failed to bring the directory up to date."""
    if NO_ROOM.search(said) or NO_RIGHT.search(said) or OUR_MISTAKE.search(said):
        return ""
    other = OTHER_MESON.search(said)
    return (f"it was set up by Meson {other.group(1).decode()}" if other
            else "it can't be brought up to date")


def made_by_another_meson(build):
    """Why `meson test` can't use a build directory, or ""."""
    then = made_by(build).get("meson_version", {}).get("full")
    now = subprocess.run(["meson", "--version"], check=False, stdout=subprocess.PIPE,
                         encoding="utf-8").stdout.strip() if then else then
    return f"it was set up by Meson {then}" if then != now else ""


def prepare_for_setup(build):
    """Prepares a used build directory for a new setup; returns the options for Meson."""
    if (build / "meson-private/cmd_line.txt").exists():
        return ["--wipe"]  # keeps the options of the last setup
    for name in ("meson-private", "meson-info", "meson-logs"):
        shutil.rmtree(build / name, ignore_errors=True)
    (build / "build.ninja").unlink(missing_ok=True)
    return []


def failure(message, said, build):
    """The BuildError for a step that failed; `said` is the output of Meson or Ninja, if known."""
    if NO_ROOM.search(said):
        return BuildError(no_room(build))
    forbidden = NO_RIGHT.search(said)
    if forbidden:
        return BuildError(no_right(Path(os.fsdecode(forbidden.group(1) or bytes(build)))))
    left = shutil.disk_usage(there(build)).free
    if left < LITTLE:
        message += f", and only {left // 2**20} MiB are free on the disk"
    return BuildError(message)


def is_about_the_place(said):
    """Whether the output is about a full disk or missing permission."""
    return bool(NO_ROOM.search(said) or NO_RIGHT.search(said))
