"""Reading channel exports into the posts table, again and again, without loss and without anything twice.

`ingest` writes `NAME.parquet`; older texts of edited posts stand in `NAME.history.parquet` with the same columns,
records that could not be used in `NAME.rejects.jsonl`.

The same post from two formats that call the channel differently (by title and by user name, say) is two posts, which
is told where both state the channel's number; `ReadOptions.channel` gives it one name where a file holds one channel.
Chats of one name are told apart, see `whole_exports`.
"""

import contextlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.exports import pasted_text, telegram_desktop_html, text_article
from pipeline.data.exports.detect import HEAD_BYTES, ProseError, detect_format, format_by_name
from pipeline.data.exports.field_values import clean_text, make_excerpt
from pipeline.data.exports.message_parts import EMPTY
from pipeline.data.exports.plain_columns import PlainColumns
from pipeline.data.exports.raw_posts import ExportFormat, RawPost, ReadOptions, Skipped
from pipeline.data.exports.times import check_zone
from pipeline.data.input_files import FoundFiles, InputFile, find_inputs
from pipeline.data.posts import POSTS_SCHEMA, is_posts_table, iter_posts, make_post_row, write_pages
from pipeline.data.posts_merge import merge_posts
from pipeline.data.text_files import check_codec, recode_head
from pipeline.data.whole_exports import WORKING_SCHEMA, ReadInput, complete_rows
from pipeline.errors import DataError, list_names
from pipeline.files.durable_files import explain_full_disk, sync_folder
from pipeline.files.folder_lock import LOCK, lock_folder

_BATCH_ROWS: Final = 10_000
_BATCH_CHARS: Final = 1 << 25
_PROGRESS_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        name: of the file, as the posts table calls it.
        format: its format; "" if it has none.
        posts: read from it, those met before included.
        no_text: kind of what has no text -> how many.
        rejected: records that could not be used; 1 for a file that could not be used at all.
        reason: why the first of them could not, or why the file could not be read to its end; "" if all could.
    """

    name: str
    format: str
    posts: int = 0
    no_text: Mapping[str, int] = field(default_factory=dict)
    rejected: int = 0
    reason: str = ""


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
        no_text: service messages and bare media, in all; `no_text_kinds` says of which kind.
        rejected: records and files that could not be used, see `rejects_path`.
        posts: posts in the table now.
        rejects_path: where the rejects are listed; None if there are none.
        per_format: posts read from each format.
        failed_files: name and message of files that could be read in part or not at all.
        warnings: what the user should check.
        first_reject: where the first reject stood and why it is one; "" if there are none.
        no_text_kinds: kind of what has no text -> how many.
        per_file: what became of each file, in reading order; files that were not read come first.
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
    no_text_kinds: dict[str, int] = field(default_factory=dict)
    per_file: tuple[FileReport, ...] = ()

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
    check_zone(options)
    check_codec(options.encoding)
    found = find_inputs(inputs, {output, history, rejects})
    with explain_full_disk(output), _working_folder(output) as folder:
        reading = _Reading(options, on_progress)
        with (folder / "rejects.jsonl").open("w", encoding="utf-8") as file:
            reading.rejects = file
            planned = _choose_formats(found, format_name, reading)
            with write_pages(folder / "new.parquet", WORKING_SCHEMA) as writer:
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
        before = (_or_empty(history, folder), _or_empty(output, folder))
        rows, name_warnings = complete_rows(
            folder / "new.parquet", reading.inputs, before[::-1], folder, options.channel
        )
        parts = (*before, rows)
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
            *name_warnings,
            *_warn_of_empty_files(reading),
            *_warn_of_times(reading),
            *_warn_of_conflicts(counts.conflicting, history),
            *_warn_of_doubts(counts.doubtful, history),
        ),
        first_reject=reading.first_reject,
        no_text_kinds=dict(reading.no_text_kinds.most_common()),
        per_file=tuple(reading.per_file()),
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
    no_text_kinds: Counter[str] = field(default_factory=Counter)
    files: "dict[str, _FileCounts]" = field(default_factory=dict)
    inputs: list[ReadInput] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    chars: int = 0

    def read_file(self, file: InputFile, export_format: ExportFormat, writer: pq.ParquetWriter) -> None:
        is_paged = export_format is telegram_desktop_html.FORMAT
        self.inputs.append(ReadInput(file.path, export_format.source.is_snapshot, is_paged))
        counts = self.counts_of(file.name)
        counts.format = export_format.name
        try:
            for record, source_file in _read_records(file, export_format, self.options):
                if isinstance(record, Skipped):
                    self.skip(record, source_file, counts)
                else:
                    self.add(record, source_file)
                    counts.posts += 1
                    self.per_format[export_format.name] += 1
                self.records += 1
                if self.on_progress and self.records % _PROGRESS_ROWS == 0:
                    self.on_progress(self.records)
                if len(self.rows) >= _BATCH_ROWS or self.chars >= _BATCH_CHARS:
                    self.flush(writer)
        except DataError as error:
            self.fail(file, str(error))
        except PermissionError as error:
            self.fail(file, f"{file.path}: cannot be read: {error.strerror}")
        if self.on_progress:
            self.on_progress(self.records)

    def add(self, post: RawPost, source_file: str) -> None:
        place = len(self.inputs) - 1
        self.rows.append(make_post_row(post, source_file) | {"input": place})
        self.chars += len(post.text)
        self.read += 1
        self.without_time += post.published_at is None
        source = self.inputs[place]
        if post.published_at is not None and source.is_snapshot:
            source.last_time = max(source.last_time or post.published_at, post.published_at)

    def skip(self, record: Skipped, source_file: str, counts: "_FileCounts") -> None:
        if record.kind == "no_text":
            self.no_text += 1
            self.no_text_kinds[record.what or EMPTY] += 1
            counts.no_text[record.what or EMPTY] += 1
        else:
            self.reject(source_file, record.record, record.reason, record.excerpt, counts)

    def reject(
        self,
        source_file: str,
        record: str,
        reason: str,
        excerpt: str = "",
        counts: "_FileCounts | None" = None,
    ) -> None:
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
        counts = counts or self.counts_of(source_file)
        counts.rejected += 1
        counts.reason = counts.reason or f"{record}: {reason}"

    def fail(self, file: InputFile, message: str) -> None:
        self.failed.append((file.name, message))
        self.counts_of(file.name).reason = message

    def counts_of(self, name: str) -> "_FileCounts":
        return self.files.setdefault(name, _FileCounts())

    def per_file(self) -> Iterator[FileReport]:
        for name, counts in self.files.items():
            no_text = dict(counts.no_text.most_common())
            yield FileReport(name, counts.format, counts.posts, no_text, counts.rejected, counts.reason)

    def flush(self, writer: pq.ParquetWriter) -> None:
        if self.rows:
            writer.write_table(pa.Table.from_pylist(self.rows, WORKING_SCHEMA))
        self.rows, self.chars = [], 0


@dataclass(slots=True)
class _FileCounts:
    """A `FileReport` while its file is read."""

    format: str = ""
    posts: int = 0
    no_text: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    reason: str = ""


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
    chosen = [(file, _choose_format(file, format_name, reading.options)) for file in found.files]
    articles = {} if format_name else _find_articles(chosen)
    for file, choice in chosen:
        if file.path.parent in articles:
            planned.append((file, text_article.FORMAT))
        elif isinstance(choice, DataError):
            reading.reject(file.name, "the file", str(choice))
        else:
            if choice is pasted_text.FORMAT and not format_name and not _has_openings(file, reading.options):
                reading.warnings.append(
                    f"{file.name}: taken as pasted text without 'Forwarded from' lines; posts are what stands between "
                    "two blank lines or lines of dashes"
                )
            planned.append((file, choice))
    for folder, n in articles.items():
        reading.warnings.append(
            f"{clean_text(folder.name)}: its {n:,} text files are taken as one article each; if they hold pasted "
            f"posts, --format {pasted_text.FORMAT.name}"
        )
    if not planned:
        reasons = "".join(f"\n{name}: {reason}" for name, reason in found.refused[:5])
        raise DataError(
            f"found no export to read (files passed over: {found.passed_over}, not recognised: {reading.rejected}); "
            f"name a file itself to see what is wrong with it{reasons}"
        )
    return planned


def _choose_format(
    file: InputFile, format_name: str | None, options: ReadOptions
) -> ExportFormat | DataError:
    """The format of a file, or why a file that nobody named has none."""
    try:
        if format_name:
            return format_by_name(format_name)
        return detect_format(file.path, allow_prose=file.is_named, encoding=options.encoding)
    except DataError as error:
        if file.is_named or format_name:
            raise
        return error


def _find_articles(chosen: Sequence[tuple[InputFile, ExportFormat | DataError]]) -> dict[Path, int]:
    """Folders that hold several text files of prose and nothing else, and how many."""
    folders: dict[Path, list[bool]] = {}
    for file, choice in chosen:
        is_article = isinstance(choice, ProseError) and file.path.suffix.lower() == ".txt"
        folders.setdefault(file.path.parent, []).append(is_article)
    return {folder: len(files) for folder, files in folders.items() if len(files) > 1 and all(files)}


def _warn_of_empty_files(reading: _Reading) -> Iterator[str]:
    empty = [
        name
        for name, counts in reading.files.items()
        if counts.format and not (counts.posts or counts.no_text or counts.rejected or counts.reason)
    ]
    if empty:
        yield f"files without a single record: {list_names(empty, 5)}"


def _warn_of_times(reading: _Reading) -> Iterator[str]:
    if reading.without_time:
        are_copied = reading.per_format[pasted_text.FORMAT.name] and not _names_zone(reading.options)
        remedy = "; of copied messages ('NAME, [24.04.2023 12:30]') it is read with --utc-offset"
        yield (
            f"{reading.without_time:,} of {reading.read:,} posts have no time of publication"
            f"{remedy if are_copied else ''}"
        )


def _names_zone(options: ReadOptions) -> bool:
    return options.utc_offset_hours is not None or options.timezone is not None


def _warn_of_conflicts(conflicting: int, history: Path) -> Iterator[str]:
    if conflicting:
        yield (
            f"{conflicting:,} posts have several texts that are hardly edits (in one file without times of edits, or "
            "published more than a day apart): other posts under the same number, as where two channels share a "
            "name or a table names no channels (--channel, --column channel=...); only the last of each are in the "
            f"table, the others in {history}"
        )


def _warn_of_doubts(doubtful: int, history: Path) -> Iterator[str]:
    if doubtful:
        yield (
            f"{doubtful:,} posts have another text with a later time of edit than the current one, which stands in a "
            "later export, or in one as late that was read later. Telegram Desktop also writes such a time where only "
            f"a reaction was added; the other texts are in {history}"
        )


def _has_openings(file: InputFile, options: ReadOptions) -> bool:
    with file.path.open("rb") as opened:
        head = recode_head(opened.read(HEAD_BYTES), options.encoding)
    return pasted_text.FORMAT.matches(file.path, head)


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
