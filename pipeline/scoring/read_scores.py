"""Reading an output folder back: the current scores as a table, or as CSV or JSON lines.

The datasets keep every version of a post that was scored. The current one of a post is the last edited, and
among equals the last scored:

    SELECT *, row_number() OVER (PARTITION BY post_key ORDER BY edited_at DESC NULLS LAST, scored_at DESC) AS n
    FROM 'OUT/posts/**/*.parquet' QUALIFY n = 1

Its sentences are those of the same post_key, content_hash, bundle_hash and codebook_hash.
"""

import glob
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import duckdb
import pandas as pd
import pyarrow as pa

from pipeline.files.durable_files import replacing
from pipeline.scoring.output_dataset import read_output_manifest
from pipeline.scoring.part_files import PART_PATTERN, verify_parts
from pipeline.scoring.score_posts import post_schema, sentence_schema
from pipeline.scoring.transactions import finish_pending

TableName = Literal["sentences", "posts"]
ExportFormat = Literal["csv", "jsonl"]

_MEMORY = "1GB"  # sorting beyond it goes to temporary files
_VERSION = "post_key, content_hash, bundle_hash, codebook_hash"
# The file's name ends in the number of its transaction: of two versions that one run scored, the later wins.
_LATEST = f"""
    SELECT * EXCLUDE (filename, file_row_number) FROM {{table}} SEMI JOIN (
        SELECT {_VERSION} FROM posts QUALIFY 1 = row_number() OVER (
            PARTITION BY post_key ORDER BY edited_at DESC NULLS LAST, scored_at DESC,
            parse_filename(filename) DESC, file_row_number DESC)
    ) USING ({_VERSION})
"""  # noqa: S608 - names of ours
_ALL = "SELECT * EXCLUDE (filename, file_row_number) FROM {table}"
_ORDER = {
    "posts": "ORDER BY channel, published_at NULLS LAST, post_key, scored_at, content_hash",
    "sentences": "ORDER BY channel, published_at NULLS LAST, post_key, scored_at, content_hash, sentence_index",
}
# How a spreadsheet recognises what it would run, as `record_files.guard_formula` has it, which takes the ' off again
_FORMULA = r"'^''*[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]'"
_ISO_TIME = "'%Y-%m-%dT%H:%M:%SZ'"


def read_scores(
    out: Path,
    table: TableName = "posts",
    *,
    latest: bool = True,
    columns: Sequence[str] | None = None,
    post_keys: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Scores as a data frame, sorted by channel, time and post.

    Args:
        out: the output folder of a scoring run.
        table: "posts" or "sentences".
        latest: only the current version of each post; else every version ever scored.
        columns: in the order wanted; None for all.
        post_keys: only rows of these posts; None for all.

    Raises:
        DataError: no scores there.
    """
    with _connect(out) as connection:
        chosen = "*" if columns is None else ", ".join(map(_name, columns))
        wanted = "" if post_keys is None else "SEMI JOIN wanted USING (post_key)"
        if post_keys is not None:
            connection.register("wanted", pa.table({"post_key": pa.array(post_keys, pa.string())}))
        rows = f"({(_LATEST if latest else _ALL).format(table=table)})"
        query = f"SELECT {chosen} FROM {rows} {wanted} {_ORDER[table]}"  # noqa: S608 - names are quoted
        scores: pd.DataFrame = connection.sql(query).df()
        return scores


@contextmanager
def open_scores(out: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for questions about more scores than fit a data frame.

    It has the views `current_posts` and `current_sentences`, with the columns of `read_scores`.

    Raises:
        DataError: no scores there.
    """
    with _connect(out) as connection:
        for table in _ORDER:
            connection.execute(f"CREATE VIEW current_{table} AS {_LATEST.format(table=table)}")
        yield connection


def find_ties_between_folders(out: Path) -> set[str]:
    """Folders (below OUT/posts) that hold versions of a post that nothing but part numbers puts in order.

    Such versions were scored by one run, from inputs that name no time of editing and differ in channel or date.
    The caller has verified the parts.
    """
    with _connect(out, verify=False) as connection:
        rows = connection.sql("""
            SELECT DISTINCT unnest(list(DISTINCT parse_dirpath(filename))) FROM posts
            GROUP BY post_key, edited_at, scored_at HAVING count(DISTINCT parse_dirpath(filename)) > 1
        """).fetchall()
    return {Path(folder).relative_to(out / "posts").as_posix() for (folder,) in rows}


def export_scores(out: Path, export: ExportFormat) -> list[Path]:
    """Write the current scores beside the datasets: OUT/posts.csv and OUT/sentences.csv, or .jsonl.

    In CSV, frames are joined with ";", evidence is JSON, and a text that begins with = + - @, a tab or a line
    break gets a leading ', so that no spreadsheet runs it as a formula. JSON lines hold texts as they are.
    """
    written = []
    with _connect(out) as connection:
        for table in _ORDER:
            query = _select(table, latest=True)
            path = out / f"{table}.{export}"
            described = connection.sql(f"DESCRIBE {query}").fetchall()
            columns = ", ".join(_express(name, kind, export) for name, kind, *_ in described)
            options = "FORMAT csv, HEADER" if export == "csv" else "FORMAT json"
            with replacing(path) as temporary:
                connection.execute(
                    f"COPY (SELECT {columns} FROM ({query})) TO {_quote(str(temporary))} ({options})"  # noqa: S608 - names are quoted
                )
            written.append(path)
    return written


@contextmanager
def _connect(out: Path, *, verify: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the views `posts` and `sentences`; nothing is downloaded, little memory is used."""
    frame_ids = read_output_manifest(out)["frames"]
    finish_pending(out)
    if verify:
        verify_parts(out, _ORDER)
    with tempfile.TemporaryDirectory(prefix="frames-") as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": _MEMORY,
            "temp_directory": spill,
        }
        with duckdb.connect(config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for table, schema in (
                ("posts", post_schema(frame_ids)),
                ("sentences", sentence_schema(frame_ids)),
            ):
                _create_view(connection, out / table, schema)
            yield connection


def _create_view(connection: duckdb.DuckDBPyConnection, folder: Path, schema: pa.Schema) -> None:
    if any(folder.rglob(PART_PATTERN)):
        files = _quote(f"{glob.escape(str(folder))}/**/part-*.parquet")
        options = "filename = true, file_row_number = true, hive_partitioning = false"
        connection.execute(f"CREATE VIEW {folder.name} AS FROM read_parquet({files}, {options})")
        return
    for name, kind in (("filename", pa.string()), ("file_row_number", pa.int64())):
        schema = schema.append(pa.field(name, kind))
    connection.register(folder.name, schema.empty_table())


def _select(table: str, *, latest: bool) -> str:
    return f"{(_LATEST if latest else _ALL).format(table=table)} {_ORDER[table]}"


def _express(name: str, kind: str, export: ExportFormat) -> str:
    """How a column of a DuckDB type is written to a file, as SQL."""
    column = _name(name)
    value = column
    if kind.startswith("TIMESTAMP"):
        value = f"strftime({column}, {_ISO_TIME})"
    elif export == "csv" and kind == "VARCHAR[]":
        value = _neutralise(f"array_to_string({column}, ';')")
    elif export == "csv" and kind.endswith("[]"):
        value = f"to_json({column})::VARCHAR"
    elif export == "csv" and kind == "VARCHAR":
        value = _neutralise(column)
    return f"{value} AS {column}"


def _neutralise(value: str) -> str:
    return f"CASE WHEN regexp_matches({value}, {_FORMULA}) THEN '''' || {value} ELSE {value} END"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
