"""Both score tables in SQL: how DuckDB is opened, how tables become known to it, and which rows are current.

Of the slots of a post (see `new_posts`) the one edited last counts, and any time of editing before none.
"""

import glob
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from pipeline.scoring.delta_table import ScoreTable
from pipeline.scoring.score_tables import POSTS, SENTENCES, ScoreTables

_READ_MEMORY = "1GB"  # sorting beyond it goes to temporary files
PLAN_MEMORY = "64MB"  # beside a model and its windows

CURRENT = """
    SELECT sequence FROM posts
    QUALIFY 1 = row_number() OVER (PARTITION BY post_key ORDER BY edited_at DESC NULLS LAST, sequence DESC)
"""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What a row names as its origin, the frames that are columns, and those that imply another: child and parent."""

    model_id: str
    bundle_hash: str
    codebook_hash: str
    frame_ids: tuple[str, ...]
    parents: tuple[tuple[str, str], ...] = ()


def list_models(scored: ScoreTables) -> dict[str, str]:
    """Hash and name of the models whose scores are there."""
    with open_duckdb(PLAN_MEMORY) as connection:
        register_table(connection, POSTS, scored.posts)
        return dict(connection.sql("SELECT DISTINCT bundle_hash, model_id FROM posts").fetchall())


@contextmanager
def open_duckdb(memory: str = _READ_MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that downloads nothing and puts what does not fit into little memory into temporary files."""
    with tempfile.TemporaryDirectory(prefix="frames-") as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": memory,
            "preserve_insertion_order": False,
            "temp_directory": spill,
        }
        with duckdb.connect(config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection


def register_tables(connection: duckdb.DuckDBPyConnection, scored: ScoreTables) -> None:
    """Make both tables known as `posts` and `sentences`."""
    register_table(connection, POSTS, scored.posts)
    register_table(connection, SENTENCES, scored.sentences)


def register_table(connection: duckdb.DuckDBPyConnection, name: str, table: ScoreTable) -> None:
    """Make a table known to DuckDB: its files where DuckDB can read them itself, which is quicker, else by Arrow."""
    paths = table.list_paths()
    if paths:
        files = ", ".join(quote_text(glob.escape(path)) for path in paths)
        connection.execute(
            f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{files}], hive_partitioning = false)"  # noqa: S608 - quoted
        )
    elif paths is None:
        connection.register(name, table.to_dataset())
    else:
        connection.register(name, table.schema.empty_table())


def count_rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Rows of a table or view of ours."""
    [(n_rows,)] = connection.sql(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - names of ours
    return int(n_rows)


def quote_name(column: str) -> str:
    """A name for SQL."""
    return '"' + column.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text for SQL."""
    return "'" + text.replace("'", "''") + "'"
