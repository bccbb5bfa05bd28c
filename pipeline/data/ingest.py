"""Reading channel exports into the posts table, again and again, without loss and without anything twice.

`ingest` writes `NAME.parquet`; older texts of edited posts stand in `NAME.history.parquet` with the same columns,
records that could not be used in `NAME.rejects.jsonl`.

The same post from two formats that call the channel differently (by title and by user name, say) is two posts;
`ReadOptions.channel` gives it one name where a file holds one channel.
"""

import contextlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.exports import pasted_text
from pipeline.data.exports.detect import HEAD_BYTES, detect_format, format_by_name
from pipeline.data.exports.field_values import clean_text, make_excerpt
from pipeline.data.exports.plain_columns import PlainColumns
from pipeline.data.exports.raw_posts import ExportFormat, RawPost, ReadOptions, Skipped
from pipeline.data.input_files import FoundFiles, InputFile, find_inputs
from pipeline.data.posts import POSTS_SCHEMA, is_posts_table, iter_posts, make_post_row, write_pages
from pipeline.data.posts_merge import merge_posts
from pipeline.errors import DataError
from pipeline.files.durable_files import explain_full_disk, sync_folder
from pipeline.files.folder_lock import LOCK, lock_folder

_BATCH_ROWS: Final = 10_000
_BATCH_CHARS: Final = 1 << 25
_PROGRESS_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of the input: read = new + unchanged + edited + duplicates_in_input.

    Attributes:
        files: files that were read.
        files_passed_over: hidden files and media in folders.
        read: posts with text that were read.
        new: posts that the table did not have.
        unchanged: posts that table or history had with this text.
        edited: further texts of posts; the older text of each is in the history.
        duplicates_in_input: posts met again in this input with the same text.
        no_text: service messages and bare media.
        rejected: records and files that could not be used, see `rejects_path`.
        posts: posts in the table now.
        rejects_path: where the rejects are listed; None if there are none.
        per_format: posts read from each format.
        failed_files: name and message of files that could be read in part or not at all.
        warnings: what the user should check.
        first_reject: where the first reject stood and why it is one; "" if there are none.
    """

    files: int
    files_passed_over: int
    read: int
    new: int
    unchanged: int
    edited: int
    duplicates_in_input: int
    no_text: int
    rejected: int
    posts: int
    rejects_path: Path | None
    per_format: dict[str, int]
    failed_files: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    first_reject: str = ""

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self) | {"rejects_path": str(self.rejects_path) if self.rejects_path else None}

    def raise_if_files_failed(self) -> None:
        """Fail after a partial success.

        Raises:
            DataError: a file could not be read to its end; what was read of it is in the table.
        """
        if self.failed_files:
            messages = "\n".join(message for _, message in self.failed_files)
            raise DataError(
                f"{len(self.failed_files)} of {self.files} files could not be read to the end; the posts before "
                f"that place are in the table ({self.read:,} read in all):\n{messages}"
            )


def ingest(
    inputs: Sequence[Path],
    output: Path,
    options: ReadOptions,
    format_name: str | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> IngestReport:
    """Read exports into a posts table, adding to the one that is there.

    The table takes its final name in one step, after its history; a run that is stopped changes nothing.
    Reading the same or overlapping exports again adds nothing twice; see `posts_merge` for edited posts.

    Args:
        inputs: files and folders; an unknown file in a folder is a reject, one that is named an error.
        output: the table, "NAME.parquet".
        options: what the user says about the sources.
        format_name: the format of all files; None to tell it from their content.
        on_progress: called with the number of records read so far.

    Raises:
        DataError: nothing to read, a named file of no known format, an output that is no posts table or is
            being written by another process, nothing read because files failed or all records were rejected,
            or no room on the disk.
    """
    if output.suffix != ".parquet":
        raise DataError(f"{output}: expected an output that ends in .parquet, for example posts.parquet")
    if options.channel is not None:
        options = replace(
            options, channel=clean_text(options.channel)
        )  # from a command line, it may be no UTF-8
    history, rejects = _beside(output, "history.parquet"), _beside(output, "rejects.jsonl")
    _check_output(output, history)
    found = find_inputs(inputs, {output, history, rejects})
    with explain_full_disk(output), _working_folder(output) as folder:
        reading = _Reading(options, on_progress)
        with (folder / "rejects.jsonl").open("w", encoding="utf-8") as file:
            reading.rejects = file
            planned = _choose_formats(found, format_name, reading)
            with write_pages(folder / "new.parquet", POSTS_SCHEMA) as writer:
                for input_file, export_format in planned:
                    reading.read_file(input_file, export_format, writer)
                reading.flush(writer)
        if reading.failed and not reading.read:
            raise DataError("nothing could be read:\n" + "\n".join(message for _, message in reading.failed))
        if reading.rejected and not reading.read:
            _publish(folder / "rejects.jsonl", rejects, keep=True)
            raise DataError(
                f"no post could be read; rejected: {reading.rejected:,}, all listed in {rejects}. The first: "
                f"{reading.first_reject}"
            )
        parts = (_or_empty(history, folder), _or_empty(output, folder), folder / "new.parquet")
        counts, merged, superseded = merge_posts(parts, folder, POSTS_SCHEMA)
        _publish(folder / "rejects.jsonl", rejects, keep=reading.rejected > 0)
        _publish(superseded, history, keep=counts.superseded > 0)
        _publish(merged, output, keep=True)
    return IngestReport(
        files=len(planned),
        files_passed_over=found.passed_over,
        read=reading.read,
        new=counts.new,
        unchanged=counts.unchanged,
        edited=counts.edited,
        duplicates_in_input=reading.read - counts.new - counts.unchanged - counts.edited,
        no_text=reading.no_text,
        rejected=reading.rejected,
        posts=counts.current,
        rejects_path=rejects if reading.rejected else None,
        per_format=dict(reading.per_format),
        failed_files=tuple(reading.failed),
        warnings=(
            *reading.warnings,
            *_warn_of_times(reading),
            *_warn_of_conflicts(counts.conflicting, history),
        ),
        first_reject=reading.first_reject,
    )


@dataclass(slots=True)
class _Reading:
    """The counts, the rows and the rejects while files are read."""

    options: ReadOptions
    on_progress: Callable[[int], None] | None
    rejects: IO[str] | None = None
    records: int = 0
    read: int = 0
    no_text: int = 0
    rejected: int = 0
    first_reject: str = ""
    without_time: int = 0
    per_format: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    chars: int = 0

    def read_file(self, file: InputFile, export_format: ExportFormat, writer: pq.ParquetWriter) -> None:
        try:
            for record, source_file in _read_records(file, export_format, self.options):
                if isinstance(record, Skipped):
                    self.skip(record, source_file)
                else:
                    self.add(record, source_file)
                    self.per_format[export_format.name] += 1
                self.records += 1
                if self.on_progress and self.records % _PROGRESS_ROWS == 0:
                    self.on_progress(self.records)
                if len(self.rows) >= _BATCH_ROWS or self.chars >= _BATCH_CHARS:
                    self.flush(writer)
        except DataError as error:
            self.failed.append((file.name, str(error)))
        except PermissionError as error:
            self.failed.append((file.name, f"{file.path}: cannot be read: {error.strerror}"))
        if self.on_progress:
            self.on_progress(self.records)

    def add(self, post: RawPost, source_file: str) -> None:
        self.rows.append(make_post_row(post, source_file))
        self.chars += len(post.text)
        self.read += 1
        self.without_time += post.published_at is None

    def skip(self, record: Skipped, source_file: str) -> None:
        if record.kind == "no_text":
            self.no_text += 1
        else:
            self.reject(source_file, record.record, record.reason, record.excerpt)

    def reject(self, source_file: str, record: str, reason: str, excerpt: str = "") -> None:
        entry = {
            "source_file": source_file,
            "record": clean_text(record),
            "reason": clean_text(reason),  # it may name a file whose name is no UTF-8
            "excerpt": make_excerpt(excerpt),
        }
        if self.rejects is not None:
            self.rejects.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.first_reject = self.first_reject or f"{source_file}, {record}: {reason}"
        self.rejected += 1

    def flush(self, writer: pq.ParquetWriter) -> None:
        if self.rows:
            writer.write_table(pa.Table.from_pylist(self.rows, POSTS_SCHEMA))
        self.rows, self.chars = [], 0


def _read_records(
    file: InputFile, export_format: ExportFormat, options: ReadOptions
) -> Iterator[tuple[RawPost | Skipped, str]]:
    """Give each record with the file it comes from; rows of a posts table keep the file they came from first."""
    if export_format.name != "plain-parquet" or not is_posts_table(file.path):
        for record in export_format.read(file.path, options):
            yield record, file.name
        return
    columns = PlainColumns(file.path, POSTS_SCHEMA.names, options)
    for batch in iter_posts(file.path):
        for cells in batch.to_pylist():
            yield columns.read_post(cells, cells["source_record"]), cells["source_file"]


def _choose_formats(
    found: FoundFiles, format_name: str | None, reading: _Reading
) -> list[tuple[InputFile, ExportFormat]]:
    planned: list[tuple[InputFile, ExportFormat]] = []
    for name, reason in found.refused:
        reading.reject(name, "the file", reason)
    for file in found.files:
        try:
            chosen = (
                format_by_name(format_name)
                if format_name
                else detect_format(file.path, allow_prose=file.is_named)
            )
        except DataError as error:
            if file.is_named or format_name:
                raise
            reading.reject(file.name, "the file", str(error))
            continue
        if chosen is pasted_text.FORMAT and not format_name and not _has_openings(file.path, chosen):
            reading.warnings.append(
                f"{file.name}: taken as pasted text without 'Forwarded from' lines; posts are what stands between "
                "two blank lines or lines of dashes"
            )
        planned.append((file, chosen))
    if not planned:
        reasons = "".join(f"\n{name}: {reason}" for name, reason in found.refused[:5])
        raise DataError(
            f"found no export to read (files passed over: {found.passed_over}, not recognised: {reading.rejected}); "
            f"name a file itself to see what is wrong with it{reasons}"
        )
    return planned


def _warn_of_times(reading: _Reading) -> Iterator[str]:
    if reading.without_time:
        are_copied = reading.per_format[pasted_text.FORMAT.name] and reading.options.utc_offset_hours is None
        remedy = "; of copied messages ('NAME, [24.04.2023 12:30]') it is read with --utc-offset"
        yield (
            f"{reading.without_time:,} of {reading.read:,} posts have no time of publication"
            f"{remedy if are_copied else ''}"
        )


def _warn_of_conflicts(conflicting: int, history: Path) -> Iterator[str]:
    if conflicting:
        yield (
            f"{conflicting:,} posts have several texts that are hardly edits (in one file without times of edits, or "
            "published more than a day apart): other posts under the same number, as where two channels share a "
            "name or a table names no channels (--channel, --column channel=...); only the last of each are in the "
            f"table, the others in {history}"
        )


def _has_openings(path: Path, chosen: ExportFormat) -> bool:
    with path.open("rb") as file:
        return chosen.matches(path, file.read(HEAD_BYTES))


def _check_output(output: Path, history: Path) -> None:
    for path in (output, history):
        if path.exists() and not is_posts_table(path):
            raise DataError(f"{path}: exists and is no posts table; name another output")


@contextlib.contextmanager
def _working_folder(output: Path) -> Iterator[Path]:
    """A hidden folder beside the output, on the same disk, for one process at a time; what a crash left is cleared."""
    output.parent.mkdir(parents=True, exist_ok=True)
    folder = _beside(output, "ingest").with_name(f".{output.stem}.ingest")
    folder.mkdir(exist_ok=True)
    with lock_folder(folder):
        for left in folder.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            elif left.name != LOCK:
                left.unlink()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _beside(output: Path, ending: str) -> Path:
    return output.with_name(f"{output.stem}.{ending}")


def _or_empty(path: Path, folder: Path) -> Path:
    """The posts table, or an empty one where there is none yet."""
    if path.exists():
        return path
    empty = folder / "empty.parquet"
    pq.write_table(POSTS_SCHEMA.empty_table(), empty)
    return empty


def _publish(written: Path, final: Path, *, keep: bool) -> None:
    """Give a complete file its final name; without `keep`, remove what an earlier run left there."""
    if not keep:
        final.unlink(missing_ok=True)
        return
    with written.open("rb") as file:
        os.fsync(file.fileno())
    written.replace(final)
    sync_folder(final.parent)
