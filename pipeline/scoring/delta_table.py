"""One Delta table in a folder or an object store: its data files, its commits, and what can be wrong with it.

Delta keeps the list of a table's data files in `_delta_log`; what is not listed there is not in the table. Here is
what its log does not say: whether a data file still has the bytes that were written. A file that we write is named
by a digest of its bytes; those that `compact` writes are named by delta-rs, and their digests stand in the metadata
of a commit that follows. The log itself is checked by two counts that every commit of ours carries as application
transactions: how far the table has come (see `pipeline.scoring.score_tables`) and how many rows it has then.
"""

import errno
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from pipeline.errors import DataError, PipelineError, shorten
from pipeline.files.stores import hide_secrets, open_filesystem

LOG = "_delta_log"
_PROGRESS, _ROWS = "narrative-frames", "narrative-frames.rows"  # application transactions
_DIGESTS = "narrative_frames_digests"  # in the metadata of the commit after a compaction
_CONFIGURATION = {"delta.enableExpiredLogCleanup": "false"}  # small, and it holds the digests
_NAMED_BY_DIGEST = re.compile(r"part-([0-9a-f]{32})\.parquet")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")
_READ_BYTES = 1 << 20
_REMEDY = "Restore it from a copy of the whole output, or score into a new one"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file in the store of a table, not part of it until it is committed.

    Attributes:
        path: below the table.
        n_bytes: its size.
        n_rows: in it.
    """

    path: str
    n_bytes: int
    n_rows: int


class Store:
    """The files of a table, wherever they are; workers of a cluster may open the same one and write to it.

    Args:
        location: a folder or a URI of an object store; what a URI needs to be reached comes from the environment.

    Raises:
        DataError: a folder whose name delta-rs cannot use.
    """

    def __init__(self, location: str | Path) -> None:
        self.location = str(location)
        self.folder = None if "://" in self.location else Path(self.location)
        if self.folder is not None and _ESCAPE.search(str(self.folder.absolute())):
            raise DataError(
                f"{self.location}: a '%' with two digits or letters after it in a folder's name is misread by "
                "the library that writes the tables: give a folder of another name"
            )
        self.uri = self.location if self.folder is None else self.folder.absolute().as_uri()

    def write(self, rows: pa.Table) -> DataFile:
        """Write rows to a new data file, named by its bytes; in a folder it is on the disk when this returns."""
        buffer = pa.BufferOutputStream()
        pq.write_table(rows, buffer, compression="zstd")
        content = buffer.getvalue()
        name = f"part-{_digest([content])}.parquet"
        with explain_delta(self.location):
            if self.folder is not None:
                _write_durably(self.folder / name, content)
            else:
                with self.filesystem.open_output_stream(name) as stream:
                    stream.write(content)
        return DataFile(name, content.size, rows.num_rows)

    def remove(self, file: DataFile) -> None:
        """Delete a data file that is no part of the table."""
        with suppress(OSError):
            self.filesystem.delete_file(file.path)

    def list_sizes(self) -> dict[str, int]:
        """Size of every file beside the log, by its path below the table; empty where there is no such folder."""
        found = self.filesystem.get_file_info(pafs.FileSelector("", allow_not_found=True))
        return {info.path: info.size for info in found if info.is_file}

    def digest(self, path: str) -> str:
        """Digest of a file's bytes, as in the names of our files."""
        with self.filesystem.open_input_stream(path) as stream:
            return _digest(iter(lambda: stream.read(_READ_BYTES), b""))

    def sync_commit(self, version: int) -> None:
        """Bring the record of a commit to the disk, which delta-rs leaves to the system; object stores do it."""
        if self.folder is not None:
            for path in (self.folder / LOG / f"{version:020d}.json", self.folder / LOG):
                _sync(path)

    @property
    def filesystem(self) -> pafs.FileSystem:
        """Paths in it are those below the table."""
        if self.folder is not None:
            return pafs.SubTreeFileSystem(str(self.folder), pafs.LocalFileSystem())
        path, filesystem = open_filesystem(self.uri)
        return pafs.SubTreeFileSystem(path, filesystem)


class ScoreTable:
    """A Delta table of scores, as it was when it was opened or last refreshed."""

    def __init__(self, table: DeltaTable, store: Store) -> None:
        self._table = table
        self.store = store
        self._counts = self._read_counts()

    @classmethod
    def open(cls, location: str | Path) -> Self | None:
        """The table at a place; None where there is none and no data files either.

        Raises:
            DataError: its log is lost or damaged.
        """
        store = Store(location)
        try:
            with explain_delta(store.location):
                return cls(DeltaTable(store.uri), store)
        except TableNotFoundError:
            stray = sorted(path for path in store.list_sizes() if path.endswith(".parquet"))
        if stray:
            raise DataError(
                f"{store.location}/{LOG}: lost, while data files such as {shorten(stray[0])} stand beside it: without "
                f"it nobody knows which of them count. {_REMEDY}"
            )
        return None

    @classmethod
    def create(cls, location: str | Path, schema: pa.Schema, description: str) -> Self:
        """A new, empty table."""
        store = Store(location)
        with explain_delta(store.location):
            table = DeltaTable.create(
                store.uri,
                schema,
                description=description,
                configuration=_CONFIGURATION,
                commit_properties=_properties(0, 0, {}),
            )
        store.sync_commit(0)
        return cls(table, store)

    @property
    def progress(self) -> int:
        """What the last commit of ours gave as `progress`."""
        return self._counts[_PROGRESS]

    @property
    def schema(self) -> pa.Schema:
        """Its columns."""
        return pa.schema(self._table.schema().to_arrow())

    @property
    def description(self) -> str:
        """As it was created with."""
        return self._table.metadata().description or ""

    def list_files(self) -> list[DataFile]:
        """The data files that it consists of."""
        actions = pa.table(self._table.get_add_actions())
        columns = (actions[name].to_pylist() for name in ("path", "size_bytes", "num_records"))
        return [DataFile(path, size, rows or 0) for path, size, rows in zip(*columns, strict=True)]

    def list_paths(self) -> list[str] | None:
        """Names of the data files on this machine; None for a table in an object store."""
        if self.store.folder is None:
            return None
        return [str(self.store.folder / file.path) for file in self.list_files()]

    def note(self, metadata: Mapping[str, Any]) -> None:
        """Add a commit that says something and changes nothing."""
        self._commit([], CommitProperties(custom_metadata=dict(metadata)))

    def _commit(self, actions: list[AddAction | RemoveAction], properties: CommitProperties) -> None:
        with explain_delta(self.store.location):
            self._table.create_write_transaction(
                actions, "append", self._table.schema(), commit_properties=properties
            )
            self._table.update_incremental()
            self.store.sync_commit(self._table.version())
            self._counts = self._read_counts()

    def commit(self, files: Sequence[DataFile], progress: int, metadata: Mapping[str, Any]) -> None:
        """Make data files part of the table, all or none.

        Args:
            files: complete, in the store of the table.
            progress: larger than `self.progress`.
            metadata: JSON values for those who read the log.

        Raises:
            DataError: another process committed since the table was opened, or the store is gone.
        """
        now = time.time_ns() // 1_000_000
        actions: list[AddAction | RemoveAction] = [
            AddAction(file.path, file.n_bytes, {}, now, True, json.dumps({"numRecords": file.n_rows}))
            for file in files
        ]
        n_rows = self._counts[_ROWS] + sum(file.n_rows for file in files)
        self._commit(actions, _properties(progress, n_rows, metadata))

    def compact(self) -> int:
        """Merge small data files, and remove what no reader has needed for a week; the table was verified.

        Returns:
            How many files were removed.
        """
        with explain_delta(self.store.location), _without_panics():
            self._table.optimize.compact()
        written = [file.path for file in self.list_files() if not _NAMED_BY_DIGEST.fullmatch(file.path)]
        known = (self.read_last_metadata(_DIGESTS) or {}) if written else {}
        if set(written) - set(known):
            self.note({_DIGESTS: {path: known.get(path) or self.store.digest(path) for path in written}})
        self.require_whole(verify_bytes=False)
        with explain_delta(self.store.location):
            return len(self._table.vacuum(dry_run=False, full=True))

    def read_last_metadata(self, key: str) -> Any:
        """What the last commit that has this key in its metadata says there; None where none has it.

        The records of the log are read one by one, newest first: `DeltaTable.history` finds none in a folder whose
        name has a '#'.
        """
        for version in range(self._table.version(), -1, -1):
            for action in self._read_record(version):
                if key in action.get("commitInfo", {}):
                    return action["commitInfo"][key]
        return None

    def _read_record(self, version: int) -> list[dict[str, Any]]:
        name = f"{LOG}/{version:020d}.json"
        try:
            with self.store.filesystem.open_input_stream(name) as stream:
                return [json.loads(line) for line in stream.read().splitlines()]
        except (OSError, ValueError) as error:
            raise self._damaged(name, shorten(error)) from None

    def to_dataset(self) -> ds.Dataset:
        """Its rows, for Arrow and for DuckDB; nothing is read yet."""
        store = self.store.filesystem
        form = ds.ParquetFileFormat()
        files = [form.make_fragment(file.path, store) for file in self.list_files()]
        return ds.FileSystemDataset(files, self.schema, form, store)

    def require_whole(self, *, verify_bytes: bool) -> None:
        """Check the table against its store.

        Args:
            verify_bytes: read every data file and compare its digest; else names, sizes and counts alone.

        Raises:
            DataError: the log or a data file is lost or damaged; the message names it.
        """
        files, sizes = self.list_files(), self.store.list_sizes()
        for file in files:
            if sizes.get(file.path) != file.n_bytes:
                found = f"has {sizes[file.path]:,} bytes" if file.path in sizes else "is gone"
                raise self._damaged(file.path, f"{found}; {LOG} says {file.n_bytes:,} bytes")
        stated, counted = self._counts[_ROWS], sum(file.n_rows for file in files)
        if stated != counted:
            raise self._damaged(
                LOG,
                f"it lists data files with {counted:,} rows where {stated:,} were written: part of it is lost, or "
                "another program changed the table",
            )
        if files:
            self._require_columns(files[0].path)
        if verify_bytes:
            self._verify(files)

    def _require_columns(self, path: str) -> None:
        """The names of columns stand in the log and in each file; damage to either shows where they differ."""
        try:
            found = pq.read_schema(path, filesystem=self.store.filesystem)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(path, shorten(error)) from None
        if found.names != self.schema.names:
            other = sorted(set(found.names) ^ set(self.schema.names)) or ["their order"]
            raise self._damaged(path, f"its columns are not those that {LOG} names: {shorten(other[0])}")

    def _verify(self, files: Iterable[DataFile]) -> None:
        recorded: dict[str, str] | None = None
        for file in files:
            if named := _NAMED_BY_DIGEST.fullmatch(file.path):
                expected = named[1]
            else:
                recorded = self.read_last_metadata(_DIGESTS) or {} if recorded is None else recorded
                expected = recorded.get(file.path, "")
            if expected and self.store.digest(file.path) != expected:
                raise self._damaged(file.path, "its bytes are not those that were written")

    def _read_counts(self) -> dict[str, int]:
        counts = {app_id: self._table.transaction_version(app_id) for app_id in (_PROGRESS, _ROWS)}
        missing = [app_id for app_id, count in counts.items() if count is None]
        if missing:
            raise self._damaged(LOG, f"no commit of narrative-frames ({missing[0]}) is in it")
        return {app_id: count or 0 for app_id, count in counts.items()}

    def _damaged(self, path: str, reason: str) -> DataError:
        return DataError(f"{self.store.location}/{path}: damaged: {reason}. {_REMEDY}")


@contextmanager
def explain_delta(location: str) -> Iterator[None]:
    """Turn what delta-rs and the system raise into a message that names the table.

    Raises:
        DataError: the log cannot be read or written, another process wrote, or the table is gone.
        OSError: what else the system says, with its number: no room, for example.
        TableNotFoundError: there is no log.
    """
    try:
        yield
    except (PipelineError, TableNotFoundError):
        raise
    except (DeltaError, OSError) as error:
        raise _explain(location, error) from None


def _explain(location: str, error: Exception) -> Exception:
    if "://" in location and not _is_conflict(error):
        return DataError(
            f"{location}: out of reach, refused or damaged: {shorten(hide_secrets(str(error)))}. Are the store's "
            "address and credentials in the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...)?"
        )
    number = _SYSTEM_ERROR.search(str(error))  # delta-rs gives them in words alone
    if number and int(number[1]) != errno.ENOENT:
        return OSError(int(number[1]), os.strerror(int(number[1])), location)
    if "://" not in location and not (Path(location) / LOG).is_dir():
        return DataError(
            f"{location}: gone: it was moved or removed while scores were written to it. Put it back and run the same "
            "command again, or score into a new output"
        )
    if isinstance(error, OSError):
        return error
    if _is_conflict(error):
        return DataError(
            f"{location}: another process wrote there meanwhile. What was committed before is complete and stays; run "
            "the same command again"
        )
    return DataError(f"{location}/{LOG}: damaged or out of reach: {shorten(error)}. {_REMEDY}")


def _is_conflict(error: Exception) -> bool:
    return isinstance(error, CommitFailedError) and "oncurrent" in str(error)


@contextmanager
def _without_panics() -> Iterator[None]:
    """Keep what delta-rs prints when it has no room off the terminal; it raises as well.

    Raises:
        OSError: there was no room.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def _properties(progress: int, n_rows: int, metadata: Mapping[str, Any]) -> CommitProperties:
    transactions = [Transaction(_PROGRESS, progress), Transaction(_ROWS, n_rows)]
    return CommitProperties(custom_metadata=dict(metadata), app_transactions=transactions)


def _digest(blocks: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()[:32]


def _write_durably(path: Path, content: pa.Buffer) -> None:
    try:
        with path.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)  # room for others when the disk is full
        raise
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
