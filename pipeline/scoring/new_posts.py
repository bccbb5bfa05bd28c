"""Which posts of an input are new or edited, and so to be scored.

A *slot* is what an input says one version of a post is: its `post_key` and `edited_at`, or the post alone where the
input carries no time of editing. Of the rows in one slot the last one seen counts, which is the one with the largest
`sequence`. Of the slots of a post the one edited last counts, and any time of editing before none.

So a version need not be scored if this model has scored it and no other text was seen in its slot since; a post that
was edited from A to B and back to A ends at A, whether or not its exports tell when. Among several versions of one
slot in one input, all but the last are superseded and not scored.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.posts.posts_table import iter_posts
from pipeline.files.stores import Location
from pipeline.scoring.score_queries import PLAN_MEMORY, ModelIdentity, count_rows, open_duckdb, register_table
from pipeline.scoring.score_tables import POSTS, ScoreTables

_ROWS_AT_ONCE = 100_000
_KEYS = ["post_key", "content_hash", "edited_at"]

# Digests of 128 bits stand for texts. The join compares shorter ones first, the long ones only where those agree.
_WANTED = """
    CREATE TEMP TABLE wanted AS
    SELECT short_key, key, edited_at, max(last_row) AS row, arg_max(content, last_row) AS content,
        sum(n) - arg_max(n, last_row) AS n_superseded
    FROM (
        SELECT hash(post_key) AS short_key, md5_number(post_key) AS key, edited_at,
            md5_number(content_hash) AS content, max(row) AS last_row, count(*) AS n
        FROM input GROUP BY ALL
    ) GROUP BY ALL
"""
_NEW = """
    CREATE TEMP TABLE new AS
    SELECT row FROM wanted ANTI JOIN (
        SELECT row FROM (
            SELECT w.row, p.sequence, md5_number(p.post_key) = w.key AS is_post,
                md5_number(p.content_hash) = w.content AS is_text,
                p.bundle_hash = $bundle_hash AND p.codebook_hash = $codebook_hash AS is_model
            FROM posts p
            JOIN wanted w ON hash(p.post_key) = w.short_key AND p.edited_at IS NOT DISTINCT FROM w.edited_at
        )
        GROUP BY row
        HAVING max(sequence) FILTER (is_post AND is_text AND is_model)
            > coalesce(max(sequence) FILTER (is_post AND NOT is_text), -1)
    ) USING (row)
"""


class NewPosts:
    """What of an input is to be scored.

    Attributes:
        n_read: posts in the input.
        n_new: of these, to be scored.
        n_superseded: of these, versions that are followed by another text in the same slot.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, n_read: int) -> None:
        self._connection = connection
        self.n_read = n_read
        self.n_new = count_rows(connection, "new")
        [(n_superseded,)] = connection.sql("SELECT coalesce(sum(n_superseded), 0) FROM wanted").fetchall()
        self.n_superseded = int(n_superseded)
        connection.execute("DROP TABLE wanted")  # its memory is wanted for scoring

    def iter_rows(self) -> Iterator[NDArray[np.int64]]:
        """Rows of the new posts, ascending, counted through all tables of the input from 0."""
        reader = self._connection.sql("SELECT row FROM new ORDER BY row").to_arrow_reader(_ROWS_AT_ONCE)
        for batch in reader:
            yield batch.column(0).to_numpy()


@contextmanager
def find_new_posts(
    tables: Sequence[Location], scored: ScoreTables, model: ModelIdentity
) -> Iterator[NewPosts]:
    """Compare posts tables with what a model has scored; neither has to fit into memory.

    Args:
        tables: posts tables; every key is read, and so verified, before this returns.
        scored: verified, see `ScoreTables.open_to_write`.
        model: that will score.

    Raises:
        DataError: a posts table is damaged.
    """
    with open_duckdb(PLAN_MEMORY) as connection:
        counter = _Counter()
        connection.register("input", pa.RecordBatchReader.from_batches(_KEY_SCHEMA, counter.number(tables)))
        with counter.raising():
            connection.execute(_WANTED)
        connection.unregister("input")
        if scored.next_sequence == 0:
            connection.execute("CREATE TEMP TABLE new AS SELECT row FROM wanted")
        else:
            register_table(connection, POSTS, scored.posts)
            # what is wanted is held in memory, or on the disk, and what is scored streams past it
            connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
            hashes = {"bundle_hash": model.bundle_hash, "codebook_hash": model.codebook_hash}
            connection.execute(_NEW, hashes)
        yield NewPosts(connection, counter.n_rows)


_KEY_SCHEMA = pa.schema(
    [
        ("post_key", pa.string()),
        ("content_hash", pa.string()),
        ("edited_at", pa.timestamp("us", "UTC")),
        ("row", pa.int64()),
    ]
)


class _Counter:
    """Feeds keys to DuckDB, which hides what is raised meanwhile."""

    def __init__(self) -> None:
        self.n_rows = 0
        self._error: Exception | None = None

    def number(self, tables: Sequence[Location]) -> Iterator[pa.RecordBatch]:
        """Keys of all posts, with their rows."""
        try:
            for table in tables:
                for batch in iter_posts(table, _KEYS):
                    rows = pa.array(np.arange(self.n_rows, self.n_rows + batch.num_rows))
                    self.n_rows += batch.num_rows
                    yield pa.record_batch([*batch.columns, rows], schema=_KEY_SCHEMA)
        except Exception as error:
            self._error = error
            raise

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Raise what was raised while keys were read, as it was."""
        try:
            yield
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise
