"""Current scores as one CSV table for posts and one for sentences, and output folders made of such tables again.

Numbers come back bit for bit. Decisions stand in a column `d_<frame id>` for each frame, beside `p_<frame id>`. Texts
may be left out; what people read of a post otherwise (evidence, places in the text) always is.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from pipeline.data.tables.table_files import FORMULA_STARTS
from pipeline.errors import DataError, shorten
from pipeline.scoring.delta_table import DataFile
from pipeline.scoring.read_scores import open_scores
from pipeline.scoring.score_posts import list_decided, list_frames, post_schema, sentence_schema
from pipeline.scoring.score_queries import quote_name, quote_text
from pipeline.scoring.score_tables import POSTS, SENTENCES, ScoreTables, open_store

DECIDED: Final = "d_"  # begins the columns of decisions
_ROWS_AT_ONCE: Final = 50_000
_MOST: Final = 1 << 53  # of a sequence
_BLOCK: Final = 16 << 20  # bytes of CSV that are read at once; a row is shorter
_LEFT_OUT: Final = frozenset({"content_hash", "evidence", "start", "end", "n_boilerplate", "frames"})
_FRAMES: Final = "frames"
_KEYS: Final = {POSTS: "post_key", SENTENCES: "post_key, sentence_index"}
_SCHEMAS: Final = {POSTS: post_schema, SENTENCES: sentence_schema}


def list_columns(table: str, frame_ids: Sequence[str], *, with_texts: bool) -> pa.Schema:
    """Columns of a plain table of posts or sentences, in order."""
    schema = _SCHEMAS[table](frame_ids)
    dropped = _LEFT_OUT if with_texts else _LEFT_OUT | {"text"}
    kept = [field for field in schema if field.name not in dropped]
    return pa.schema([*kept, *(pa.field(f"{DECIDED}{frame}", pa.bool_()) for frame in frame_ids)])


def write_plain(out: Path, table: str, stream: IO[bytes], *, with_texts: bool) -> None:
    """Write the current rows of one of the tables, in the order of their keys.

    Args:
        out: output folder of `frames predict`.
        table: `POSTS` or `SENTENCES`.
        stream: to write to.
        with_texts: keep the texts of sentences.

    Raises:
        DataError: no scores there, or damaged ones.
    """
    with open_scores(out) as connection:
        frames = list_frames(connection.sql(f"FROM current_{table} LIMIT 0").to_arrow_table().schema)
        schema = list_columns(table, frames, with_texts=with_texts)
        columns = ", ".join(_express(name) for name in schema.names)
        result = connection.sql(f"SELECT {columns} FROM current_{table} ORDER BY {_KEYS[table]}")  # noqa: S608 - names are quoted
        with pcsv.CSVWriter(stream, schema) as writer:
            for batch in result.to_arrow_reader(_ROWS_AT_ONCE):
                guarded = [guard_cells(column) for column in batch.columns]
                writer.write_batch(pa.record_batch(guarded, names=schema.names).cast(schema))


def restore_scores(
    out: Path,
    posts: Path,
    sentences: Path | None,
    frame_ids: Sequence[str],
    *,
    with_texts: bool,
    parents: Mapping[str, str],
) -> None:
    """Make an output folder of plain tables.

    Args:
        out: folder to make.
        posts: plain table of posts.
        sentences: of sentences; None for none.
        frame_ids: of both.
        with_texts: whether the sentences have texts.
        parents: of the frames that have one.

    Raises:
        DataError: a table is not what `write_plain` writes.
    """
    tables = ScoreTables.open_to_write(out, frame_ids)
    of_posts, last = _write_files(out, POSTS, posts, frame_ids, with_texts=with_texts)
    of_sentences, last_sentence = (
        _write_files(out, SENTENCES, sentences, frame_ids, with_texts=with_texts) if sentences else ([], 0)
    )
    tables.commit_files(of_posts, of_sentences, max(last, last_sentence) + 1, {"parents": dict(parents)})


def _write_files(
    out: Path, table: str, path: Path, frame_ids: Sequence[str], *, with_texts: bool
) -> tuple[list[DataFile], int]:
    """The data files of one table, not committed yet, and the largest sequence in them."""
    files, last = [], 0
    for rows in _read_plain(path, table, frame_ids, with_texts=with_texts):
        last = max(last, _find_last(rows, path))
        files.append(open_store(out, table).write(rows))
    return files, last


def _find_last(rows: pa.Table, path: Path) -> int:
    """The largest sequence of the rows, each of which has one."""
    ends = pc.min_max(rows["sequence"]).as_py()
    if rows["sequence"].null_count or not 0 <= ends["min"] <= ends["max"] <= _MOST:
        raise DataError(
            f"{path.name}: expected a number from 0 to {_MOST:,} in the column sequence of every row"
        )
    return int(ends["max"])


def _read_plain(path: Path, table: str, frame_ids: Sequence[str], *, with_texts: bool) -> Iterator[pa.Table]:
    columns = list_columns(table, frame_ids, with_texts=with_texts)
    try:
        reader = pcsv.open_csv(
            path,
            read_options=pcsv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=pcsv.ParseOptions(newlines_in_values=True),
            convert_options=pcsv.ConvertOptions(
                column_types=columns,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["true"],
                false_values=["false"],
            ),
        )
        if reader.schema.names != columns.names:
            raise DataError(f"{path.name}: expected the columns {', '.join(columns.names[:20])} ...")
        for batch in reader:
            yield _complete(batch, table, frame_ids)
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name}: not a table of scores: {shorten(error)}") from None


def _complete(batch: pa.RecordBatch, table: str, frame_ids: Sequence[str]) -> pa.Table:
    """With the columns that a plain table leaves out, empty, and decisions as a list."""
    schema = _SCHEMAS[table](frame_ids)
    given = {
        name: release_cells(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    decided = np.stack(
        [given[f"{DECIDED}{frame}"].fill_null(False).to_numpy(zero_copy_only=False) for frame in frame_ids],
        axis=1,
    )
    given[_FRAMES] = list_decided(decided, tuple(frame_ids))
    if given["post_key"].null_count:
        raise DataError(f"{table}: a row has no post_key")
    columns = [
        given[field.name].cast(field.type) if field.name in given else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _express(name: str) -> str:
    if not name.startswith(DECIDED):
        return quote_name(name)
    return f"list_contains({_FRAMES}, {quote_text(name.removeprefix(DECIDED))}) AS {quote_name(name)}"


def guard_cells(column: pa.Array) -> pa.Array:
    """Texts so that no spreadsheet runs them, see `pipeline.data.tables.table_files.guard_formula`."""
    if not pa.types.is_string(column.type):
        return column
    return pc.replace_substring_regex(column, f"^('*{FORMULA_STARTS})", r"'\1", max_replacements=1)


def release_cells(column: pa.Array) -> pa.Array:
    """The reverse of `guard_cells`."""
    if not pa.types.is_string(column.type):
        return column
    return pc.replace_substring_regex(column, f"^'('*{FORMULA_STARTS})", r"\1", max_replacements=1)
