"""./tour exercises, start, check, hint, solution for a learner; grade, handout, mistakes for a
teacher."""

import json
import os
from pathlib import Path

from classroom import handout, mistakes, renamed, verdict
from classroom.exercises import ExerciseError, Progress, find, named, shown, start
from classroom.workshop import NEEDED, CompileError, MachineError, Workshop
from programs.build import BuildError, begin, configure, wait_for
from terminal.language import LANGUAGES, language
from terminal.arguments import Parser

WORDS = ("exercises", "start", "check", "hint", "solution", "grade", "handout", "mistakes")

NEEDS = {  # the argument of a command; of all others, an exercise
    "grade": "directories with answers: ./tour grade DIR...",
    "handout": "a new directory: ./tour handout DIR",
}

TEXTS = {
    "minutes": ("min", "分钟"),
    "solved": ("solved", "已解决"),
    "started": ("started", "已开始"),
    "sum": ("{passed} of {all} solved.", "共 {all} 题，已解决 {passed} 题。"),
    "kinds": ("functions: you write functions, and the check calls them. program: you write a "
              "program, and the check runs it.",
              "functions：你写函数，检查程序调用它们。program：你写一个程序，检查程序启动它。"),
    "begin": ("Start one: ./tour start {name}", "开始一题：./tour start {name}"),
    "copied": ("Complete this file: {file}", "请完成：{file}"),
    "next": ("Then: ./tour check {name}        If you are stuck: ./tour hint {name}",
             "然后：./tour check {name}        卡住时：./tour hint {name}"),
    "building": ("Building the core with sanitizers, once ...", "用检测工具编译核心库，只需一次……"),
    "compiling": ("Compiling {name} ...", "正在编译 {name}……"),
    "checking": ("Checking {name} ...", "正在检查 {name}……"),
    "core": ("the core", "核心库"),
    "machine": ("this machine can't build our answer either, so yours is not the cause: {error}",
                "这台机器连我们自己的答案也编译不了，所以问题不在你的答案：{error}"),
    "passed": ("✓ {name} {title}: passed.", "✓ {name} {title}：通过。"),
    "not yet": ("✗ {name} {title}: not yet", "✗ {name} {title}：还没有通过"),
    "see": (" ./tour solution {name} shows ours.", "./tour solution {name} 可以看我们的答案。"),
    "hint": ("Hint {number} of {all}:", "提示 {number}/{all}："),
    "no more": ("There are no more hints. ./tour solution {name} --give-up shows the solution.",
                "没有更多提示了。./tour solution {name} --give-up 可以看答案。"),
    "no more here": ("A handout has no more hints: your teacher has the others.",
                     "讲义版里没有更多提示：其余的在老师那里。"),
    "handout": ("The handout is in {directory}. There, ./tour, ./tour test and ./tour check work.",
                "已写入：{directory}。其中 ./tour、./tour test 和 ./tour check 都可以使用。"),
    "nothing": ("you have not started an exercise yet; ./tour exercises lists them",
                "还没有开始任何练习：./tour exercises 列出全部"),
    "not started": ("you have not started {name} yet: ./tour start {name}",
                    "{name} 还没有开始：./tour start {name}"),
    "not passed": ("{name} has not passed yet: ./tour check {name}, or ./tour solution {name} "
                   "--give-up",
                   "{name} 还没有通过：./tour check {name}，或 ./tour solution {name} --give-up"),
    "teacher": ("this is a handout: your teacher has the solutions",
                "这是讲义版：答案在老师那里"),
    "no mistakes": ("this is a handout: your teacher has the wrong answers",
                    "这是讲义版：错误答案在老师那里"),
    "wrong": ("{name} {title} ({all} wrong answers)", "{name} {title}（{all} 个错误答案）"),
    "thought": ("{number}. “{thought}”", "{number}. “{thought}”"),
    "answer": ("The check answers: … {text} …", "检查程序回答（英文）：… {text} …"),
    "program": ("--program is only for a single exercise of kind 'program'; ./tour exercises shows "
                "the kinds",
                "--program 只用于一个关于命令行程序的练习：./tour exercises 用 program 标出它们"),
    "no program": ("there is no program {program}", "没有这个程序：{program}"),
    "not executable": ("{program} can't be started: is it a program? (chmod +x {program})",
                       "{program} 无法启动：它是程序吗？（chmod +x {program}）"),
}


class Classroom:
    """The commands for one learner, whose files are in `my`."""

    def __init__(self, root, screen, options):
        self.root, self.screen = Path(root), screen
        self.language = screen.language = options.lang or language()
        self.my = Path(options.my) if options.my else self.root / "my"
        self.progress = Progress(self.my)
        self.options = options

    def text(self, key, **values):
        """One of the texts, in the learner's language."""
        return TEXTS[key][1 if self.language == "zh" else 0].format(**values)

    def exercise(self):
        """The exercise that the command names."""
        return named(self.root, self.options.name, self.language)

    def exercises(self):
        """Lists the exercises, and which are solved."""
        everything = find(self.root, self.language)
        width = max((len(each.name) for each in everything), default=0)
        for each in everything:
            state = ("solved" if self.progress.of(each)["passed"]
                     else "started" if each.answer(self.my).exists() else "")
            self.screen.say(f"  {each.name:<{width}}  {each.minutes:>3} {self.text('minutes')}  "
                            f"{each.kind:<9}  {each.title}"
                            + (f"  ({self.text(state)})" if state else ""))
        passed = sum(self.progress.of(each)["passed"] for each in everything)
        self.screen.say()
        self.screen.say(self.text("kinds"))
        self.screen.say(self.text("sum", passed=passed, all=len(everything)))
        new = next((each for each in everything if not each.answer(self.my).exists()), None)
        if new:
            self.screen.say(self.text("begin", name=new.name))
        return 0

    def start(self):
        """Copies the starter for the learner, and shows the task."""
        exercise = self.exercise()
        answer = start(exercise, self.my)
        self.screen.say(exercise.text("README").rstrip())
        self.screen.say()
        self.screen.say(self.text("copied", file=shown(answer)), "title")
        self.screen.say(self.text("next", name=exercise.name))
        return 0

    def hint(self):
        """Shows the next hint; after the last one, the last one again."""
        exercise = self.exercise()
        seen = self.progress.of(exercise)["hints"]
        number = min(seen + 1, len(exercise.hints))
        self.screen.say(self.text("hint", number=number, all=len(exercise.hints)), "title")
        self.screen.say(exercise.hints[number - 1])
        self.progress.note(exercise, hints=number)
        if seen >= len(exercise.hints):
            self.screen.say(self.text("no more" if exercise.solution.exists() else "no more here",
                                      name=exercise.name))
        return 0

    def solution(self):
        """Shows the solution to a learner who has solved the exercise, or gives up."""
        exercise = self.exercise()
        if not exercise.solution.exists():
            raise ExerciseError(self.text("teacher"))
        if not self.progress.of(exercise)["passed"] and not self.options.give_up:
            raise ExerciseError(self.text("not passed", name=exercise.name))
        self.screen.raw(exercise.solution.read_bytes())
        return 0

    def check(self):
        """Checks one exercise, or all that the learner has started."""
        if self.options.name:
            chosen = [self.exercise()]
        else:
            chosen = [each for each in find(self.root, self.language)
                      if each.answer(self.my).exists()]
        program = self.options.program
        if program and (len(chosen) != 1 or chosen[0].kind != "program"):
            raise ExerciseError(self.text("program"))
        if program and not Path(program).exists():
            raise ExerciseError(self.text("no program", program=program))
        if program and not (Path(program).is_file() and os.access(program, os.X_OK)):
            raise ExerciseError(self.text("not executable", program=program))
        if not chosen and not self.options.json:
            raise ExerciseError(self.text("nothing"))
        if self.options.name and not program and not chosen[0].answer(self.my).exists():
            raise ExerciseError(self.text("not started", name=chosen[0].name))
        workshop = self.workshop(chosen)
        passed = [self.check_one(each, workshop) for each in chosen]
        if not self.options.name and not self.options.json:
            self.screen.say(self.text("sum", passed=sum(passed), all=len(passed)))
        return 0 if all(passed) else 1

    def grade(self):
        """Checks the answers of others: prints a line of JSON for each directory.

        If a directory is missing, its line says so, and the status is 1.
        """
        everything = find(self.root, self.language)
        trees = [answers_in(directory) for directory in self.options.directory]
        workshop = self.workshop(everything) if any(trees) else None
        for directory, tree in zip(self.options.directory, trees):
            if not tree:
                self.screen.show(json.dumps({"directory": directory, "error": "no such directory"},
                                            ensure_ascii=False))
                continue
            results = {each.name: judge(each, workshop, tree, self.language)
                       for each in everything if each.answer(tree).exists()}
            self.screen.show(json.dumps({
                "directory": directory, "of": len(everything),
                "passed": sum(given.passed for given in results.values()),
                "exercises": {name: {"passed": given.passed, "message": in_short(given)}
                              for name, given in results.items()}}, ensure_ascii=False))
        return 0 if all(trees) else 1

    def handout(self):
        """Writes a copy of the tree for a class."""
        handout.write(self.root, Path(self.options.directory))
        self.screen.say(self.text("handout", directory=self.options.directory))
        return 0

    def mistakes(self):
        """Shows a teacher the wrong answers: the thought, the change, and the check's message."""
        exercise = self.exercise()
        if not exercise.solution.exists():
            raise ExerciseError(self.text("no mistakes"))
        wrong = [mistakes.Mistake(file) for file in mistakes.files(exercise)]
        self.screen.say(self.text("wrong", name=exercise.name, title=exercise.title,
                                  all=len(wrong)))
        for number, mistake in enumerate(wrong, 1):
            self.screen.say()
            self.screen.say(self.text("thought", number=number,
                                      thought=mistake.thought[self.language]), "title")
            for hunk in mistake.hunks:
                self.screen.show(f"   {mistake.base}:{hunk.start}", "server")
                for line in hunk.lines:
                    style = {"-": "removed", "+": "added"}.get(line[0])
                    self.screen.show(f"   {line}".rstrip(), style)
            self.screen.say("   " + self.text("answer", text=mistake.expect))
        return 0

    def workshop(self, exercises):
        """Where the answers are built."""
        build = self.root / "build-check"
        quiet = getattr(self.options, "json", True)  # then the output is for machines
        screen = Silent() if quiet else self.screen
        configure(self.root, build, screen, ["-Db_sanitize=address,undefined"])
        name = self.text("core")
        needed = {library for each in exercises for library in each.libraries}.union(NEEDED)
        making = begin(build, {name: sorted(needed)}, self.text("building"), screen)
        return Workshop(self.root, build, lambda: wait_for(making, name, screen))

    def check_one(self, exercise, workshop):
        """Checks one exercise and shows the verdict; returns whether it passed."""
        bar = Silent.bar if self.options.json else self.screen.bar
        given = judge(exercise, workshop, self.my, self.language, self.options.program,
                      lambda key: bar(self.text(key, name=exercise.name)))
        bar("")
        if not self.options.program:
            self.progress.note(exercise, passed=given.passed)
        if self.options.json:
            self.screen.show(as_json(exercise, given))
            return given.passed
        if given.passed:
            see = self.text("see", name=exercise.name) if exercise.solution.exists() else ""
            self.screen.say(self.text("passed", name=exercise.name, title=exercise.title) + see,
                            "title")
        else:
            self.screen.say(self.text("not yet", name=exercise.name, title=exercise.title),
                            "status")
            for line in given.lines():
                self.screen.say(line)
            for line in given.compiler.splitlines():
                self.screen.show(f"      {line}")
        return given.passed


def answers_in(directory):
    """The tree of answers in a directory, which is a my/ or contains one; None if there is no such
    directory."""
    path = Path(directory)
    if not path.is_dir():
        return None
    return path / "my" if (path / "my").is_dir() else path


class Silent:
    """A screen that shows nothing but errors."""

    @staticmethod
    def say(*_words):
        """Nothing."""

    @staticmethod
    def bar(_text):
        """Nothing."""

    @staticmethod
    def raw(data):
        """Goes to stderr."""
        os.write(2, data)


def judge(exercise, workshop, my, language, program=None, tell=lambda key: None):
    """The verdict on a learner's answer, or on the learner's own program.

    `tell` is called with "compiling" and "checking" when these begin.
    """
    answer = exercise.answer(my)
    tell("compiling")
    try:
        if program:
            command = [workshop.build_check(exercise), Path(program).resolve()]
        else:
            command = workshop.build(exercise, answer)
    except CompileError as error:
        source = answer.read_text(encoding="utf-8", errors="replace")
        rows = renamed.blamed(renamed.table(workshop.root), source, error.said)
        return verdict.of_compile_error(error, rows, language)
    tell("checking")
    return verdict.run(command, language)


def in_short(given):
    """A verdict on one line: the message and, if that ends in a colon, the first line after it."""
    more = [*given.details, *given.compiler.splitlines()]
    return " ".join([given.message, *more[:given.message.endswith((":", "："))]])


def as_json(exercise, given):
    """A verdict as one line, for machines."""
    return json.dumps({"exercise": exercise.name, "passed": given.passed,
                       "message": in_short(given), "case": given.case}, ensure_ascii=False)


def main(root, word, words, screen):
    """Runs one of these commands; returns the exit status."""
    parser = Parser(word, NEEDS.get(word, f"an exercise, as in ./tour {word} 4/timeout; "
                                    "./tour exercises lists them"))
    parser.add_argument("--lang", choices=LANGUAGES, help="the language (default: yours)")
    parser.add_argument("--my", help="the directory of your files (default: my)")
    if word == "check":
        parser.add_argument("name", nargs="?", help="an exercise, as in 4/timeout (default: all "
                                                    "that you have started)")
        parser.add_argument("--program", help="check this program, in any language, instead of "
                                               "my/N/NAME.cpp")
        parser.add_argument("--json", action="store_true", help="print a line of JSON for each")
    elif word == "grade":
        parser.add_argument("directory", nargs="+", help="a my/ that a learner handed in")
    elif word == "handout":
        parser.add_argument("directory", help="a new directory for the copy")
    elif word != "exercises":
        parser.add_argument("name", help="an exercise, as in 4/timeout")
    if word == "solution":
        parser.add_argument("--give-up", action="store_true",
                            help="show it although you have not solved the exercise")
    classroom = Classroom(root, screen, parser.parse_args(words))
    try:
        return getattr(classroom, word)()
    except MachineError as error:
        raise BuildError(classroom.text("machine", error=error)) from None
