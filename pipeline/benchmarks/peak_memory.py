"""How much memory a process has had, without loading anything that would add to it."""

import resource
import sys
from pathlib import Path

_KIB = 1024


def peak_memory_bytes() -> int:
    """Largest resident memory of this process or of a child of it, whichever is larger.

    Linux tells the mark of this program alone (VmHWM); getrusage would also count what the program that
    started this one held at that moment.
    """
    unit = 1 if sys.platform == "darwin" else _KIB
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    status = Path("/proc/self/status")
    marks = status.read_text(encoding="ascii").splitlines() if status.is_file() else []
    mine = [int(line.split()[1]) * _KIB for line in marks if line.startswith("VmHWM:")]
    return max(children, mine[0] if mine else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
