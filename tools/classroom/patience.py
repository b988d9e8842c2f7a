"""When to give up a program that may hang: by what it does, not by the clock.

On a busy machine, or where somebody stops it for a while, a right program may take long. One that
hangs is known by this: it has been found asleep, waiting for something, at so many looks; or it has
used so much of the processor's time. Beside it, a time is only the last resort.
"""

import contextlib
import os
from pathlib import Path

LOOK = 0.1          # seconds from one look to the next
QUIET_LOOKS = 100   # after so many a sleeper is given up: ten seconds where nobody holds it up
PROCESSOR = 10      # seconds of the processor's time that one process may use
LAST_RESORT = 6000  # looks, whatever it does


class Patience:
    """With the processes of a session; look again every LOOK seconds, until `over()`."""

    def __init__(self, session):
        self.session = session
        self.looks = self.quiet = 0

    def over(self):
        """Looks at them, and says whether it is time to give them up."""
        states, ticks = look(self.session)
        self.looks += 1
        self.quiet += states <= {"S", "Z"}
        return (self.quiet >= QUIET_LOOKS or self.looks >= LAST_RESORT
                or ticks > PROCESSOR * os.sysconf("SC_CLK_TCK"))


def look(session):
    """The states of all threads of a session (S sleeps, Z has ended), and the processor time of the
    process that has used most of it."""
    states, most = set(), 0
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may be gone by now
            ours = fields(directory)
            if int(ours[3]) == session:
                most = max(most, int(ours[11]) + int(ours[12]))
                states.update(fields(thread)[0] for thread in (directory / "task").iterdir())
    return states, most


def fields(directory):
    """What the kernel says of a process or thread, from its state on: see proc(5), stat."""
    stat = (directory / "stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()
