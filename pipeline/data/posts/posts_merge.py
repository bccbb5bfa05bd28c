"""Merging newly read posts into a posts table, in bounded memory.

A post is known by its `post_key`, a version of it by its text. Of several versions of a post

- the one that is known to have stood at the latest time is current: the time of its edit, or, in exports that show a
  channel at one moment, of the last message in the export (`seen_at`). There the time of an edit counts for nothing, as
  Telegram Desktop writes one also where only a reaction was added; posts for which the two disagree are counted;
- where no version has such a time, or two have the same, the one that was met last is current;
- a version that was already superseded does not come back because an old export is read again, unless it now
  has a later time;
- all others are history. None is dropped.

Meeting a version again updates what is known of it: the latest `edited_at` and `seen_at`, the largest `views` and
`forwards`, the `reactions` met last, the first known of everything else; text and source stay those of the first
meeting.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.posts.post_buckets import read_bucket, split_into_buckets
from pipeline.data.posts.posts_table import write_pages
from pipeline.errors import DataError

BUCKET_ROWS: Final = 100_000  # about 0.1 GB of posts
_ORDER: Final = "channel, message_id NULLS LAST, published_at NULLS LAST, post_key, content_hash"
_MEMORY: Final = "1GB"
_THREADS: Final = 2
_ROWS_AT_ONCE: Final = 20_000

_FIRST_KNOWN: Final = ("channel_id", "topic", "reply_to", "links", "media")
_FIRST_KNOWN_SQL: Final = ", ".join(
    f"arg_min({name}, place) FILTER ({name} IS NOT NULL) AS {name}"
    for name in ("published_at", "forwarded_from", *_FIRST_KNOWN)
)

# One row for each version. `origin` is 0 for the history, 1 for the table, 2 for what was read now; `place` says
# where the version's text stands, and in which order versions were met. A version that stands in the table is
# placed there, even if a crash between two writes left it in the history too.
_VERSIONS: Final = f"""
CREATE TEMP TABLE versions AS
WITH version AS (
    SELECT post_key, content_hash,
           coalesce(min(place) FILTER (origin = 1), min(place)) AS place,
           bool_or(origin < 2) AS is_known, bool_or(origin = 2) AS is_input,
           max(edited_at) AS edited_at, max(views) AS views, max(forwards) AS forwards, max(seen_at) AS seen_at,
           max(coalesce(seen_at, edited_at)) AS stood_at,
           arg_max(reactions, place) FILTER (reactions IS NOT NULL) AS reactions,
           {_FIRST_KNOWN_SQL},
           min(source_file) FILTER (origin = 2) AS input_file
    FROM rows GROUP BY post_key, content_hash
), crowded AS (
    SELECT post_key FROM version WHERE input_file IS NOT NULL AND edited_at IS NULL
    GROUP BY post_key, input_file HAVING count(*) > 1
)
SELECT place, edited_at, seen_at, is_known, is_input, reactions, {", ".join(_FIRST_KNOWN)},
       row_number() OVER newest = 1 AS is_current,
       row_number() OVER (PARTITION BY post_key ORDER BY is_known DESC, place) = 1 AS is_first,
       bool_or(is_known) OVER post AS is_known_post,
       post_key IN (FROM crowded) OR bool_or(is_input) OVER post
           AND max(published_at) OVER post - min(published_at) OVER post > INTERVAL 1 DAY AS is_conflicting,
       bool_or(is_input) OVER post AND max(edited_at) OVER post IS DISTINCT FROM
           first_value(edited_at) OVER newest AS is_doubtful,
       CASE WHEN row_number() OVER newest = 1 THEN max(views) OVER post ELSE views END AS views,
       CASE WHEN row_number() OVER newest = 1 THEN max(forwards) OVER post ELSE forwards END AS forwards,
       coalesce(published_at, min(published_at) OVER post) AS published_at,
       coalesce(forwarded_from, min(forwarded_from) OVER post) AS forwarded_from
FROM version
WINDOW post AS (PARTITION BY post_key),
       newest AS (PARTITION BY post_key ORDER BY stood_at DESC NULLS LAST, place DESC)
"""  # noqa: S608 - our own names
_COUNTS: Final = """
SELECT count(*) FILTER (is_input AND is_known),
       count(*) FILTER (is_input AND NOT is_known AND NOT is_known_post AND is_first),
       count(*) FILTER (is_input AND NOT is_known AND (is_known_post OR NOT is_first)),
       count(*) FILTER (is_current), count(*) FILTER (NOT is_current),
       count(*) FILTER (is_conflicting AND is_first), count(*) FILTER (is_doubtful AND is_first)
FROM versions
"""
_UPDATED: Final = (
    *("published_at", "forwarded_from", "edited_at", "seen_at", "views", "forwards", "reactions"),
    *_FIRST_KNOWN,
)


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What a merge found.

    Attributes:
        unchanged: versions in the input that were known before.
        new: posts that were not known before.
        edited: further versions of posts.
        current: posts in the merged table.
        superseded: versions in the merged history.
        conflicting: posts in the input that are hardly one post: one file has several texts without times of
            edits, or the versions were published more than a day apart.
        doubtful: posts in the input of which another version states a later edit than the current one.
    """

    unchanged: int
    new: int
    edited: int
    current: int
    superseded: int
    conflicting: int
    doubtful: int


def merge_posts(
    parts: tuple[Path, Path, Path], folder: Path, schema: pa.Schema, *, bucket_rows: int = BUCKET_ROWS
) -> tuple[MergeCounts, Path, Path]:
    """Merge new posts with a table and its history into two new files.

    Args:
        parts: Parquet files: the superseded versions so far, the posts table so far, and the posts read now,
            in reading order.
        folder: where the results and the buckets are written.
        schema: of all these files.
        bucket_rows: how many rows are merged at a time.

    Returns:
        The counts, the merged table, the merged history; both ordered by channel, number, time and key.

    Raises:
        DataError: no room on the disk, or a table that cannot be read.
    """
    merged, superseded = folder / "table.parquet", folder / "history.parquet"
    counts = np.zeros(7, np.int64)
    with (
        _explain_failure(folder),
        write_pages(merged, schema) as table_writer,
        write_pages(superseded, schema) as history_writer,
    ):
        for bucket in split_into_buckets(parts, folder, schema, bucket_rows):
            with _connect() as connection:
                connection.register("rows", read_bucket(bucket))
                connection.execute(_VERSIONS)
                counts += connection.execute(_COUNTS).fetchall()[0]
                _write_versions(connection, "is_current", table_writer, schema)
                _write_versions(connection, "NOT is_current", history_writer, schema)
            bucket.unlink()
    return MergeCounts(*counts.tolist()), merged, superseded


def _write_versions(
    connection: duckdb.DuckDBPyConnection, condition: str, writer: pq.ParquetWriter, schema: pa.Schema
) -> None:
    columns = ", ".join(f"versions.{name}" if name in _UPDATED else f"rows.{name}" for name in schema.names)
    order = _ORDER.replace("published_at", "versions.published_at")
    query = f"SELECT {columns} FROM rows JOIN versions USING (place) WHERE {condition} ORDER BY {order}"  # noqa: S608 - our own names
    reader: pa.RecordBatchReader = connection.sql(query).to_arrow_reader(_ROWS_AT_ONCE)
    for batch in reader:
        if batch.num_rows:
            writer.write_batch(batch.cast(schema))


@contextmanager
def _connect() -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": _MEMORY,
        "threads": _THREADS,
    }
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@contextmanager
def _explain_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        raise DataError(
            f"{folder}: the posts could not be merged ({error}); free some disk space (the merge needs about "
            "twice the size of the table beside it) and run the command again"
        ) from None
