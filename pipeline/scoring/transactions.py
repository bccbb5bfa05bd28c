"""The commit protocol of the output folder: a change happens wholly or not at all, and one process writes.

A transaction's files are written below `_staging/<number>`; the record `_log/<number>.json` then states what
belongs where, and from here on the transaction counts; the files are moved, and the record becomes `.done`.

A transaction adds files (`renames`), or puts whole folders in the place of others (`swaps`): one exchange of two
names where the system has it (Linux), so that every reader sees the old folder or the new one. Elsewhere two
renames, between which the folder is missing for a moment.
"""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.errors import DataError
from pipeline.files import durable_files
from pipeline.files.durable_files import read_json, sync_folder, write_json
from pipeline.files.folder_lock import LOCK, FolderInUseError, lock_folder

_LOG, _STAGING = "_log", "_staging"
_RECORD_KEYS = ("posts", "renames", "swaps", "checksums")
_REPLACED = ".replaced"  # what a folder is called between two renames


class TransactionLog:
    """Transactions of one output folder, which must be locked; whatever a crash left is settled first.

    Args:
        root: the output folder.

    Raises:
        DataError: a file that was stated in a record is gone.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        _settle(root)
        records = (root / _LOG).iterdir()
        self._last = max((int(path.stem) for path in records if path.stem.isdigit()), default=0)

    def begin(self) -> tuple[str, Path]:
        """Name of the next transaction and the folder (not made yet) for its files."""
        name = f"{self._last + 1:06d}"
        return name, self._root / _STAGING / name

    def commit(self, name: str, files: Mapping[str, str], n_posts: int) -> None:
        """Move the staged files to their places.

        Args:
            name: of the transaction.
            files: paths below the staging folder, which are also those below the root, with their checksums; already
                on the disk.
            n_posts: for people who read the log.
        """
        renames = [[f"{_STAGING}/{name}/{file}", file] for file in files]
        self._state(name, {"posts": n_posts, "renames": renames, "checksums": dict(files)})

    def commit_swaps(self, name: str, folders: Mapping[str, str], checksums: Mapping[str, str]) -> None:
        """Put staged folders in the place of those of the same path below the root, which are deleted.

        Args:
            name: of the transaction.
            folders: to each path the name of a file that stands in the old folder and not in the new one.
            checksums: of new files, by their paths below the root.
        """
        swaps = [[f"{_STAGING}/{name}/{folder}", folder, file] for folder, file in folders.items()]
        self._state(name, {"posts": 0, "renames": [], "swaps": swaps, "checksums": dict(checksums)})

    def _state(self, name: str, content: dict[str, Any]) -> None:
        record = self._root / _LOG / f"{name}.json"
        write_json(record, content)
        self._last = int(name)
        _roll_forward(self._root, record)


def remove_if_unused(root: Path, keeps_nothing: Sequence[str]) -> None:
    """Remove an output folder, which must be locked, unless it holds a file besides the lock and those named.

    Files are removed by name and folders only when empty, the lock last: nothing that appears meanwhile is lost.
    """
    mine = {root / LOCK, *(root / name for name in keeps_nothing)}
    inside = sorted(root.rglob("*"), reverse=True)  # what is deeper comes first
    if any(not path.is_dir() and path not in mine for path in inside):
        return
    with suppress(OSError):
        for path in inside:
            if path.is_dir():
                path.rmdir()
            elif path != root / LOCK:
                path.unlink()
        (root / LOCK).unlink()
        root.rmdir()


def finish_pending(root: Path) -> None:
    """Before reading: settle what a crash left, unless a process is at work there and will do so itself."""
    if not any((root / _LOG).glob("[0-9]*.json")):
        return
    with suppress(FolderInUseError), lock_folder(root):
        _settle(root)


def read_checksums(root: Path) -> dict[str, set[str]]:
    """Checksums of each file as it was written, by its path below the root: the one now, and those it replaced.

    Raises:
        DataError: a record is damaged.
    """
    checksums: dict[str, set[str]] = {}
    for record in (root / _LOG).glob("[0-9]*.*"):
        with suppress(FileNotFoundError):  # just renamed, from "stated" to "done"
            stated = read_json(record, _RECORD_KEYS).get("checksums", {})
            if not isinstance(stated, dict):
                raise DataError(f"{record}: not a transaction record: its checksums are no JSON object")
            for file, checksum in stated.items():
                checksums.setdefault(file, set()).add(checksum)
    return checksums


def _settle(root: Path) -> None:
    """Finish the transactions that were stated and delete what was only staged."""
    for folder in (_LOG, _STAGING):
        (root / folder).mkdir(exist_ok=True)
    for record in sorted((root / _LOG).glob("[0-9]*.json")):
        _roll_forward(root, record)
    for leftover in (*(root / _STAGING).iterdir(), *(root / _LOG).glob("_*.tmp"), *root.glob("_*.tmp")):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def _roll_forward(root: Path, record: Path) -> None:
    """Do what a stated transaction says and mark it as done; may be repeated."""
    try:
        stated = read_json(record, _RECORD_KEYS)
        renames = [(root / staged, root / final) for staged, final in stated["renames"]]
        swaps = [(root / staged, root / final, str(file)) for staged, final, file in stated.get("swaps", [])]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{record}: not a transaction record: {error}") from None
    named = [path for staged, final, *_ in (*renames, *swaps) for path in (staged, final)]
    if not all(path.resolve().is_relative_to(root.resolve()) for path in named):
        raise DataError(f"{record}: names a file outside of the output folder; it was tampered with")
    for staged, final in renames:
        if staged.exists():
            final.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(final)
        elif not final.exists():
            raise DataError(
                f"{final}: gone before its transaction was complete; delete {record} to score its posts again"
            )
    for staged, final, old_file in swaps:
        _swap(staged, final, old_file, record)
    finals = [final for _, final, *_ in (*renames, *swaps)]
    for folder in {parent for final in finals for parent in final.relative_to(root).parents}:
        sync_folder(root / folder)
    record.rename(record.with_suffix(".done"))
    sync_folder(record.parent)
    shutil.rmtree(root / _STAGING / record.stem, ignore_errors=True)


def _swap(staged: Path, final: Path, old_file: str, record: Path) -> None:
    """Put a staged folder in the place of another, unless that was done; the old one stays below staging."""
    if (final / old_file).exists():
        if durable_files.exchange_folders(staged, final):
            return
        final.rename(staged.with_name(staged.name + _REPLACED))
    if not final.exists():
        if not staged.exists():
            raise DataError(
                f"{final}: gone before its transaction was complete; restore it, then delete {record}"
            )
        staged.rename(final)
