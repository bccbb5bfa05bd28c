"""One Delta table in a folder or an object store: its data files, its commits, and what can be wrong with it.

Delta keeps the list of a table's data files in `_delta_log`; what is not listed there is not in the table. Here is
what its log does not say: whether data files and records of the log still have the bytes that were written.

A file that we write is named by a digest of its bytes; those that `compact` writes are named by delta-rs, and their
digests stand in the metadata of a commit that follows. Every commit of ours carries a seal: a digest of all that the
table consists of after it (files with their sizes and rows, columns, how far it has come, see
`pipeline.scoring.score_tables`) and of what the commit says. The newest seal is checked against what delta-rs makes of
the log, checkpoints and all, whenever a table is opened; those of older records where they are read. Records without a
seal are those of delta-rs, of merging and removing files; until the commit that follows, a merge is checked by the
number of rows.

Every commit of ours also carries an application transaction. So delta-rs refuses one that was made for another state
of the table than the one it meets.
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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from pipeline.errors import DataError, PipelineError, shorten
from pipeline.files.stores import hide_secrets, open_filesystem

LOG = "_delta_log"
_PROGRESS = "narrative-frames"  # application transaction
_SEAL = "narrative_frames_seal"
_OURS = "narrative_frames"  # begins every key of ours in the metadata of a commit
_MERGED = "OPTIMIZE"
_UNSEALED = frozenset({_MERGED, "VACUUM START", "VACUUM END"})  # operations of delta-rs, by `compact`
_DIGESTS = "narrative_frames_digests"  # in the metadata of the commit after a compaction
_CONFIGURATION = {"delta.enableExpiredLogCleanup": "false"}  # small, and it holds the digests
_NAMED_BY_DIGEST = re.compile(r"part-([0-9a-f]{32})\.parquet")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}|[\x00-\x1f\x7f]")
_PANIC = "PanicException"  # of delta-rs, which no module exports: damage to a checkpoint of the log brings some about
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
                f"{self.location}: a '%' with two digits or letters after it, or a control character, in a folder's "
                "name is misread by the library that writes the tables: give a folder of another name"
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
            # pyarrow takes a relative "scores:2024" for an address, and ends the process
            return pafs.SubTreeFileSystem(str(self.folder.absolute()), pafs.LocalFileSystem())
        path, filesystem = open_filesystem(self.uri)
        return pafs.SubTreeFileSystem(path, filesystem)


class ScoreTable:
    """A Delta table of scores, as it was when it was opened or last refreshed."""

    def __init__(self, table: DeltaTable, store: Store) -> None:
        self._table = table
        self.store = store
        self._read_state()
        self._require_sealed()

    @classmethod
    def open(cls, location: str | Path) -> Self | None:
        """The table at a place; None where there is none and no data files either.

        Raises:
            DataError: its log is lost or damaged.
        """
        store = Store(location)
        try:
            with explain_delta(store.location), _without_panics():
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
            columns = DeltaSchema.from_arrow(schema)
            seal = _Seal.of([], 0, columns, description, {})
            table = DeltaTable.create(
                store.uri,
                columns,
                description=description,
                configuration=_CONFIGURATION,
                commit_properties=seal.to_properties({}),
            )
        store.sync_commit(0)
        return cls(table, store)

    @property
    def progress(self) -> int:
        """What the last commit of ours gave as `progress`."""
        return self._progress

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
        return list(self._files)

    def _read_state(self) -> None:
        self._progress = self._table.transaction_version(_PROGRESS) or 0
        actions = pa.table(self._table.get_add_actions())
        columns = (actions[name].to_pylist() for name in ("path", "size_bytes", "num_records"))
        self._files = [DataFile(path, size, rows or 0) for path, size, rows in zip(*columns, strict=True)]

    def list_paths(self) -> list[str] | None:
        """Names of the data files on this machine; None for a table in an object store."""
        if self.store.folder is None:
            return None
        return [str(self.store.folder / file.path) for file in self._files]

    def note(self, metadata: Mapping[str, Any]) -> None:
        """Add a commit that says something and changes nothing; see `commit`."""
        self.commit([], self.progress, metadata)

    def commit(self, files: Sequence[DataFile], progress: int, metadata: Mapping[str, Any]) -> None:
        """Make data files part of the table, all or none.

        Args:
            files: complete, in the store of the table.
            progress: larger than `self.progress`, where there are any files.
            metadata: JSON values for those who read the log, by keys that begin with "narrative_frames".

        Raises:
            DataError: another process committed since the table was opened, or the store is gone.
        """
        now = time.time_ns() // 1_000_000
        actions: list[AddAction | RemoveAction] = [
            AddAction(file.path, file.n_bytes, {}, now, True, json.dumps({"numRecords": file.n_rows}))
            for file in files
        ]
        schema = self._table.schema()
        seal = _Seal.of([*self._files, *files], progress, schema, self.description, metadata)
        with explain_delta(self.store.location):
            self._table.create_write_transaction(
                actions, "append", schema, commit_properties=seal.to_properties(metadata)
            )
            self._table.update_incremental()
            self._read_state()
            self.store.sync_commit(self._table.version())

    def compact(self, kept_days: int) -> int:
        """Merge small data files, and remove what no reader has needed for so long; the table was verified.

        Returns:
            How many files were removed.
        """
        before = self._table.version()
        with explain_delta(self.store.location), _without_panics():
            self._table.optimize.compact()
            self._read_state()
        written = [file.path for file in self._files if not _NAMED_BY_DIGEST.fullmatch(file.path)]
        known = (self.read_last_metadata(_DIGESTS) or {}) if written else {}
        if set(written) - set(known) or self._table.version() != before:
            self.note({_DIGESTS: {path: known.get(path) or self.store.digest(path) for path in written}})
        self.require_whole(verify_bytes=False)
        with explain_delta(self.store.location):
            return len(self._table.vacuum(retention_hours=24 * kept_days, dry_run=False, full=True))

    def read_last_metadata(self, key: str) -> Any:
        """What the last commit that has this key in its metadata says there; None where none has it.

        The records of the log are read one by one, newest first: `DeltaTable.history` finds none in a folder whose
        name has a '#'.
        """
        found = (record.metadata[key] for record in self._read_log() if key in record.metadata)
        return next(found, None)

    def _read_log(self) -> Iterator["_Record"]:
        """The records of the log, newest first; each is verified when it is read.

        Raises:
            DataError: a record is not as it was written.
        """
        for version in range(self._table.version(), -1, -1):
            name = f"{LOG}/{version:020d}.json"
            try:
                with self.store.filesystem.open_input_stream(name) as stream:
                    record = _Record.parse(stream.read())
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
                raise self._damaged(name, shorten(error)) from None
            if record.seal is None and record.operation not in _UNSEALED:
                raise self._damaged(
                    name, "no commit of narrative-frames: changed since, or another program changed the table"
                )
            if record.seal is not None and record.seal != record.seal.renew(
                self._table.schema(), self.description, record.metadata
            ):
                raise self._damaged(name, "it is not what was written")
            yield record

    def _require_sealed(self) -> None:
        """Compare what delta-rs makes of the log with the newest seal."""
        is_merged = False
        for record in self._read_log():
            seal = record.seal
            if seal is not None:
                break
            is_merged = is_merged or record.operation == _MERGED
        else:
            raise self._damaged(LOG, "no commit of narrative-frames is in it")
        if seal.progress != self.progress:
            raise self._damaged(LOG, f"it stands at {self.progress:,}, its last record at {seal.progress:,}")
        counted, stated = sum(file.n_rows for file in self._files), seal.n_rows
        if counted != stated:
            raise self._damaged(
                LOG,
                f"it lists data files with {counted:,} rows where {stated:,} were written: part of it is lost, or "
                "another program changed the table",
            )
        if not is_merged and seal.files != _digest_files(self._files):
            raise self._damaged(LOG, "it lists other data files than those that were written")

    def to_dataset(self) -> ds.Dataset:
        """Its rows, for Arrow and for DuckDB; nothing is read yet."""
        store = self.store.filesystem
        form = ds.ParquetFileFormat()
        files = [form.make_fragment(file.path, store) for file in self._files]
        return ds.FileSystemDataset(files, self.schema, form, store)

    def require_whole(self, *, verify_bytes: bool) -> None:
        """Check the table against its store.

        Args:
            verify_bytes: read every data file and compare its digest; else names, sizes and counts alone.

        Raises:
            DataError: the log or a data file is lost or damaged; the message names it.
        """
        sizes = self.store.list_sizes()
        for file in self._files:
            if sizes.get(file.path) != file.n_bytes:
                found = f"has {sizes[file.path]:,} bytes" if file.path in sizes else "is gone"
                raise self._damaged(file.path, f"{found}; {LOG} says {file.n_bytes:,} bytes")
        if verify_bytes:
            self._verify()

    def _verify(self) -> None:
        recorded: dict[str, str] | None = None
        for file in self._files:
            if named := _NAMED_BY_DIGEST.fullmatch(file.path):
                expected = named[1]
            else:
                recorded = self.read_last_metadata(_DIGESTS) or {} if recorded is None else recorded
                expected = recorded.get(file.path, "")
            if expected and self.store.digest(file.path) != expected:
                raise self._damaged(file.path, "its bytes are not those that were written")

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
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        raise DataError(f"{location}/{LOG}: damaged: {shorten(error)}. {_REMEDY}") from None


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
    """Keep what delta-rs prints off the terminal when it has no room or a checkpoint is damaged; it raises as well."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


@dataclass(frozen=True, slots=True)
class _Seal:
    """What a commit of ours says of the table after it, and a digest of this and of all else that it says.

    Attributes:
        progress: of the table.
        n_rows: in all data files.
        files: digest of their names, sizes and rows.
        digest: of these, the columns, the description and the metadata.
    """

    progress: int
    n_rows: int
    files: str
    digest: str

    @classmethod
    def of(
        cls,
        files: Sequence[DataFile],
        progress: int,
        schema: DeltaSchema,
        description: str,
        metadata: Mapping[str, Any],
    ) -> Self:
        unsealed = cls(progress, sum(file.n_rows for file in files), _digest_files(files), "")
        return unsealed.renew(schema, description, metadata)

    def renew(self, schema: DeltaSchema, description: str, metadata: Mapping[str, Any]) -> Self:
        """The seal as it must be with these values."""
        parts = [self.progress, self.n_rows, self.files, schema.to_json(), description, dict(metadata)]
        return replace(self, digest=_digest([json.dumps(parts, sort_keys=True).encode()]))

    def to_properties(self, metadata: Mapping[str, Any]) -> CommitProperties:
        """Of the commit."""
        sealed = {**metadata, _SEAL: [self.n_rows, self.files, self.digest]}
        return CommitProperties(
            custom_metadata=sealed, app_transactions=[Transaction(_PROGRESS, self.progress)]
        )


@dataclass(frozen=True, slots=True)
class _Record:
    """A record of the log, as it stands there.

    Attributes:
        operation: by its own account.
        seal: None for one that is not ours.
        metadata: of ours, without the seal.
    """

    operation: str
    seal: _Seal | None
    metadata: dict[str, Any]

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read the lines of a record.

        Raises:
            ValueError, LookupError, TypeError, AttributeError: it is none.
        """
        actions = [json.loads(line) for line in content.splitlines()]
        [info] = [action["commitInfo"] for action in actions if "commitInfo" in action]
        txns = [action["txn"] for action in actions if "txn" in action]
        metadata = {key: value for key, value in info.items() if key.startswith(_OURS)}
        sealed = metadata.pop(_SEAL, None)
        if sealed is None:
            return cls(str(info["operation"]), None, metadata)
        [progress] = [txn["version"] for txn in txns if txn["appId"] == _PROGRESS]
        return cls(str(info["operation"]), _Seal(progress, *sealed), metadata)


def _digest_files(files: Iterable[DataFile]) -> str:
    lines = sorted(f"{file.path}\t{file.n_bytes}\t{file.n_rows}\n" for file in files)
    return _digest(line.encode() for line in lines)


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
