"""Building the programs with Meson and Ninja: only what is needed, and only when it is."""

import json
import os
import shutil
import subprocess

from processes import call


class BuildError(Exception):
    """The programs cannot be built; what Meson or the compiler said has been shown."""


def make_programs(root, build, screen):
    """Builds the programs, and no tests."""
    configure(root, build, screen)
    command = [ninja(), *programs(build)]
    if up_to_date(command, build):
        return
    screen.say(f"Building the programs in {shown(root, build)} ...")
    if call(command, cwd=build) != 0:
        raise BuildError("the build failed")


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
        screen.raw(done.stdout)
        raise BuildError("the build failed")


def up_to_date(command, build):
    """Whether Ninja would have nothing to do."""
    return b"no work to do" in subprocess.run([*command, "-n"], cwd=build, check=False,
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


def ninja():
    """Ninja, under whichever name the system has it."""
    return next(filter(shutil.which, ["ninja", "ninja-build", "samu"]), "ninja")


def shown(root, build):
    """The directory as a person would write it."""
    return f"{build.relative_to(root)}/" if root in build.parents else str(build)
