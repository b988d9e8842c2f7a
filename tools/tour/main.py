"""./tour: runs the command that its arguments name. The script `tour` in the root installs what is
missing first."""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to clean up yet

import contextlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from classroom import commands as classroom
from classroom.exercises import ExerciseError
from programs.build import THE_OTHERS, BuildError, configure, make_in_turn, wait_for
from programs.processes import Stopped, leaving_nothing_behind
from programs.script import ScriptError
from programs.setup_errors import in_words
from programs.stage import StageError
from terminal.reader import Goodbye
from terminal.screen import Screen
from terminal.arguments import UsageError
from terminal.wrapping import wrapped
from tour import diff, predict, suite
from tour.demo import play
from tour.parts import LAST_PART, WITHOUT_PROGRAM, PartError, all_chapters, chapters_for, find_parts

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"

HELP = """\
./tour               builds the programs and plays every chapter
./tour N             plays the chapter that goes with part N of the text
./tour list          lists the chapters
./tour diff A B      shows how the program changed from part A to part B
./tour diff N        shows how it changed within part N
./tour predict       lists small programs; add a name, as in
                     ./tour predict 7/defer-4, to predict what one will print
./tour test [ARGS]   builds and runs the tests (ARGS go to `meson test`)
./tour bench [ARGS]  measures how fast the core is, in about three minutes
./tour exercises     lists the exercises and shows which you have solved
./tour start 4/NAME  starts one; then ./tour check, hint or solution 4/NAME
./tour help          shows this text

For teachers:
./tour handout DIR   writes a copy of the tree for a class
./tour grade DIR...  grades the answers in these directories
./tour mistakes 4/NAME  shows typical wrong answers, and why they are given

In a terminal it pauses for you. Enter: continue; q, Enter: quit; a, Enter: no
more pauses. Ctrl-C ends it at any time and leaves no program running."""


# Commands whose output is a log or goes through a pager: they do not pause for a reader.
UNSTOPPED = ("test", "bench", "check", "grade", "handout", "diff")


def main(words):
    """Runs a command; returns the exit status."""
    screen = Screen()
    try:
        with leaving_nothing_behind():
            try:
                return do(words, screen)
            except Goodbye:
                screen.say("Goodbye." if screen.language == "en" else "再见。")
                return 0
    except Stopped as stopped:
        screen.reader = None
        with contextlib.suppress(OSError):
            screen.show("")
        return stopped.status
    except (UsageError, PartError, ExerciseError) as error:
        return complain(error, 2)
    except (BuildError, ScriptError, StageError) as error:
        return complain(error, 1)
    except OSError as error:  # for example a directory that can't be written
        return complain(in_words(error), 1)


def complain(error, status):
    """Prints one line on stderr; in a terminal, wrapped."""
    lines = f"tour: {error}".splitlines()
    with contextlib.suppress(OSError, AttributeError):
        if sys.stderr.isatty():
            across = Screen(sys.stderr.buffer).width
            lines = [part for line in lines for part in wrapped(line, across)]
        print("\n".join(lines), file=sys.stderr)
    return status


def do(words, screen):
    """Runs the command that the words name."""
    word, *rest = words or [""]
    if word not in UNSTOPPED:
        screen.read_along()
    if word == "test":
        return suite.run(ROOT, BUILD, rest, screen)
    if word == "bench":
        from bench import driver as bench
        return bench.run(ROOT, BUILD, rest, screen)
    if word in classroom.WORDS:
        return classroom.main(ROOT, word, rest, screen)
    if word == "diff":
        return diff.show(ROOT, numbers(rest), screen)
    if word == "predict":
        return predict.run(ROOT, BUILD, rest, screen)
    if rest:
        raise UsageError(f"too many arguments after '{word}'; see ./tour help")
    if word in ("help", "--help", "-h"):
        screen.say(HELP)
    elif word == "list":
        list_chapters(screen)
    elif not words:
        play_all(all_chapters(find_parts(ROOT)), screen)
    elif word.isascii() and word.isdigit():
        if word[0] == "0":  # the script `tour` does not install anything for it
            raise PartError(f"there is no part {word}: the text has parts 1 to {LAST_PART}")
        play_part(int(word), screen)
    elif chapters := [each for each in all_chapters(find_parts(ROOT)) if each.numbers == word]:
        play_all(chapters, screen)  # a chapter for two parts, as the list shows it: 1-2
    else:
        raise UsageError(f"no such command: '{word}'; see ./tour help")
    return 0


def numbers(words):
    """The one or two part numbers after `diff`."""
    if len(words) not in (1, 2) or not all(word.isascii() and word.isdigit() for word in words):
        raise UsageError("diff needs one or two part numbers, as in ./tour diff 4 5")
    return [int(word) for word in words]


def list_chapters(screen):
    """Lists every chapter: the part of the text, its title, its directory."""
    chapters = all_chapters(find_parts(ROOT))
    width = max((len(chapter.section.title) for chapter in chapters), default=0)
    for chapter in chapters:
        screen.say(f"{chapter.numbers:>5}  {chapter.section.title:<{width}}  {chapter.part.name}")


def play_part(number, screen):
    """Plays the chapter for one part of the text, or says why there is none."""
    if number in WITHOUT_PROGRAM:
        screen.say(f"Part {number}, {WITHOUT_PROGRAM[number]}. There is nothing to play here.")
    else:
        play_all(chapters_for(find_parts(ROOT), number), screen)


def name_of(chapter):
    """The chapter's name in the progress bar."""
    return f"Part {chapter.numbers}"


def play_all(chapters, screen):
    """Plays the chapters; in a terminal, waits for Enter between them. A chapter starts as soon as
    its own programs are built; the others are built in the background."""
    if not chapters:
        raise PartError("there are no chapters here yet")
    configure(ROOT, BUILD, screen)
    making = make_in_turn(BUILD, {name_of(each): each.programs for each in chapters}, screen)
    screen.seen()
    for index, chapter in enumerate(chapters):
        if index:
            screen.say()
            screen.wait("next")
        wait_for(making, name_of(chapter), screen)
        try:
            play(chapter, screen, ROOT, BUILD)
        except StageError as error:
            raise StageError(f"{chapter.part.name}: {error}") from None
    screen.say()
    screen.say(f"Played {len(chapters)} chapter{'s' if len(chapters) > 1 else ''}. "
               "The README.md of each says more.")
    if making and THE_OTHERS not in making.made:
        screen.say("The other programs are still being built. Ctrl-C stops that for now.")
        wait_for(making, THE_OTHERS, screen)
        screen.say("All programs are built.")


if __name__ == "__main__":
    if sys.version_info < (3, 9):
        sys.exit("tour: this needs Python 3.9 or newer")
    sys.exit(main(sys.argv[1:]))
