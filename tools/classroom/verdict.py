"""Runs a check, and reports the result in words."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from classroom.patience import LOOK, Patience

EVENTS = 12  # the number of last events that are shown

WORDS = {
    "expected": ("expected: {text}", "应为：{text}"),
    "actual": ("actual: {text}", "实际：{text}"),
    "events": ("The last events of the loop:", "事件循环的最后几个事件："),
    "in the case": ("in the case: {text}", "情形：{text}"),
    "time": ("It does not end: something waits for ever, or never stops.",
             "没有结束：有什么在永远等待，或者永远不停。"),
    "freed": ("Memory is used after it was freed ({text})", "使用了已经释放的内存（{text}）"),
    "bounds": ("Memory is used that does not belong to you ({text})", "访问了不属于你的内存（{text}）"),
    "null": ("A null pointer is used: it points to nothing.", "使用了空指针：它什么也没有指向。"),
    "changed": ("An iterator is used after its container was changed: {text}",
                "使用了一个迭代器，而它的容器在此期间被修改了：{text}"),
    "library": ("The standard library does not allow this: {text}",
                "标准库不允许这样做：{text}"),
    "leak": ("Something is never destroyed: it owns itself, or nobody fired it.",
             "有东西永远不会被销毁：它持有了自己，或者没有人激活它。"),
    "undefined": ("The language does not define what this does: {text}",
                  "语言没有规定这样做的结果：{text}"),
    "crashed": ("The program crashed.", "程序崩溃了。"),
    "ended": ("The program exited in the middle of the check.",
              "检查还没有结束，程序就自己退出了。"),
    "compile": ("It does not compile. The compiler's first error:", "无法编译。编译器的第一个错误："),
    "old names": ("It does not compile. It uses old names:", "无法编译。它用了旧的名称："),
    "renamed": ("{before} is called {now} now (CHANGELOG.md).",
                "{before} 现在叫 {now}（见 CHANGELOG.md）。"),
    "first error": ("The compiler's first error:", "编译器的第一个错误："),
}


def word(key, language, **values):
    """One of the words above."""
    return WORDS[key][1 if language == "zh" else 0].format(**values)


class Verdict:
    """The result of one check: `passed`, and `message` in the language that was asked for. `steps`,
    `details` and `events` say more about a failure; `compiler` is the compiler's own words."""

    def __init__(self, language, passed=False, message=""):
        self.language, self.passed, self.message = language, passed, message
        self.case, self.steps, self.details, self.events = "", [], [], []
        self.compiler = ""

    def lines(self):
        """The verdict for a person, line by line."""
        if self.passed:
            return []
        told = []
        if self.case:
            told.append(f"  {word('in the case', self.language, text=self.case)}")
        told += [f"    {number}. {on_one_line(step)}" for number, step in enumerate(self.steps, 1)]
        told.append(f"  ✗ {self.message}")
        told += [f"      {line}" for detail in self.details for line in detail.splitlines()]
        if self.events:
            told.append(f"  {word('events', self.language)}")
            told += [f"      {event}" for event in self.events]
        return told


def of_compile_error(error, renamed, language):
    """The verdict on an answer that does not compile; `renamed` are the old names that it uses."""
    verdict = Verdict(language, message=word("old names" if renamed else "compile", language))
    for row in renamed:
        verdict.details.append(word("renamed", language, before=row.before, now=row.now))
    if renamed:
        verdict.details.append(word("first error", language))
    verdict.compiler = str(error)
    return verdict


def on_one_line(step):
    """A step, with line ends shown as \\n."""
    return step.replace("\n", "\\n")


def run(command, language):
    """Runs a check."""
    verdict = Verdict(language)
    with tempfile.TemporaryFile() as said, own_directory() as place:
        reading, writing = os.pipe()
        environment = {**os.environ, "CHECK_REPORT": str(writing), "LC_ALL": "C.UTF-8",
                       "TMPDIR": place,
                       "ASAN_OPTIONS": "exitcode=99:detect_leaks=1:handle_abort=1:"
                                       "detect_stack_use_after_return=1",
                       "UBSAN_OPTIONS": "halt_on_error=1:exitcode=98:print_stacktrace=1",
                       "LSAN_OPTIONS": "exitcode=97"}
        with subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                              stdout=said, stderr=said, env=environment,
                              pass_fds=[writing], start_new_session=True) as process:
            os.close(writing)
            listener = threading.Thread(target=listen, args=(reading, verdict))
            listener.start()
            patience = Patience(process.pid)
            late = False
            try:
                while not late and not has_ended(process):
                    late = patience.over()
            finally:
                end_group(process)
        listener.join()
        said.seek(0)
        output = said.read().decode(errors="replace")
    judge(verdict, process.returncode, late, output)
    return verdict


@contextlib.contextmanager
def own_directory():
    """A directory for the files of a check, removed even if the check is interrupted."""
    place = tempfile.mkdtemp(prefix="check-")
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def has_ended(process):
    """Whether a process has ended; waits a moment for it."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(LOOK)
    return process.returncode is not None


def end_group(process):
    """Ends a check, and the programs that it started and left behind."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def listen(reading, verdict):
    """Collects the check's reports."""
    language = verdict.language
    with open(reading, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if "case" in told:
                verdict.case, verdict.steps, verdict.events = told["case"][language], [], []
            elif "act" in told:
                verdict.steps.append(told["act"][language])
            elif "event" in told:
                if verdict.events[-1:] != [told["event"]]:  # for example, turns without an event
                    verdict.events = [*verdict.events, told["event"]][-EVENTS:]
            elif "fail" in told:
                verdict.message = told["fail"][language]
                verdict.details = [word(key, language, text=told[key])
                                   for key in ("expected", "actual") if told[key]]
            elif "passed" in told:
                verdict.passed = True


def judge(verdict, status, late, output):
    """Completes the verdict if the check could not report a failure itself."""
    if verdict.message:
        verdict.passed = False
    elif late:
        verdict.passed = False
        verdict.message = word("time", verdict.language)
    elif told := what_watched(output, verdict.language):
        verdict.passed = False
        verdict.message, verdict.details = told, places(output)
    elif status != 0:
        verdict.passed = False
        verdict.message = word("crashed", verdict.language)
        last_words = output.partition("AddressSanitizer:DEADLYSIGNAL")[0].strip().splitlines()[-3:]
        verdict.details = [*last_words, *places(output)]
    elif not verdict.passed:
        verdict.message = word("ended", verdict.language)


def what_watched(output, language):
    """A finding of the sanitizers or of the standard library's checks, or None."""
    if undefined := re.search(r"runtime error: (.*)", output):
        return word("undefined", language, text=undefined.group(1))
    if refused := re.search(r"^Error: (.*?)\.\n\n", output, re.MULTILINE | re.DOTALL):
        text = " ".join(refused.group(1).split())
        return word("changed" if "singular" in text else "library", language, text=text)
    if asserted := re.search(r"Assertion '(.*)' failed", output):
        return word("library", language, text=asserted.group(1))
    if "LeakSanitizer" in output:
        return word("leak", language)
    if "points to the zero page" in output:
        return word("null", language)
    if memory := re.search(r"AddressSanitizer: (?!ABRT)(\S+)", output):
        return word("freed" if "free" in memory.group(1) else "bounds", language,
                    text=memory.group(1))
    return None


def places(output):
    """The first places in the learner's files that a sanitizer names."""
    found = re.findall(r"in (\S.*?) (\S+?/)?(my|exercises)(/\S+?\.cpp:\d+)", output)
    return [f"{name.split('(')[0]} at {top}{rest}" for name, _, top, rest in found[:4]]
