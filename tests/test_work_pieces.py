"""Pieces of posts tables: together they are what is new, in order, wherever the tables' row groups and windows end."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_predict import make_row

from pipeline.bundle import ModelBundle
from pipeline.data.posts.posts_table import POSTS_SCHEMA, read_stretch
from pipeline.errors import DataError
from pipeline.scoring.delta_table import Store
from pipeline.scoring.score_posts import score_batch
from pipeline.scoring.score_tables import ScoreTables
from pipeline.scoring.work_pieces import Piece, PieceScorer, Work


def plan(
    tables: list[Path], new: list[np.ndarray], first: int, batch_posts: int, folder: Path
) -> list[Piece]:
    scores = ScoreTables.open_to_write(folder / "scores", ())
    return list(Work(tables, iter(new), first, batch_posts, scores).plan_pieces())


STAMP = datetime(2024, 6, 1, tzinfo=UTC)
ROWS = [make_row(i) for i in range(120)]


def write_rows(path: Path, rows: slice, row_group: int = 1000) -> Path:
    table = pa.Table.from_pylist(ROWS[rows], schema=POSTS_SCHEMA)
    pq.write_table(table, path, row_group_size=row_group)
    return path


@pytest.mark.parametrize("row_group", [1, 7, 50, 1000])
def test_a_stretch_of_a_table_is_its_rows_whatever_its_row_groups(tmp_path: Path, row_group: int) -> None:
    path = write_rows(tmp_path / "posts.parquet", slice(0, 120), row_group)
    for first, n in [(0, 1), (0, 120), (3, 4), (6, 2), (49, 3), (119, 1), (50, 70)]:
        found = read_stretch(path, first, n, ["post_key", "text"]).to_pylist()
        assert found == [{key: row[key] for key in ("post_key", "text")} for row in ROWS[first : first + n]]
    with pytest.raises(DataError, match="rows of those from 100 on are missing"):
        read_stretch(path, 100, 21, ["post_key"])


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=3),
    batch_posts=st.integers(1, 5),
    first_sequence=st.integers(0, 10),
    data=st.data(),
)
def test_pieces_are_all_that_is_new_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    sizes: list[int],
    batch_posts: int,
    first_sequence: int,
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    ends = list(itertools.accumulate(sizes))
    tables = [
        write_rows(folder / f"{i}.parquet", slice(end - size, end))
        for i, (size, end) in enumerate(zip(sizes, ends, strict=True))
    ]
    new = sorted(data.draw(st.sets(st.integers(0, ends[-1] - 1)))) if ends[-1] else []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(new)), max_size=3)))
    chunks = np.split(np.array(new, np.int64), cuts)
    found = []
    for piece in plan(tables, chunks, first_sequence, batch_posts, folder):
        start = ends[tables.index(piece.table)] - sizes[tables.index(piece.table)] + piece.first_row
        assert piece.first_row % (10 * batch_posts) == 0
        assert 0 <= piece.rows[0] <= piece.rows[-1] < 10 * batch_posts
        assert piece.first_sequence == first_sequence + start
        assert piece.next_sequence == first_sequence + start + piece.rows[-1] + 1
        found.extend((start + piece.rows).tolist())
    assert found == new


def test_a_piece_is_scored_as_its_windows_are_and_numbered(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_rows(tmp_path / "posts.parquet", slice(0, 50), 7)
    new = np.array([0, 1, 6, 7, 8, 30, 31, 49])
    stores = Store(tmp_path / "posts"), Store(tmp_path / "sentences")
    for store in stores:
        Path(store.location).mkdir()
    scorer = PieceScorer(tiny_bundle, *stores, STAMP, 3)
    written = [scorer.score(piece) for piece in plan([table], [new], 100, 3, tmp_path)]
    assert [piece.posts.n_rows for piece in written] == [5, 3]
    assert [piece.next_sequence for piece in written] == [109, 150]
    posts = pa.concat_tables([pq.read_table(tmp_path / "posts" / piece.posts.path) for piece in written])
    assert posts["sequence"].to_pylist() == (100 + new).tolist()
    rows = pa.RecordBatch.from_pylist([ROWS[i] for i in new], schema=POSTS_SCHEMA)
    expected = score_batch(rows, tiny_bundle, scored_at=STAMP)
    assert posts.drop_columns(["sequence"]).equals(expected.posts.drop_columns(["sequence"]))
    assert sum(piece.counts.sentences for piece in written) == expected.sentences.num_rows
    assert sum(piece.sentences.n_rows for piece in written if piece.sentences) == expected.sentences.num_rows


def test_a_table_that_is_exchanged_in_mid_run_is_refused(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_rows(tmp_path / "posts.parquet", slice(0, 20))
    [piece] = plan([table], [np.arange(20)], 0, 10, tmp_path)
    write_rows(table, slice(20, 40))
    scorer = PieceScorer(tiny_bundle, Store(tmp_path), Store(tmp_path), STAMP, 10)
    with pytest.raises(DataError, match="was changed while it was being scored"):
        scorer.score(piece)
