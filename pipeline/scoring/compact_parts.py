"""Many small part files to few large ones, with the same rows in the same order.

Every run leaves at least one part file in each channel and month that it met, and readers open them all. Here
neighbouring parts of a folder become one, up to `PART_BYTES`. Posts and sentences are merged at the same numbers,
so that files of one name still belong together, and a merged part has the last of its parts' numbers: between
versions of a post that one run scored, the order of numbers decides which is current.

A folder is rebuilt beside the old one (parts that stay are linked, not copied) and takes its place by a
transaction, see `pipeline.scoring.transactions`; it may be killed at any moment, and whoever reads meanwhile finds
each row once.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.classifiers.protocols import Progress
from pipeline.data.posts import DAMAGE
from pipeline.errors import DataError
from pipeline.files.durable_files import (
    checksum_file,
    explain_full_disk,
    link_or_copy,
    new_file,
    sync_folder,
)
from pipeline.files.folder_lock import lock_folder
from pipeline.scoring.output_dataset import TABLES, read_output_manifest
from pipeline.scoring.part_files import PART_PATTERN, damaged, verify_parts
from pipeline.scoring.read_scores import find_ties_between_folders
from pipeline.scoring.transactions import TransactionLog

PART_BYTES = 128 * 2**20  # of both tables together, as compressed
_STAGED_BYTES = 2**30  # so much more room on the disk is needed for a while
_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What was done.

    Attributes:
        files_before: part files of both tables.
        files_after: of these, now.
        bytes_before: their size.
        bytes_after: their size now.
        folders: channels and months whose parts were merged.
        folders_left: of those with several parts, left as they were, since one run scored two versions of a post
            there and elsewhere, and the numbers of their parts say which is current.
    """

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    folders: int
    folders_left: int

    def to_json(self) -> dict[str, int]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A folder below both tables, and names of parts, each list to become the last of it."""

    folder: str
    groups: tuple[tuple[str, ...], ...]
    n_bytes: int


def compact_parts(
    root: Path, *, part_bytes: int = PART_BYTES, on_progress: Progress = lambda *_: None
) -> CompactReport:
    """Merge the small part files of an output folder; without any, nothing is written.

    Args:
        root: the output folder of a scoring run.
        part_bytes: parts are merged up to this size, posts and sentences together.
        on_progress: told of folders done, of all.

    Raises:
        DataError: no scores there, a process is writing there, a part is damaged, the disk is full.
    """
    read_output_manifest(root)
    with explain_full_disk(root), lock_folder(root):
        log = TransactionLog(root)
        verify_parts(root, TABLES)
        n_before, bytes_before = _measure(root)
        plans = [plan for folder in _list_folders(root) if (plan := _plan(root, folder, part_bytes))]
        tied = find_ties_between_folders(root) if plans else set()
        chosen = [plan for plan in plans if plan.folder not in tied]
        done = 0
        for together in _batch(chosen):
            name, staging = log.begin()
            swaps: dict[str, str] = {}
            checksums: dict[str, str] = {}
            try:
                for plan in together:
                    swaps |= _rebuild(root, staging, plan, checksums)
                    done += 1
                    on_progress("merging part files", done, len(chosen))
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)  # room for others when the disk is full
                raise
            log.commit_swaps(name, swaps, checksums)
        n_after, bytes_after = _measure(root)
    return CompactReport(n_before, n_after, bytes_before, bytes_after, len(chosen), len(plans) - len(chosen))


def _measure(root: Path) -> tuple[int, int]:
    sizes = [path.stat().st_size for table in TABLES for path in (root / table).rglob(PART_PATTERN)]
    return len(sizes), sum(sizes)


def _list_folders(root: Path) -> list[str]:
    return sorted(
        {
            path.parent.relative_to(root / table).as_posix()
            for table in TABLES
            for path in (root / table).rglob(PART_PATTERN)
        }
    )


def _plan(root: Path, folder: str, part_bytes: int) -> _Plan | None:
    """Neighbouring parts that fit into one; None where no two do."""
    sizes: dict[str, int] = {}
    for path in _list_parts(root, folder):
        sizes[path.name] = sizes.get(path.name, 0) + path.stat().st_size
    groups: list[list[str]] = []
    filled = 0
    for name in sorted(sizes):
        if groups and filled + sizes[name] <= part_bytes:
            groups[-1].append(name)
            filled += sizes[name]
        else:
            groups.append([name])
            filled = sizes[name]
    merged = tuple(tuple(group) for group in groups if len(group) > 1)
    return _Plan(folder, merged, sum(sizes[name] for group in merged for name in group)) if merged else None


def _list_parts(root: Path, folder: str) -> list[Path]:
    return [path for table in TABLES for path in (root / table / folder).glob(PART_PATTERN)]


def _batch(plans: Sequence[_Plan]) -> Iterator[list[_Plan]]:
    """Plans that share a transaction: few syncs of the disk, and not too much room taken twice."""
    together: list[_Plan] = []
    for plan in plans:
        if together and sum(other.n_bytes for other in together) + plan.n_bytes > _STAGED_BYTES:
            yield together
            together = []
        together.append(plan)
    if together:
        yield together


def _rebuild(root: Path, staging: Path, plan: _Plan, checksums: dict[str, str]) -> dict[str, str]:
    """Stage a folder with its parts merged, for each table that has it; add the checksums of merged parts.

    Returns:
        Path of each folder below the root, and a part that is no longer in it.
    """
    replaced: dict[str, str] = {}
    target_of = {name: group[-1] for group in plan.groups for name in group}
    for table in TABLES:
        old, new = root / table / plan.folder, staging / table / plan.folder
        names = sorted(path.name for path in old.iterdir()) if old.is_dir() else []
        gone = [name for name in names if target_of.get(name, name) != name]
        if not gone:
            continue
        new.mkdir(parents=True)
        targets: dict[str, list[Path]] = {}
        for name in names:
            targets.setdefault(target_of.get(name, name), []).append(old / name)
        for target, sources in targets.items():
            if len(sources) == 1:
                link_or_copy(sources[0], new / target)
            else:
                _merge(sources, new / target)
                checksums[f"{table}/{plan.folder}/{target}"] = checksum_file(new / target)
        sync_folder(new)
        replaced[f"{table}/{plan.folder}"] = gone[0]
    return replaced


def _merge(sources: Sequence[Path], target: Path) -> None:
    """Write the rows of some parts one after another, in row groups of a good size."""
    schema = _read_schema(sources[0])
    with new_file(target) as stream, _open_writer(stream, schema) as writer:
        held: list[pa.RecordBatch] = []
        for batch in chain.from_iterable(_read_rows(source, schema) for source in sources):
            held.append(batch)
            if sum(map(len, held)) >= _ROWS_AT_ONCE:
                writer.write_table(pa.Table.from_batches(held))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held))


def _open_writer(stream: IO[bytes], schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(stream, schema, compression="zstd", write_page_checksum=True)


def _read_schema(path: Path) -> pa.Schema:
    with _explain_damage(path):
        return pq.read_schema(path)


def _read_rows(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with _explain_damage(path), pq.ParquetFile(path, pre_buffer=False) as part:
        if not part.schema_arrow.equals(schema):
            raise DataError(
                f"{path}: its columns are not those of the other parts there; another version of narrative-frames "
                "may have written it. Its folder cannot be compacted; score into a new output folder"
            )
        yield from part.iter_batches(_ROWS_AT_ONCE)


@contextmanager
def _explain_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise damaged(path, error) from None
