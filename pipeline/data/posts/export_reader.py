"""Reading files of exports one after the other: formats chosen, records counted, what cannot be used listed."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from pipeline.data.posts.input_files import FoundFiles, InputFile
from pipeline.data.posts.posts_table import POSTS_SCHEMA, is_posts_table, iter_posts, make_post_row
from pipeline.data.posts.whole_exports import WORKING_SCHEMA, ReadInput
from pipeline.data.tables.text_files import recode_head
from pipeline.errors import DataError, list_names

_BATCH_ROWS: Final = 10_000
_BATCH_CHARS: Final = 1 << 25
_TABLES: Final = ("plain-csv", "plain-xlsx", "plain-parquet")
_PROGRESS_ROWS: Final = 1000
_WHOLE: Final = "the file"  # the record of a reject that is no single record


class NothingReadError(DataError):
    """There was input, and none of it could be read."""


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
        unread: columns of a table of which nothing is taken.
    """

    name: str
    format: str
    posts: int = 0
    no_text: Mapping[str, int] = field(default_factory=dict)
    rejected: int = 0
    reason: str = ""
    unread: tuple[str, ...] = ()


@dataclass(slots=True)
class ExportReader:
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
    without_number: int = 0  # of tables
    per_format: Counter[str] = field(default_factory=Counter)
    no_text_kinds: Counter[str] = field(default_factory=Counter)
    files: "dict[str, _FileCounts]" = field(default_factory=dict)
    inputs: list[ReadInput] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    chars: int = 0

    def read_file(self, file: InputFile, export_format: ExportFormat, writer: pq.ParquetWriter) -> None:
        """Take up the records of one file; what is wrong with it is kept for the report."""
        is_paged = export_format is telegram_desktop_html.FORMAT
        self.inputs.append(ReadInput(file.path, export_format.source.is_snapshot, is_paged))
        counts = self._counts_of(file.name)
        counts.format = export_format.name
        options = replace(self.options, on_unread=counts.set_unread)
        is_table = export_format.name in _TABLES and not is_posts_table(file.path)
        try:
            for record, source_file in _read_records(file, export_format, options):
                if isinstance(record, Skipped):
                    self._skip(record, source_file, counts)
                else:
                    self._add(record, source_file)
                    counts.posts += 1
                    self.without_number += is_table and record.message_id is None
                    self.per_format[export_format.name] += 1
                self.records += 1
                if self.on_progress and self.records % _PROGRESS_ROWS == 0:
                    self.on_progress(self.records)
                if len(self.rows) >= _BATCH_ROWS or self.chars >= _BATCH_CHARS:
                    self.flush(writer)
        except DataError as error:
            self._fail(file, str(error))
        except PermissionError as error:
            self._fail(file, f"{file.path}: cannot be read: {error.strerror}")
        if self.on_progress:
            self.on_progress(self.records)

    def _add(self, post: RawPost, source_file: str) -> None:
        place = len(self.inputs) - 1
        self.rows.append(make_post_row(post, source_file) | {"input": place})
        self.chars += len(post.text)
        self.read += 1
        self.without_time += post.published_at is None
        source = self.inputs[place]
        if post.published_at is not None and source.is_snapshot:
            source.last_time = max(source.last_time or post.published_at, post.published_at)

    def _skip(self, record: Skipped, source_file: str, counts: "_FileCounts") -> None:
        if record.kind == "no_text":
            self.no_text += 1
            self.no_text_kinds[record.what or EMPTY] += 1
            counts.no_text[record.what or EMPTY] += 1
        else:
            self._reject(source_file, record.record, record.reason, record.excerpt, counts)

    def reject_file(self, name: str, reason: str) -> None:
        """List a file that is not read at all."""
        self._reject(name, _WHOLE, reason)

    def _reject(
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
        told = reason if record == _WHOLE else f"{record}: {reason}"
        self.first_reject = self.first_reject or f"{source_file}{': ' if record == _WHOLE else ', '}{told}"
        self.rejected += 1
        counts = counts or self._counts_of(source_file)
        counts.rejected += 1
        counts.reason = counts.reason or told

    def _fail(self, file: InputFile, message: str) -> None:
        self.failed.append((file.name, message))
        self._counts_of(file.name).reason = message.removeprefix(str(file.path)).lstrip(":, ")

    def _counts_of(self, name: str) -> "_FileCounts":
        return self.files.setdefault(name, _FileCounts())

    def per_file(self) -> Iterator[FileReport]:
        """What became of each file, in reading order."""
        for name, counts in self.files.items():
            no_text = dict(counts.no_text.most_common())
            yield FileReport(
                name, counts.format, counts.posts, no_text, counts.rejected, counts.reason, counts.unread
            )

    def flush(self, writer: pq.ParquetWriter) -> None:
        """Write the rows that are held."""
        if self.rows:
            writer.write_table(pa.Table.from_pylist(self.rows, WORKING_SCHEMA))
        self.rows, self.chars = [], 0

    def all_warnings(self) -> Iterator[str]:
        """What the user should check of what was read."""
        yield from self.warnings
        yield from _warn_of_empty_files(self)
        yield from _warn_of_times(self)
        if self.without_number:
            yield (
                f"{self.without_number:,} of {self.read:,} posts stand in tables without a message number that can be "
                "read; they are known by text and time, so the edit of one counts as another post (--column "
                "message_id=THEIRS names the column)"
            )


@dataclass(slots=True)
class _FileCounts:
    """A `FileReport` while its file is read."""

    format: str = ""
    posts: int = 0
    no_text: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    reason: str = ""
    unread: tuple[str, ...] = ()

    def set_unread(self, names: tuple[str, ...]) -> None:
        self.unread = tuple(map(clean_text, names))


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


def choose_formats(
    found: FoundFiles, format_name: str | None, reading: ExportReader
) -> list[tuple[InputFile, ExportFormat]]:
    """The files to read and their formats; those of none are rejected in `reading`.

    Raises:
        NothingReadError: nothing to read.
        DataError: a file that the user named has no format.
    """
    planned: list[tuple[InputFile, ExportFormat]] = []
    for name, reason in found.refused:
        reading.reject_file(name, reason)
    chosen = [(file, _choose_format(file, format_name, reading.options)) for file in found.files]
    articles = {} if format_name else _find_articles(chosen)
    for file, choice in chosen:
        if file.path.parent in articles:
            planned.append((file, text_article.FORMAT))
        elif isinstance(choice, DataError):
            reading.reject_file(file.name, str(choice).removeprefix(f"{file.path}: "))
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
        raise NothingReadError(
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


def _warn_of_empty_files(reading: ExportReader) -> Iterator[str]:
    empty = [
        name
        for name, counts in reading.files.items()
        if counts.format and not (counts.posts or counts.no_text or counts.rejected or counts.reason)
    ]
    if empty:
        yield f"files without a single record: {list_names(empty, 5)}"


def _warn_of_times(reading: ExportReader) -> Iterator[str]:
    if reading.without_time:
        are_copied = reading.per_format[pasted_text.FORMAT.name] and not _names_zone(reading.options)
        remedy = "; of copied messages ('NAME, [24.04.2023 12:30]') it is read with --utc-offset"
        yield (
            f"{reading.without_time:,} of {reading.read:,} posts have no time of publication"
            f"{remedy if are_copied else ''}"
        )


def _names_zone(options: ReadOptions) -> bool:
    return options.utc_offset_hours is not None or options.timezone is not None


def _has_openings(file: InputFile, options: ReadOptions) -> bool:
    with file.path.open("rb") as opened:
        head = recode_head(opened.read(HEAD_BYTES), options.encoding)
    return pasted_text.FORMAT.matches(file.path, head)
