"""./tour test: builds and runs the tests, shows what failed, and ends with the counts.

    ./tour test [--build-dir DIR] [ARGS of `meson test`]

It counts test cases if a test reports them (doctest, unittest); any other test counts as one.
"""

import fnmatch
import json
import os
import re
import shutil
from collections import Counter
from pathlib import Path

from programs import setup_errors
from programs.build import BuildError, configure, make_programs, set_up
from programs.processes import call
from terminal.arguments import Parser, UsageError

BAD = {"FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS"}
LONGEST_LOG = 100  # lines of a failed test's output

DOCTEST = re.compile(r"^\[doctest\] test cases: *\d+ *\| *(\d+) passed *\| *(\d+) failed", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\n(?:OK|FAILED)(?: \((.*)\))?$", re.M)
SKIPPED = re.compile(r"^skipped: (?:\S+: )?(.*)", re.M)  # the reason in our Python tests
NOT_INSTALLED = re.compile(r"(\S+) is not installed")
INSTALLERS = {  # the packages of each for the tools that a test may need
    "apt-get": ("apt-get install", {
        "curl": "curl", "nc": "netcat-openbsd", "ps": "procps", "readelf": "binutils",
        "systemd-analyze": "systemd", "Twisted": "python3-twisted"}),
    "dnf": ("dnf install", {
        "curl": "curl", "nc": "nmap-ncat", "ps": "procps-ng", "readelf": "binutils",
        "systemd-analyze": "systemd", "Twisted": "python3-twisted"}),
    "pacman": ("pacman -S", {
        "curl": "curl", "nc": "openbsd-netcat", "ps": "procps-ng", "readelf": "binutils",
        "systemd-analyze": "systemd", "Twisted": "python-twisted"}),
}
PER_PROCESSOR = 3  # tests at once: most tests wait for something


def run(root, build, words, screen):
    """Runs the tests; returns 0 if there were any and none failed."""
    build, words = options(build, words)
    if why := setup_errors.made_by_another_meson(build):
        set_up(root, build, screen, why=why)
    configure(root, build, screen)
    check_names(build, words)
    make_programs(root, build, screen)
    logs = build / "meson-logs"
    for old in logs.glob("testlog*.json"):
        old.unlink()
    status = call(["meson", "test", "-C", build, *at_once(words), *words])
    if {"--list", "-h", "--help"} & set(words):
        return status
    results = [json.loads(line) for log in sorted(logs.glob("testlog*.json"))
               for line in log.read_text(encoding="utf-8").splitlines()]
    return report(results, status, screen)


def options(build, words):
    """Takes --build-dir out of the words."""
    parser = Parser("test", add_help=False)
    parser.add_argument("--build-dir", type=Path, default=build)
    ours, words = parser.parse_known_args(words)
    return ours.build_dir.absolute(), words


def at_once(words):
    """The option that says how many tests run at once, unless the words have one."""
    told = any(re.match(r"-j|--num-processes|-h|--help|--list", word) for word in words)
    return [] if told else ["--num-processes", str(PER_PROCESSOR * (os.cpu_count() or 1))]


def check_names(build, words):
    """Raises a UsageError for a word that must be the name of a test, but is not."""
    file = build / "meson-info/intro-tests.json"
    tests = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    for before, word in zip(["", *words], words):
        if not (before.startswith("-") or word.startswith("-") or ":" in word) and tests:
            if not any(fnmatch.fnmatchcase(test["name"], word) for test in tests):
                raise UsageError(f"there is no test '{word}'; ./tour test --list lists them")


def report(results, status, screen):
    """Shows the output of failed tests, the reasons for skipped ones, and the counts."""
    counts = Counter()
    for result in results:
        counted = count(result)
        counts += counted
        if counted["failed"]:
            show_failure(result, screen)
    show_skipped(Counter(reason for result in results for reason in reasons(result)), screen)
    if not results:
        screen.say("No test ran.", "status")
    elif status and not counts["failed"]:
        screen.say(f"meson test ended with status {status}.", "status")
    line = f"{counts['passed']} passed, {counts['failed']} failed"
    screen.say(line + (f", {counts['skipped']} skipped" if counts["skipped"] else ""),
               "status" if status or not results else "title")
    return 1 if status or counts["failed"] or not counts["passed"] + counts["skipped"] else 0


def output(result):
    """Everything that a test printed."""
    return result.get("stdout", "") + result.get("stderr", "")


def count(result):
    """The numbers of passed, failed and skipped test cases of one test."""
    text = output(result)
    passed = failed = skipped = 0
    for found in DOCTEST.finditer(text):
        passed += int(found.group(1))
        failed += int(found.group(2))
    for found in UNITTEST.finditer(text):
        notes = dict(re.findall(r"(\w+)=(\d+)", found.group(2) or ""))
        bad = int(notes.get("failures", 0)) + int(notes.get("errors", 0))
        out = int(notes.get("skipped", 0))
        passed += max(0, int(found.group(1)) - bad - out)
        failed += bad
        skipped += out
    if result["result"] == "SKIP":
        return Counter(skipped=max(1, skipped))
    if result["result"] in BAD:  # perhaps after its last test case, by a leak or a crash
        return Counter(passed=passed, failed=max(1, failed), skipped=skipped)
    if not DOCTEST.search(text) and not UNITTEST.search(text):
        passed = 1
    elif not passed + skipped:  # it was asked for test cases that do not exist
        failed = 1
    return Counter(passed=passed, failed=failed, skipped=skipped)


def reasons(result):
    """The reasons why a test skipped something."""
    why = SKIPPED.findall(output(result))
    if result["result"] == "SKIP" and not why:
        why = [(output(result).strip() or "it gives no reason").splitlines()[-1]]
    return why


def show_skipped(counted, screen):
    """Shows what was skipped, by reasons, and the command that installs what was missing."""
    if counted:
        screen.say()
        screen.say("Skipped tests, or parts of tests:")
    for reason, times in sorted(counted.items()):
        screen.say(f"{times:>4} x {reason}")
    missing = {match[1] for match in map(NOT_INSTALLED.fullmatch, counted) if match}
    for name, (command, packages) in INSTALLERS.items():
        if shutil.which(name) and missing & set(packages):
            names = sorted(packages[each] for each in missing & set(packages))
            screen.say(f"To install what is missing: {command} {' '.join(names)}")
            break
    if counted:
        screen.say()


def show_failure(result, screen):
    """Shows a failed test's name, how it ended, and the end of its output."""
    lines = output(result).splitlines()
    screen.say()
    screen.say(f"--- {result['name']}: {result['result'].lower()}, "
               f"status {shell_status(result['returncode'])}", "status")
    if len(lines) > LONGEST_LOG:
        screen.say(f"... ({len(lines) - LONGEST_LOG} earlier lines)")
    for line in lines[-LONGEST_LOG:]:
        screen.show(line)


def shell_status(code):
    """Meson's return code as a shell's status."""
    return 128 - code if code < 0 else code
