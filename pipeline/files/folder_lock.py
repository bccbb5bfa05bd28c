"""The one lock: a folder is worked on by one process at a time, and the lock goes with the process, however it ends.

`filelock` has what is hard about it: a lock file that was removed by its last holder just before we locked it, and
systems without flock.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import DataError

LOCK = "_lock"
FOR_ALL = 0o666  # who may write to a group's shared folder may also lock it, whoever came first


class FolderInUseError(DataError):
    """Another process is writing to the folder."""


@contextmanager
def lock_folder(root: Path, name: str = LOCK) -> Iterator[None]:
    """Hold the folder for this process.

    Args:
        root: the folder.
        name: of the lock file in it, which stays.

    Raises:
        FolderInUseError: another process holds it; the message says which.
    """
    path = root / name
    lock = FileLock(path, mode=FOR_ALL)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise FolderInUseError(
            f"{root}: {_describe_holder(path)} is writing there; wait until it has ended, or give another "
            "output folder"
        ) from None
    with lock:
        holder = {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        path.write_text(json.dumps(holder), encoding="utf-8")
        try:
            yield
        finally:
            lock.release()


def _describe_holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['process']} on {holder['host']} (since {holder['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # it has only just begun
