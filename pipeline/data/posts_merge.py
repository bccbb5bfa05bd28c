"""Merging newly read posts into a posts table, in bounded memory.

A post is known by its `post_key`, a version of it by its text. Of several versions of a post

- the one with the latest `edited_at` is current; where no version has one, the one that was met last;
- a version that was already superseded does not come back because an old export is read again, unless it now
  has a later `edited_at`;
- all others are history. None is dropped.

Meeting a version again updates what is known of it: the latest `edited_at`, the largest `views` and `forwards`,
the first known `published_at` and `forwarded_from`; text and source stay those of the first meeting.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import DataError

ORDER: Final = "channel, message_id NULLS LAST, published_at NULLS LAST, post_key, content_hash"
_MEMORY: Final = "1500MB"
_THREADS: Final = 2
_ROWS_AT_ONCE: Final = 20_000
_HISTORY, _CURRENT, _NEW = 0, 1, 2  # origins, from the oldest knowledge to the newest

# One row for each version: `place` says where its text stands, and in which order versions were met. A version
# that stands in the table is placed there, even if a crash between two writes left it in the history too.
_VERSIONS: Final = """
CREATE TEMP TABLE versions AS
WITH version AS (
    SELECT post_key, content_hash,
           coalesce(min(place) FILTER (origin = 1), min(place)) AS place,
           bool_or(origin < 2) AS is_known, bool_or(origin = 2) AS is_input,
           max(edited_at) AS edited_at, max(views) AS views, max(forwards) AS forwards,
           arg_min(published_at, place) FILTER (published_at IS NOT NULL) AS published_at,
           arg_min(forwarded_from, place) FILTER (forwarded_from IS NOT NULL) AS forwarded_from
    FROM rows GROUP BY post_key, content_hash
)
SELECT place, edited_at, is_known, is_input,
       row_number() OVER newest = 1 AS is_current,
       row_number() OVER (PARTITION BY post_key ORDER BY is_known DESC, place) = 1 AS is_first,
       bool_or(is_known) OVER post AS is_known_post,
       CASE WHEN row_number() OVER newest = 1 THEN max(views) OVER post ELSE views END AS views,
       CASE WHEN row_number() OVER newest = 1 THEN max(forwards) OVER post ELSE forwards END AS forwards,
       coalesce(published_at, min(published_at) OVER post) AS published_at,
       coalesce(forwarded_from, min(forwarded_from) OVER post) AS forwarded_from
FROM version
WINDOW post AS (PARTITION BY post_key),
       newest AS (PARTITION BY post_key ORDER BY edited_at DESC NULLS LAST, place DESC)
"""
_COUNTS: Final = """
SELECT count(*) FILTER (is_input AND is_known),
       count(*) FILTER (is_input AND NOT is_known AND NOT is_known_post AND is_first),
       count(*) FILTER (is_input AND NOT is_known AND (is_known_post OR NOT is_first)),
       count(*) FILTER (is_current), count(*) FILTER (NOT is_current)
FROM versions
"""
_UPDATED: Final = ("published_at", "forwarded_from", "edited_at", "views", "forwards")


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What a merge found.

    Attributes:
        unchanged: versions in the input that were known before.
        new: posts that were not known before.
        edited: further versions of posts.
        current: posts in the merged table.
        superseded: versions in the merged history.
    """

    unchanged: int
    new: int
    edited: int
    current: int
    superseded: int


def merge_posts(
    new: Path, table: Path | None, history: Path | None, folder: Path, schema: pa.Schema
) -> tuple[MergeCounts, Path, Path]:
    """Merge new posts with a table and its history into two new files.

    Args:
        new: Parquet of the posts read, in reading order.
        table: the posts table so far, if there is one.
        history: its superseded versions so far, if there are any.
        folder: where the results and what does not fit into memory are written.
        schema: of all these files.

    Returns:
        The counts, the merged table, the merged history; both ordered by channel, number, time and key.

    Raises:
        DataError: no room on the disk, or a table that cannot be read.
    """
    merged, superseded = folder / "table.parquet", folder / "history.parquet"
    with _connect(folder) as connection:
        parts = [(_HISTORY, history), (_CURRENT, table), (_NEW, new)]
        columns = ", ".join(schema.names)
        union = " UNION ALL ".join(
            f"SELECT {columns}, {origin} AS origin, {origin << 48} + file_row_number AS place "  # noqa: S608 - our own names
            f"FROM read_parquet({_quoted(path)}, file_row_number = true)"
            for origin, path in parts
            if path is not None
        )
        connection.execute(f"CREATE TEMP VIEW rows AS {union}")
        connection.execute(_VERSIONS)
        (row,) = connection.execute(_COUNTS).fetchall()
        counts = MergeCounts(*row)
        _write_versions(connection, "is_current", merged, schema)
        _write_versions(connection, "NOT is_current", superseded, schema)
    return counts, merged, superseded


def _write_versions(
    connection: duckdb.DuckDBPyConnection, condition: str, path: Path, schema: pa.Schema
) -> None:
    columns = ", ".join(f"versions.{name}" if name in _UPDATED else f"rows.{name}" for name in schema.names)
    order = ORDER.replace("published_at", "versions.published_at")
    query = f"SELECT {columns} FROM rows JOIN versions USING (place) WHERE {condition} ORDER BY {order}"  # noqa: S608 - our own names
    reader: pa.RecordBatchReader = connection.sql(query).to_arrow_reader(_ROWS_AT_ONCE)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch.cast(schema))


@contextmanager
def _connect(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": _MEMORY,
        "threads": _THREADS,
        "preserve_insertion_order": False,
        "temp_directory": str(folder / "spill"),
    }
    try:
        with duckdb.connect(config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:  # the last from Arrow
        raise DataError(
            f"{folder}: the posts could not be merged ({error}); free some disk space (the merge needs about "
            "three times the size of the table) and run the command again"
        ) from None


def _quoted(path: Path) -> str:
    """A path as an SQL literal; "*", "?" and "[" are patterns to DuckDB and have to be spelled out."""
    literal = "".join(f"[{char}]" if char in "*?[" else char for char in str(path))
    return "'" + literal.replace("'", "''") + "'"
