"""Building the programs with Meson and Ninja: only what is needed, and only when it is."""

import json
import os
import shutil
import subprocess

import setup_errors
from processes import call
from setup_errors import BuildError


def make_programs(root, build, screen):
    """Builds the programs, and no tests."""
    configure(root, build, screen)
    command = [ninja(), *programs(build)]
    if up_to_date(command, build):
        return
    screen.say(f"Building the programs in {shown(root, build)} ...")
    if call(command, cwd=build) != 0:
        raise setup_errors.failure("the build failed", b"", build)


def make_program(root, build, name, screen):
    """Builds one program; what the compiler says is shown only if that fails."""
    configure(root, build, screen)
    command = [ninja(), name]
    if up_to_date(command, build):
        return
    screen.say(f"Building {name} ...")
    done = subprocess.run(command, cwd=build, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise failed("the build failed", done.stdout, build, screen)


def up_to_date(command, build):
    """Whether Ninja would have nothing to do."""
    return b"no work to do" in subprocess.run([*command, "-n"], cwd=build, check=False,
                                              stdout=subprocess.PIPE).stdout


def configure(root, build, screen, options=()):
    """Lets Meson set up the build directory, with these options, or bring it up to date."""
    setup_errors.check_writable(build)
    why = setup_errors.unusable(root, build)
    if not why and (build / "build.ninja").exists():
        done = printed_by([ninja(), "-C", build, "build.ninja"], root)
        why = done.returncode and setup_errors.unusable_after(done.stdout)
        if not why:
            if done.returncode:
                raise failed("meson setup failed", done.stdout, build, screen)
            return
    set_up(root, build, screen, options, why)


def set_up(root, build, screen, options=(), why=""):
    """Lets Meson set up the build directory; again, if there is a reason why."""
    screen.say(f"Setting up {shown(root, build)} " + (f"again: {why} ..." if why else "..."))
    more = setup_errors.prepare_for_setup(build) if why else []
    done = printed_by(["meson", "setup", *more, build, root, *options], root)
    if done.returncode != 0:
        raise failed("meson setup failed", done.stdout, build, screen)


def printed_by(command, root):
    """Runs a command of the build; its output is kept."""
    return subprocess.run(command, cwd=root, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def failed(message, said, build, screen):
    """Shows what a command of the build has said, if that helps; returns the BuildError."""
    if not setup_errors.is_about_the_place(said):
        screen.raw(said)
    return setup_errors.failure(message, said, build)


def programs(build):
    """Ninja's targets. Its default target is no use: with older Mesons it has all tests in it."""
    targets = json.loads((build / "meson-info/intro-targets.json").read_text(encoding="utf-8"))
    return [os.path.relpath(file, build) for target in targets if target["build_by_default"]
            for file in target["filename"]]


def ninja():
    """Ninja, under whichever name the system has it."""
    return next(filter(shutil.which, ["ninja", "ninja-build", "samu"]), "ninja")


def shown(root, build):
    """The directory as a person would write it."""
    return f"{build.relative_to(root)}/" if root in build.parents else str(build)
