"""How many processors there are for this process."""

import os


def count_cores() -> int:
    """Those that this process may use, where the system tells; else all of the machine."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
