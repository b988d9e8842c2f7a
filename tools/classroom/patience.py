"""Decides when to give up a program that may hang: by its behaviour, not by the clock.

On a busy machine, or if it is stopped for a while, a correct program may take long. A program hangs
if it is asleep, waiting for something, at QUIET_LOOKS looks, or if it has used PROCESSOR seconds of
processor time. A time limit is only the last resort.
"""

import contextlib
import os
from pathlib import Path

LOOK = 0.1          # seconds from one look to the next
QUIET_LOOKS = 100   # looks at which it may be asleep: ten seconds if nothing delays it
PROCESSOR = 10      # seconds of processor time that one process may use
LAST_RESORT = 6000  # looks, whatever it does


class Patience:
    """Watches the processes of a session. Call `over()` every LOOK seconds."""

    def __init__(self, session):
        self.session = session
        self.looks = self.quiet = 0

    def over(self):
        """Looks at the processes; returns whether it is time to give up."""
        states, ticks = look(self.session)
        self.looks += 1
        self.quiet += states <= {"S", "Z"}
        return (self.quiet >= QUIET_LOOKS or self.looks >= LAST_RESORT
                or ticks > PROCESSOR * os.sysconf("SC_CLK_TCK"))


def look(session):
    """The states of all threads of a session (S: asleep, Z: ended), and the processor time of the
    process that has used the most."""
    states, most = set(), 0
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # the process may be gone
            ours = fields(directory)
            if int(ours[3]) == session:
                most = max(most, int(ours[11]) + int(ours[12]))
                states.update(fields(thread)[0] for thread in (directory / "task").iterdir())
    return states, most


def fields(directory):
    """The kernel's data about a process or thread, from its state on: see proc(5), stat."""
    stat = (directory / "stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()
