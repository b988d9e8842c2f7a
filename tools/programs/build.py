"""Builds programs with Meson and Ninja: only those that are needed, when they are needed."""

import json
import os
import subprocess

from programs import setup_errors
from programs.making import Making, MakingError, ninja
from programs.setup_errors import BuildError

THE_OTHERS = "the other programs"


def make_programs(root, build, screen):
    """Builds the programs, and no tests."""
    configure(root, build, screen)
    make(build, programs(build), "the programs", screen)


def make_program(root, build, name, screen):
    """Builds one program."""
    configure(root, build, screen)
    make(build, [name], name, screen)


def make(build, targets, name, screen):
    """Builds these targets of Ninja, behind a progress bar."""
    wait_for(begin(build, {name: targets}, f"Building {name} ...", screen), name, screen)


def make_in_turn(build, lists, screen):
    """Starts to build named lists of programs, and then THE_OTHERS; returns what wait_for takes."""
    everything = programs(build)
    lists = {name: [each for each in needed if each in everything]
             for name, needed in lists.items()}
    return begin(build, {**lists, THE_OTHERS: everything}, f"Building {next(iter(lists))} ...",
                 screen)


def begin(build, lists, title, screen):
    """Starts to build named lists of targets in the background; returns what wait_for takes."""
    if up_to_date(build, [target for targets in lists.values() for target in targets]):
        return None
    screen.say(title)
    return Making(build, lists)


def wait_for(making, name, screen):
    """Waits behind a progress bar until one of the lists is built. Raises BuildError."""
    if making:
        try:
            making.wait_for(name, screen)
        except MakingError as error:
            raise failed("the build failed", error.said, making.build, screen) from None


def up_to_date(build, targets):
    """Whether Ninja would have nothing to do."""
    return b"no work to do" in subprocess.run([ninja(), *targets, "-n"], cwd=build, check=False,
                                              stdout=subprocess.PIPE).stdout


def configure(root, build, screen, options=()):
    """Has Meson set up the build directory with these options, or bring it up to date."""
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
    """Has Meson set up the build directory; `why` is the reason to do it again."""
    screen.say(f"Setting up {shown(root, build)} " + (f"again: {why} ..." if why else "..."))
    more = setup_errors.prepare_for_setup(build) if why else []
    done = printed_by(["meson", "setup", *more, build, root, *options], root)
    if done.returncode != 0:
        raise failed("meson setup failed", done.stdout, build, screen)


def printed_by(command, root):
    """Runs a build command and captures its output."""
    return subprocess.run(command, cwd=root, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def failed(message, said, build, screen):
    """Shows the output of a build command, unless the error says it all; returns the BuildError."""
    if not setup_errors.is_about_the_place(said):
        screen.raw(said)
    return setup_errors.failure(message, said, build)


def programs(build):
    """Ninja's targets for programs. (With older versions of Meson, Ninja's default target also
    contains all tests.)"""
    targets = json.loads((build / "meson-info/intro-targets.json").read_text(encoding="utf-8"))
    return [os.path.relpath(file, build) for target in targets if target["build_by_default"]
            for file in target["filename"]]


def shown(root, build):
    """The directory as a user would write it."""
    return f"{build.relative_to(root)}/" if root in build.parents else str(build)
