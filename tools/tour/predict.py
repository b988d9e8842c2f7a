"""./tour predict: shows a small program, asks what it will print, and says whether it does.

    ./tour predict [N/NAME [ITS OPTIONS]] [--shuffled] [--lang en|zh]

It offers the programs of which a file says what they print; but what counts is what they print now.
The answers may come from a pipe. The status is 0 if they are right, 1 if not.
"""

import itertools
import random
import re
import string
import sys
from dataclasses import dataclass
from pathlib import PurePath
from typing import List

from programs import expected
from programs.build import make_program
from programs.processes import LIMIT, Program, TookTooLong
from programs.stage import StageError
from terminal.language import LANGUAGES, language
from terminal.reader import forget_what_was_typed
from terminal.words import Parser
from tour.diff import by_number
from tour.parts import Part, PartError, find_parts, title_of
from tour.predict_texts import TEXTS

KINDS = re.compile(r"(defer|deferred-list|gen)-.*")
FASTER = ["--speed", "100"]  # for programs with built-in seconds, as the tests run them
FAILURE = re.compile(r"\[Failure: (?P<type>\w+)")
END, UNKNOWN = (".", "。"), ("?", "？")


@dataclass
class Puzzle:
    """A program with its options: what is to be predicted."""

    part: Part
    name: str
    options: List[str]

    @property
    def label(self):
        """What the learner calls it: 13/defer-10 --variation 2."""
        return " ".join([f"{self.part.number}/{self.name}", *self.options])

    @property
    def program(self):
        """Its path in the build directory."""
        return f"{self.part.name}/{self.name}"

    @property
    def source(self):
        """Its file."""
        return self.part.directory / f"{self.name}.cpp"


@dataclass
class Answer:
    """The lines that the learner predicts, and whether he knew no more."""

    lines: List[str]
    gave_up: bool


def run(root, build, words, screen):
    """Lists the puzzles, or plays the one that the words name; returns the exit status."""
    asked, words = options(words)
    texts = TEXTS[asked.lang]
    puzzles = find_puzzles(root)
    if not words or words[0] in ("-h", "--help"):
        list_puzzles(puzzles, screen, texts)
        return 0
    puzzle = choose(puzzles, words, texts)
    make_program(root, build, puzzle.program, screen)
    command = [build / puzzle.program, *puzzle.options]
    if FASTER[0] in "\n".join(outcome([command[0], "--help"], root)[0]):
        command += FASTER
    if asked.shuffled:
        lines, status = outcome(command, root)
        lines = [line for line in lines if line.strip()]
        lettered = shuffled(puzzle, lines, texts)
        show_source(puzzle, command, screen)
        answer = ask_order(lettered, screen, texts)
    else:
        show_source(puzzle, command, screen)
        answer = ask_lines(screen, texts)
        lines, status = outcome(command, root)
    source = puzzle.source.read_text(encoding="utf-8")
    return judge(lines, status, answer, screen, texts, source)


def options(words):
    """Our own options, and the words that are left: a program and its options."""
    parser = Parser("predict", add_help=False)
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--lang", choices=LANGUAGES, default=language())
    asked, words = parser.parse_known_args(words)
    return asked, [part for word in words for part in word.split("=", 1)]


def find_puzzles(root):
    """Every program that is offered, in the order of the text.

    X.expected is for X without options, X-option-value.expected for X with --option value.
    """
    puzzles = []
    files = list(map(PurePath, expected.names(root)))
    for part in find_parts(root):
        stems = [file.stem for file in files if str(file.parent) == part.name]
        for stem in sorted(filter(KINDS.fullmatch, stems), key=by_number):
            puzzle = Puzzle(part, stem, [])
            if not puzzle.source.exists():
                name, option, value = stem.rsplit("-", 2)
                puzzle = Puzzle(part, name, [f"--{option}", value])
            puzzles.append(puzzle)
    return puzzles


def choose(puzzles, words, texts):
    """The puzzle that is meant. Its name says it; the part may be left out, or be another one."""
    asked = [PurePath(words[0]).name, *words[1:]]
    found = [puzzle for puzzle in puzzles if [puzzle.name, *puzzle.options] == asked]
    if not found:
        raise PartError(texts["no such program"].format(" ".join(words)))
    return next((puzzle for puzzle in found if puzzle.label == " ".join(words)), found[0])


def list_puzzles(puzzles, screen, texts):
    """All of them by parts, each with what its first comment says."""
    width = max((len(puzzle.label) for puzzle in puzzles), default=0)
    for _, group in itertools.groupby(puzzles, lambda puzzle: puzzle.part.number):
        group = list(group)
        part = group[0].part
        screen.say(texts["part"].format(part.number, title_of(part.directory / "README.md")),
                   "title")
        for puzzle in group:
            told = "" if puzzle.options else about(puzzle)
            screen.say(f"  {puzzle.label:<{width}}  {told}".rstrip())
    screen.say()
    screen.say(texts["usage"])


def about(puzzle):
    """The first sentence of a program, behind its name."""
    lines = itertools.takewhile(lambda line: line.startswith("//"),
                                puzzle.source.read_text(encoding="utf-8").splitlines())
    comment = " ".join(line.strip("/ ") for line in lines)
    return comment.partition(" - ")[2].partition(". ")[0]


def outcome(command, root):
    """Runs a command; returns the lines of stdout and stderr, as they come, and the status."""
    program = Program(command, root)
    try:
        status = program.wait(LIMIT)
        text = program.out.all().decode("utf-8", "surrogateescape")
    except TookTooLong as error:
        raise StageError(f"{command[0].name}: {error}") from None
    finally:
        program.close()
    return text.removesuffix("\n").split("\n") if text else [], status


def show_source(puzzle, command, screen):
    """The program with its lines numbered, and how it will be run."""
    where = f"{puzzle.program}.cpp"
    screen.say(puzzle.label + where.rjust(max(len(where) + 2, screen.width - len(puzzle.label))),
               "title")
    screen.say("=" * screen.width, "title")
    for number, line in enumerate(puzzle.source.read_text(encoding="utf-8").splitlines(), 1):
        screen.show(f"{number:>4}  {line}".rstrip(),
                    "server" if line.startswith(("//", "#include")) else None)
    screen.say()
    screen.command(" ".join([f"build/{puzzle.program}", *command[1:]]))
    screen.say()


def typed(screen, prompt):
    """The lines that the learner types; `prompt()` asks a person for each."""
    person = screen.terminal and sys.stdin.isatty()
    if person:
        forget_what_was_typed()
    while True:
        if person:
            screen.raw(prompt().encode())
            screen.seen()
        line = sys.stdin.buffer.readline()
        if not line:
            if person:
                screen.say()
            return
        yield line.decode("utf-8", "surrogateescape").rstrip()


def ask_lines(screen, texts):
    """What the learner thinks that the program will print."""
    screen.say(texts["which lines"])
    lines = []
    for line in typed(screen, lambda: f"{len(lines) + 1:>4}  "):
        if line.strip() in END + UNKNOWN:
            return Answer(lines, line.strip() in UNKNOWN)
        lines.append(line)
    return Answer(lines, False)


def shuffled(puzzle, lines, texts):
    """The lines by letters, in an order that is not the right one, and the same for everybody."""
    if len(set(lines)) < 2:
        raise PartError(texts["nothing to shuffle"].format(puzzle.label))
    order = random.Random(puzzle.label)
    mixed = list(lines)
    while mixed == lines:
        order.shuffle(mixed)
    return dict(zip(string.ascii_lowercase, mixed))


def ask_order(lettered, screen, texts):
    """In which order the learner thinks that the lettered lines will come."""
    screen.say(texts["which order"])
    for letter, line in lettered.items():
        screen.show(f"   {letter}  {line}")
    screen.say()
    lines = []
    for line in typed(screen, lambda: "   > "):
        if line.strip() in END + UNKNOWN:
            return Answer(lines, line.strip() in UNKNOWN)
        letters = re.findall(r"[^\s,]", line.lower())
        for unknown in sorted(set(letters) - set(lettered)):
            screen.say(texts["no such letter"].format(unknown, max(lettered)))
        lines += [lettered[letter] for letter in letters if letter in lettered]
        if len(lines) >= len(lettered):
            break
    return Answer(lines, False)


def judge(lines, status, answer, screen, texts, source):
    """Says whether the answer is right, and if not, shows what was printed until the two part.

    The words of a message that does not stand in `source`, the program, don't count.
    """
    screen.seen()
    truth = list(lines)
    if status and len(answer.lines) > len(lines):  # the status may be predicted, too
        truth.append(f"[status {status}]")
    parts = parting(truth, answer.lines, source)
    if parts is None and not answer.gave_up:
        screen.say(texts["right"], "title")
        say_in_full(truth, answer.lines, screen, texts)
        return 0
    right = len(truth) if parts is None else parts
    screen.say(texts["truth"])
    for number, line in enumerate(lines if answer.gave_up else lines[:right + 1], 1):
        screen.show(f"{number:>4}  {line}".rstrip())
    if status and (answer.gave_up or right >= len(lines)):
        screen.say(f"      [status {status}]", "status")
    screen.say()
    say_in_full(truth[:right], answer.lines, screen, texts)
    if answer.gave_up and right >= len(answer.lines):
        screen.say(texts["given up"].format(right, len(lines)), "notice")
    else:
        screen.say(difference(truth, answer.lines, right, texts), "notice")
    return 1


def parting(truth, lines, source=""):
    """The index of the first line that is not as it should be; None if there is none."""
    pairs = itertools.zip_longest(truth, lines)
    return next((index for index, (ours, theirs) in enumerate(pairs)
                 if ours is None or theirs is None or not agree(ours, theirs, source)), None)


def agree(ours, theirs, source):
    """Whether a line is predicted, but for words that nobody can know from the source."""
    ours, theirs = ours.rstrip(), theirs.rstrip()
    before, after = around_free_words(ours, source)
    return ours == theirs or bool(before and re.fullmatch(
        rf"{re.escape(before)}(:.*)?{re.escape(after)}", theirs))


def around_free_words(line, source):
    """Of an error's line, what stands before and after a message that the source has not."""
    failure = FAILURE.search(line)
    if failure:
        begin, end = failure.end(), closing(line, failure.start())
    else:
        failure = re.match(r"[\w-]+: (?P<type>\w+(?:Error|Exception))(?=: |$)", line)
        if not failure:
            return "", ""
        begin, end = failure.end(), len(line)
    words = line[begin:end].lstrip(": ") or failure["type"]
    return ("", "") if words in source else (line[:begin], line[end:])


def closing(line, start):
    """The index of the bracket that closes the one at `start`."""
    depth = 0
    for index in range(start, len(line)):
        depth += {"[": 1, "]": -1}.get(line[index], 0)
        if depth == 0:
            return index
    return len(line)


def say_in_full(truth, lines, screen, texts):
    """Says of each line that is right but for free words how it really is."""
    for number, (ours, theirs) in enumerate(zip(truth, lines), 1):
        if ours.rstrip() != theirs.rstrip():
            screen.say(texts["in full"].format(number, quoted(ours, texts)))


def quoted(line, texts):
    """A line as a sentence shows it."""
    return texts["quoted"].format(line.rstrip()) if line.strip() else texts["empty"]


def difference(truth, lines, index, texts):
    """The sentence that says how a line differs from the prediction."""
    if index >= len(lines):
        return texts["missing"].format(index + 1, quoted(truth[index], texts))
    if index >= len(truth):
        return texts["too much"].format(index + 1, quoted(lines[index], texts))
    return texts["wrong"].format(index + 1, quoted(truth[index], texts),
                                 quoted(lines[index], texts))
