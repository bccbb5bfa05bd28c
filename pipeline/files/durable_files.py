"""Writing that survives a power cut: what has its final name is complete and on the disk."""

import errno
import json
import os
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from pipeline.errors import DataError, PipelineError, shorten

_CHECKSUM = "checksum"  # of all other keys
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


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a small JSON file under its final name in one step, replacing what was there; see `read_json`."""
    sealed = {**content, _CHECKSUM: _checksum_of(content)}
    with replacing(path) as temporary, new_file(temporary) as stream:
        stream.write(json.dumps(sealed, indent=1, ensure_ascii=False).encode())


def read_json(path: Path, keys: Collection[str]) -> dict[str, Any]:
    """What `write_json` wrote, checked; files of versions that wrote no checksum are taken as they are.

    Args:
        path: of the file.
        keys: that it may have.

    Raises:
        DataError: not a JSON object, other keys, or changed since it was written.
        FileNotFoundError: there is no such file.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: cannot be read: expected a JSON object, got {type(content).__name__}")
    checksum = content.pop(_CHECKSUM, None)
    others = sorted(set(content) - set(keys))
    if others or checksum not in {None, _checksum_of(content)}:
        reason = (
            f"unknown key '{shorten(others[0], 50)}'" if others else "its checksum does not fit its content"
        )
        raise DataError(
            f"{path}: damaged: {reason}. Restore it from a copy, or score into a new output folder"
        )
    return content


def checksum_file(path: Path) -> str:
    """CRC-32 of a file as eight hexadecimal digits: shows damage, is no signature."""
    checksum = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return f"{checksum:08x}"


def _checksum_of(content: dict[str, Any]) -> str:
    return f"{zlib.crc32(json.dumps(content, sort_keys=True).encode()):08x}"


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
