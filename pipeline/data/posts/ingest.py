"""Reading channel exports into the posts table, again and again, without loss and without anything twice.

`ingest` writes `NAME.parquet`; older texts of edited posts stand in `NAME.history.parquet` with the same columns,
records that could not be used in `NAME.rejects.jsonl`.

The same post from two formats that call the channel differently (by title and by user name, say) is two posts, which
is told where both state the channel's number; `ReadOptions.channel` gives it one name where a file holds one channel.
Chats of one name are told apart, see `whole_exports`.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.data.exports.field_values import clean_text
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.exports.times import check_zone
from pipeline.data.posts.export_reader import ExportReader, FileReport, NothingReadError, choose_formats
from pipeline.data.posts.input_files import find_inputs
from pipeline.data.posts.posts_merge import merge_posts
from pipeline.data.posts.posts_table import POSTS_SCHEMA, history_path, is_posts_table, write_pages
from pipeline.data.posts.whole_exports import WORKING_SCHEMA, complete_rows
from pipeline.data.tables.text_files import check_codec
from pipeline.errors import DataError
from pipeline.files.durable_files import explain_full_disk, sync_folder
from pipeline.files.folder_lock import LOCK, lock_folder


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
    *,
    only: Collection[Path] | None = None,
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
        only: of the files that are found, read these; None reads all.

    Raises:
        NothingReadError: nothing read because files failed or all records were rejected.
        DataError: nothing to read, a named file of no known format, an output that is no posts table or is
            being written by another process, or no room on the disk.
    """
    if output.suffix != ".parquet":
        raise DataError(f"{output}: expected an output that ends in .parquet, for example posts.parquet")
    if options.channel is not None:
        options = replace(
            options, channel=clean_text(options.channel)
        )  # from a command line, it may be no UTF-8
    history, rejects = history_path(output), _beside(output, "rejects.jsonl")
    _check_output(output, history)
    check_zone(options)
    check_codec(options.encoding)
    found = find_inputs(inputs, {output, history, rejects})
    if only is not None:
        found.files = [file for file in found.files if file.path in only]
    with explain_full_disk(output), _working_folder(output) as folder:
        reading = ExportReader(options, on_progress)
        with (folder / "rejects.jsonl").open("w", encoding="utf-8") as file:
            reading.rejects = file
            planned = choose_formats(found, format_name, reading)
            with write_pages(folder / "new.parquet", WORKING_SCHEMA) as writer:
                for input_file, export_format in planned:
                    reading.read_file(input_file, export_format, writer)
                reading.flush(writer)
        if reading.failed and not reading.read:
            raise NothingReadError(
                "nothing could be read:\n" + "\n".join(message for _, message in reading.failed)
            )
        if reading.rejected and not reading.read:
            _publish(folder / "rejects.jsonl", rejects, keep=True)
            raise NothingReadError(
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
            *reading.all_warnings(),
            *name_warnings,
            *_warn_of_conflicts(counts.conflicting, history),
            *_warn_of_doubts(counts.doubtful, history),
        ),
        first_reject=reading.first_reject,
        no_text_kinds=dict(reading.no_text_kinds.most_common()),
        per_file=tuple(reading.per_file()),
    )


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
    pq.write_table(POSTS_SCHEMA.empty_table(), empty.absolute())
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
