"""Plays a chapter: shows its demo's text, the commands as they really run, and their output."""

from programs.ports import Ports
from programs.script import Kind
from programs.stage import SERVING, PortTaken, Stage, tool_missing
from terminal.screen import Cut
from terminal.wrapping import width


def play(chapter, screen, root, build):
    """Plays one chapter. Raises StageError if it can't be played to its end.

    Pauses before a command that a comment announces, except for the first command.
    """
    show_title(chapter, screen)
    with Stage(root, build, Ports(as_written=True)) as stage:
        before, played = Kind.COMMENT, False
        for step in chapter.section.steps:
            told = step.kind in (Kind.COMMENT, Kind.NOTICE)
            if step.kind is Kind.COMMENT and before not in (Kind.COMMENT, Kind.NOTICE):
                screen.say()
            if played and not told and before is Kind.COMMENT:
                screen.wait()
            play_step(step, stage, screen)
            before, played = step.kind, played or not told
        stage.check_jobs()


def show_title(chapter, screen):
    """The chapter's heading."""
    plural = "s" if len(chapter.section.numbers) > 1 else ""
    left = f"Part{plural} {chapter.numbers}: {chapter.section.title}"
    gap = screen.width - width(left) - len(chapter.part.name)
    screen.say()
    screen.say(left + (" " * gap if gap > 1 else "\n") + chapter.part.name, "title")
    screen.say("=" * screen.width, "title")


def play_step(step, stage, screen):
    """Shows one step and carries it out."""
    if step.kind is Kind.COMMENT:
        screen.say(step.text)
    elif step.kind is Kind.NOTICE:
        screen.say(f"  > {step.text}", "notice")
        screen.say()
    elif tool := tool_missing(step):
        screen.command(step.text)
        screen.say(f"    ({tool} is not installed here)")
    elif step.kind is Kind.KILL:
        screen.command(step.text)
        end(step, stage, screen)
    elif step.kind is Kind.BACKGROUND:
        start(step, stage, screen)
    else:
        run(stage.prepare(step), stage, screen)


def start(step, stage, screen):
    """Starts a program in the background; shows the line in which a server reports its port."""
    command = stage.prepare(step)
    screen.command(f"{command.text} &")
    try:
        out = stage.start(command).program.out
    except PortTaken:
        if not stage.ports.choose_another(command.listens_on):
            raise
        start(step, stage, screen)  # the port was taken since it was chosen
        return
    told = out.find(SERVING)
    if told:
        screen.raw(b"    " + told.group())
        out.seen = told.end()


def end(step, stage, screen):
    """Ends a program; shows its last output, and its status unless the signal explains it."""
    job, _ = stage.kill(step)
    show_what_was_said([job], screen)
    if job.program.status not in (0, 128 + step.signal):
        screen.say(f"    [status {job.program.status}]", "status")


def run(command, stage, screen):
    """Runs a command; shows its output as it arrives, then the servers' output."""
    screen.command(command.text)
    cut = Cut(screen)
    _, status = stage.run(command, watch=cut.feed)
    cut.end()
    if status:
        screen.say(f"    [status {status}]", "status")
    show_what_was_said(stage.jobs, screen)
    stage.check_jobs()


def show_what_was_said(jobs, screen):
    """Shows what background programs have printed since the last time, shortened if it is long."""
    screen.show_together([f"    ({job.name}) {line}" for job in jobs
                          for line in shortened(job.program.out.new())], "server")


def shortened(printed):
    """The lines that a background program has printed, or the first and the number of the rest."""
    lines = printed.decode("utf-8", "surrogateescape").splitlines()
    return lines if len(lines) <= 3 else [lines[0], f"... ({len(lines) - 1} more lines)"]
