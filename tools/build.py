"""Building the programs with Meson and Ninja: only what is needed, and only when it is."""

import json
import os
import subprocess

from making import Making, MakingError, ninja

THE_OTHERS = "the other programs"


class BuildError(Exception):
    """The programs cannot be built; what Meson or the compiler said has been shown."""


def make_programs(root, build, screen):
    """Builds the programs, and no tests."""
    configure(root, build, screen)
    make(build, programs(build), "the programs", screen)


def make_program(root, build, name, screen):
    """Builds one program."""
    configure(root, build, screen)
    make(build, [name], name, screen)


def make(build, targets, name, screen):
    """Builds what Ninja calls so, behind a bar."""
    wait_for(begin(build, {name: targets}, f"Building {name} ...", screen), name, screen)


def make_in_turn(build, lists, screen):
    """Begins to build lists of programs, each under its name, and then THE_OTHERS. Gives what
    wait_for takes."""
    everything = programs(build)
    lists = {name: [each for each in needed if each in everything]
             for name, needed in lists.items()}
    return begin(build, {**lists, THE_OTHERS: everything}, f"Building {next(iter(lists))} ...",
                 screen)


def begin(build, lists, title, screen):
    """Begins to build lists of targets in the background. Gives what wait_for takes."""
    if up_to_date(build, [target for targets in lists.values() for target in targets]):
        return None
    screen.say(title)
    return Making(build, lists)


def wait_for(making, name, screen):
    """Waits, behind a bar, until one of the lists is built. Raises BuildError."""
    if making:
        try:
            making.wait_for(name, screen)
        except MakingError as error:
            raise BuildError(error) from None


def up_to_date(build, targets):
    """Whether Ninja would have nothing to do."""
    return b"no work to do" in subprocess.run([ninja(), *targets, "-n"], cwd=build, check=False,
                                              stdout=subprocess.PIPE).stdout


def configure(root, build, screen, options=()):
    """Lets Meson set up the build directory, with these options, or bring it up to date."""
    if (build / "build.ninja").exists():
        command = [ninja(), "-C", build, "build.ninja"]
    else:
        screen.say(f"Setting up {shown(root, build)} ...")
        command = ["meson", "setup", build, root, *options]
    done = subprocess.run(command, cwd=root, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0:
        screen.raw(done.stdout)
        raise BuildError("meson setup failed")


def programs(build):
    """Ninja's targets. Its default target is no use: with older Mesons it has all tests in it."""
    targets = json.loads((build / "meson-info/intro-targets.json").read_text(encoding="utf-8"))
    return [os.path.relpath(file, build) for target in targets if target["build_by_default"]
            for file in target["filename"]]


def shown(root, build):
    """The directory as a person would write it."""
    return f"{build.relative_to(root)}/" if root in build.parents else str(build)
