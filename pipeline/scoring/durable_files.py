"""Writing that survives a power cut: what has its final name is complete and on the disk."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pipeline.errors import DataError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def explain_full_disk(root: Path) -> Iterator[None]:
    """Turn "no space left" into a message that says what to do.

    Raises:
        DataError: there was no room to write below `root`.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise DataError(
            f"{root}: no room to write ({error.strerror}). What was committed before is complete and stays. "
            "Free some space and run the same command again; it goes on from there"
        ) from None


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a new file; it is on the disk when the block ends."""
    with path.open("xb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a small JSON file under its final name in one step, replacing what was there."""
    with replacing(path) as temporary, new_file(temporary) as stream:
        stream.write(json.dumps(content, indent=1, ensure_ascii=False).encode())


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Lend a temporary sibling that takes the place of `path` when the block succeeds, and else vanishes."""
    temporary = path.with_name(f"_{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        yield temporary
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
