"""Reading an output folder back: the current scores as a data frame, or a connection that knows them.

The tables keep every version of a post that was scored. `pipeline.scoring.score_queries` says which is the current
one; its sentences are those of the same `sequence`. Every byte that is read is verified first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import duckdb
import pandas as pd
import pyarrow as pa

from pipeline.files.stores import Location
from pipeline.scoring.score_output import read_tables
from pipeline.scoring.score_queries import CURRENT, open_duckdb, quote_name, register_tables

TableName = Literal["sentences", "posts"]

_LATEST = f"SELECT * FROM {{table}} SEMI JOIN ({CURRENT}) USING (sequence)"  # noqa: S608 - names of ours
_ORDER = {
    "posts": ("channel", "published_at NULLS LAST", "post_key", "sequence"),
    "sentences": ("channel", "published_at NULLS LAST", "post_key", "sequence", "sentence_index"),
}


def read_scores(
    out: Location,
    table: TableName = "posts",
    *,
    latest: bool = True,
    columns: Sequence[str] | None = None,
    post_keys: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Scores as a data frame, sorted by channel, time and post.

    Args:
        out: the output folder of a scoring run, or its URI in an object store.
        table: "posts" or "sentences".
        latest: only the current version of each post; else every version ever scored.
        columns: in the order wanted; None for all.
        post_keys: only rows of these posts; None for all.

    Raises:
        DataError: no scores there, or damaged ones.
    """
    with _connect(out) as connection:
        chosen = "*" if columns is None else ", ".join(map(quote_name, columns))
        wanted = "" if post_keys is None else "SEMI JOIN wanted USING (post_key)"
        if post_keys is not None:
            connection.register("wanted", pa.table({"post_key": pa.array(post_keys, pa.string())}))
        rows = f"({_LATEST.format(table=table)})" if latest else table
        query = f"SELECT {chosen} FROM {rows} {wanted} {order_rows(table)}"  # noqa: S608 - names are quoted
        scores: pd.DataFrame = connection.sql(query).df()
        return scores


@contextmanager
def open_scores(out: Location) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for questions about more scores than fit a data frame.

    It has the views `current_posts` and `current_sentences`, with the columns of `read_scores`.

    Raises:
        DataError: no scores there, or damaged ones.
    """
    with _connect(out) as connection:
        for table in _ORDER:
            connection.execute(f"CREATE VIEW current_{table} AS {_LATEST.format(table=table)}")
        yield connection


def order_rows(table: str, prefix: str = "") -> str:
    """The clause that sorts a table's rows by channel, time and post; a prefix names the relation, with its dot."""
    return "ORDER BY " + ", ".join(prefix + column for column in _ORDER[table])


@contextmanager
def _connect(out: Location) -> Iterator[duckdb.DuckDBPyConnection]:
    tables = read_tables(out)
    tables.require_whole()
    with open_duckdb() as connection:
        register_tables(connection, tables)
        yield connection
