"""./tour: what its words mean. The script `tour` beside this directory gets the machine ready."""

import os
import sys
from pathlib import Path

import bench
import classroom
import diff
import predict
import suite
from bench import MeasureError
from build import THE_OTHERS, BuildError, configure, make_in_turn, wait_for
from demo import play
from exercises import ExerciseError
from parts import WITHOUT_PROGRAM, PartError, all_chapters, chapters_for, find_parts
from processes import Stopped, leaving_nothing_behind
from screen import Screen
from script import ScriptError
from stage import StageError

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"

HELP = """\
./tour               builds the programs and plays every chapter
./tour N             plays the chapter that goes with part N of the text
./tour list          lists the chapters
./tour diff A B      shows how the program changed from part A to part B
./tour diff N        shows how it changed within part N
./tour predict       lists small programs; ./tour predict 7/defer-4 asks what one will print
./tour test [ARGS]   builds and runs the tests (ARGS go to `meson test`)
./tour bench [ARGS]  measures how fast the core is (--help: ARGS; three minutes)
./tour exercises     lists the exercises, with what you have solved
./tour start 4/NAME  begins an exercise; then: ./tour check, hint, solution 4/NAME
./tour handout DIR   writes a tree for a class; ./tour grade DIR... judges what comes back;
                     ./tour mistakes 4/NAME shows what people get wrong there, and why
./tour help          shows this

Ctrl-C ends it at any point, and leaves no program running."""


class UsageError(Exception):
    """Words that ./tour does not understand."""


def main(words):
    """Does what the words ask for; returns the exit status."""
    screen = Screen()
    try:
        with leaving_nothing_behind():
            return do(words, screen)
    except Stopped as stopped:
        screen.say()
        return stopped.status
    except (UsageError, PartError, ExerciseError) as error:
        return complain(error, 2)
    except (BuildError, MeasureError, ScriptError, StageError) as error:
        return complain(error, 1)


def complain(error, status):
    """One line on stderr."""
    print(f"tour: {error}", file=sys.stderr)
    return status


def do(words, screen):
    """Finds out what the words mean and does it."""
    word, *rest = words or [""]
    if word == "test":
        return suite.run(ROOT, BUILD, rest, screen)
    if word == "bench":
        return bench.run(ROOT, BUILD, rest, screen)
    if word in classroom.WORDS:
        return classroom.main(ROOT, word, rest, screen)
    if word == "diff":
        return diff.show(ROOT, numbers(rest), screen)
    if word == "predict":
        return predict.run(ROOT, BUILD, rest, screen)
    if rest:
        raise UsageError(f"too many words after '{word}': ./tour help says what there is")
    if word in ("help", "--help", "-h"):
        screen.say(HELP)
    elif word == "list":
        list_chapters(screen)
    elif not words:
        play_all(all_chapters(find_parts(ROOT)), screen)
    elif word.isascii() and word.isdigit() and word[0] != "0":  # as the script `tour` knows them
        play_part(int(word), screen)
    else:
        raise UsageError(f"no such word: '{word}': ./tour help says what there is")
    return 0


def numbers(words):
    """The one or two part numbers after `diff`."""
    if len(words) not in (1, 2) or not all(word.isascii() and word.isdigit() for word in words):
        raise UsageError("diff wants one or two part numbers: ./tour diff 4 5")
    return [int(word) for word in words]


def list_chapters(screen):
    """Every chapter: the part of the text, its title, its directory."""
    chapters = all_chapters(find_parts(ROOT))
    width = max((len(chapter.section.title) for chapter in chapters), default=0)
    for chapter in chapters:
        screen.say(f"{chapter.numbers:>5}  {chapter.section.title:<{width}}  {chapter.part.name}")


def play_part(number, screen):
    """Plays what goes with one part of the text, or says why there is nothing."""
    if number in WITHOUT_PROGRAM:
        screen.say(f"Part {number}, {WITHOUT_PROGRAM[number]}. There is nothing to play here.")
    else:
        play_all(chapters_for(find_parts(ROOT), number), screen)


def play_all(chapters, screen):
    """Plays the chapters; in a terminal, waits for Enter between them. Each is played as soon as
    its programs are built; the others are built meanwhile."""
    if not chapters:
        raise PartError("there are no chapters here yet")
    configure(ROOT, BUILD, screen)
    making = make_in_turn(BUILD, {f"Part {each.numbers}": each.programs for each in chapters}, screen)
    for index, chapter in enumerate(chapters):
        if index and not go_on(screen):
            return
        wait_for(making, f"Part {chapter.numbers}", screen)
        try:
            play(chapter, screen, ROOT, BUILD)
        except StageError as error:
            raise StageError(f"{chapter.part.name}: {error}") from None
    screen.say()
    screen.say(f"Played {len(chapters)} chapter{'s' if len(chapters) > 1 else ''}. "
               "The README.md of each says more.")
    if making and THE_OTHERS not in making.made:
        screen.say("The other programs are still being built. Ctrl-C leaves that for later.")
        wait_for(making, THE_OTHERS, screen)


def go_on(screen):
    """Waits for Enter where a person can press it; false when they end the tour instead."""
    if not (screen.terminal and sys.stdin.isatty()):
        return True
    screen.raw("\nEnter: the next chapter. Ctrl-D: the end. ".encode())
    if sys.stdin.readline():
        return True
    screen.say("\nGoodbye.")
    return False


if __name__ == "__main__":
    if sys.version_info < (3, 9):
        sys.exit("tour: this needs Python 3.9 or newer")
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:  # ./tour list | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
