"""Writing that survives a power cut: what has its final name is complete and on the disk."""

import errno
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pipeline.errors import DataError, PipelineError

_PROBED_BYTES = 1 << 20  # less than this is no room
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def explain_full_disk(root: Path) -> Iterator[None]:
    """Turn "no space left" into a message that says what to do.

    Libraries that write files by themselves raise errors of their own; then whether there is room is tried.

    Raises:
        DataError: there was no room to write below `root`.
    """
    try:
        yield
    except PipelineError:
        raise
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise _no_room(root, str(error.strerror)) from None
    except Exception as error:
        if not _is_full(root):
            raise
        raise _no_room(root, os.strerror(errno.ENOSPC)) from error


def _no_room(root: Path, reason: str) -> DataError:
    return DataError(
        f"{root}: no room to write ({reason}). What was committed before is complete and stays. "
        "Free some space and run the same command again; it goes on from there"
    )


def _is_full(root: Path) -> bool:
    folder = root
    while not folder.is_dir():
        folder = folder.parent
    probe = folder / f"_room.{os.getpid()}.tmp"
    try:
        probe.write_bytes(bytes(_PROBED_BYTES))
    except OSError as error:
        return error.errno in _NO_ROOM
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return False


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a new file; it is on the disk when the block ends."""
    with path.open("xb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


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


def remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed left of their writing of `path`."""
    for temporary in path.parent.glob(f"_{glob.escape(path.name)}.*.tmp"):
        process = temporary.name.removeprefix(f"_{path.name}.").removesuffix(".tmp")
        if process.isdecimal() and not _is_alive(int(process)):
            temporary.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # somebody else's
    return True


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
