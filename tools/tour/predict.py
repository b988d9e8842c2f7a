"""./tour predict: shows a small program, asks what it will print, and runs it to compare.

    ./tour predict [N/NAME [ITS OPTIONS]] [--shuffled] [--lang en|zh]

It offers the programs that have a file with the expected output; but only the real output counts.
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
from terminal.arguments import Parser
from tour.diff import by_number
from tour.parts import Part, PartError, find_parts, title_of
from tour.predict_texts import TEXTS

KINDS = re.compile(r"(defer|deferred-list|gen)-.*")
FASTER = ["--speed", "100"]  # for programs that wait for seconds
FAILURE = re.compile(r"\[Failure: (?P<type>\w+)")
END, UNKNOWN = (".", "。"), ("?", "？")


@dataclass
class Puzzle:
    """A program with its options: its output is to be predicted."""

    part: Part
    name: str
    options: List[str]

    @property
    def label(self):
        """Its name for the learner: 13/defer-10 --variation 2."""
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
    """The lines that the learner predicts, and whether the learner gave up after them."""

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
    """Our own options, and the remaining words: a program and its options."""
    parser = Parser("predict", add_help=False)
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--lang", choices=LANGUAGES, default=language())
    asked, words = parser.parse_known_args(words)
    return asked, [part for word in words for part in word.split("=", 1)]


def find_puzzles(root):
    """Every program on offer, in the order of the text.

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
    """The puzzle with this name. The part before the name is optional, and may be wrong."""
    asked = [PurePath(words[0]).name, *words[1:]]
    found = [puzzle for puzzle in puzzles if [puzzle.name, *puzzle.options] == asked]
    if not found:
        raise PartError(texts["no such program"].format(" ".join(words)))
    return next((puzzle for puzzle in found if puzzle.label == " ".join(words)), found[0])


def list_puzzles(puzzles, screen, texts):
    """Lists all puzzles by parts, each with the first sentence of its program."""
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
    """The first sentence of a program, after its name."""
    lines = itertools.takewhile(lambda line: line.startswith("//"),
                                puzzle.source.read_text(encoding="utf-8").splitlines())
    comment = " ".join(line.strip("/ ") for line in lines)
    return comment.partition(" - ")[2].partition(". ")[0]


def outcome(command, root):
    """Runs a command; returns the lines of stdout and stderr in their order, and the status."""
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
    """Shows the program with line numbers, and the command that will run it."""
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
    """The lines that the learner types. At a terminal, `prompt()` asks for each."""
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
    """Asks the learner for the output of the program."""
    screen.say(texts["which lines"])
    lines = []
    for line in typed(screen, lambda: f"{len(lines) + 1:>4}  "):
        if line.strip() in END + UNKNOWN:
            return Answer(lines, line.strip() in UNKNOWN)
        lines.append(line)
    return Answer(lines, False)


def shuffled(puzzle, lines, texts):
    """The lines by letters, in a wrong order that is always the same."""
    if len(set(lines)) < 2:
        raise PartError(texts["nothing to shuffle"].format(puzzle.label))
    order = random.Random(puzzle.label)
    mixed = list(lines)
    while mixed == lines:
        order.shuffle(mixed)
    return dict(zip(string.ascii_lowercase, mixed))


def ask_order(lettered, screen, texts):
    """Asks the learner for the order of the lettered lines."""
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
    """Says whether the answer is right. If not, shows the output up to the first difference.

    If a message is not in `source`, the program's text, its words don't count.
    """
    screen.seen()
    truth = list(lines)
    if status and len(answer.lines) > len(lines):  # the learner may predict the status, too
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
    """The index of the first line that differs, or None."""
    pairs = itertools.zip_longest(truth, lines)
    return next((index for index, (ours, theirs) in enumerate(pairs)
                 if ours is None or theirs is None or not agree(ours, theirs, source)), None)


def agree(ours, theirs, source):
    """Whether a line is predicted, apart from words that the source does not contain."""
    ours, theirs = ours.rstrip(), theirs.rstrip()
    before, after = around_free_words(ours, source)
    return ours == theirs or bool(before and re.fullmatch(
        rf"{re.escape(before)}(:.*)?{re.escape(after)}", theirs))


def around_free_words(line, source):
    """For the line of an error: the text before and after a message that is not in the source."""
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
    """Shows the full text of each line that is right apart from free words."""
    for number, (ours, theirs) in enumerate(zip(truth, lines), 1):
        if ours.rstrip() != theirs.rstrip():
            screen.say(texts["in full"].format(number, quoted(ours, texts)))


def quoted(line, texts):
    """A line, quoted in a sentence."""
    return texts["quoted"].format(line.rstrip()) if line.strip() else texts["empty"]


def difference(truth, lines, index, texts):
    """The sentence for the first line that differs from the prediction."""
    if index >= len(lines):
        return texts["missing"].format(index + 1, quoted(truth[index], texts))
    if index >= len(truth):
        return texts["too much"].format(index + 1, quoted(lines[index], texts))
    return texts["wrong"].format(index + 1, quoted(truth[index], texts),
                                 quoted(lines[index], texts))
