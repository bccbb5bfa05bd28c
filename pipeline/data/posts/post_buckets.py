"""Dividing posts tables of any size into buckets that fit into memory.

Each bucket holds a range of the table's order (channel, number, time, key), so that all versions of a post are
in one bucket and that sorted buckets, one after the other, are a sorted table. Bounds are quantiles of a sample.
"""

import bisect
import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipeline.data.posts.posts_table import count_rows, iter_columns, iter_pages

ORIGIN_BITS: Final = 48  # `place` is origin << ORIGIN_BITS plus the row's number in its file
_MOST_BUCKETS: Final = 200  # files that are open at once
_SAMPLED: Final = 50_000
_BATCH_ROWS: Final = 20_000
_KEY_COLUMNS: Final = ("channel", "message_id", "published_at", "post_key")
_LAST: Final = 1 << 63  # behind every number and every time
_OrderKey = tuple[str, int, int, str]


def split_into_buckets(
    parts: Sequence[Path], folder: Path, schema: pa.Schema, bucket_rows: int
) -> list[Path]:
    """Write the rows of all parts to bucket files (Arrow streams), in the order of the merged table.

    Args:
        parts: Parquet files of `schema`; the place in this list is the `origin` of their rows.
        folder: where the buckets are written.
        schema: of the parts; the buckets also have `origin` and `place`.
        bucket_rows: rows wanted in a bucket; very large tables have larger ones.

    Returns:
        The bucket files, first to last; at least one.
    """
    total = sum(map(count_rows, parts))
    n_buckets = min(max(1, math.ceil(total / bucket_rows)), _MOST_BUCKETS)
    bounds = _find_bounds(parts, total, n_buckets)
    bucket_schema = schema.append(pa.field("origin", pa.int8())).append(pa.field("place", pa.int64()))
    paths = [folder / f"bucket-{number:03}.arrow" for number in range(n_buckets)]
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with contextlib.ExitStack() as stack:
        writers = [
            stack.enter_context(
                pa.ipc.new_stream(
                    stack.enter_context(pa.OSFile(str(path), "wb")), bucket_schema, options=options
                )
            )
            for path in paths
        ]
        for batch in _read_parts(parts, bucket_schema):
            rows_of = _bucket_of_rows(batch, bounds)
            for number in np.unique(rows_of):
                writers[number].write_batch(batch.take(pa.array(np.flatnonzero(rows_of == number))))
    return paths


def read_bucket(path: Path) -> pa.Table:
    """Read a bucket file into memory."""
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
        return reader.read_all()


def _find_bounds(parts: Sequence[Path], total: int, n_buckets: int) -> list[_OrderKey]:
    """The smallest keys of all buckets but the first."""
    if n_buckets == 1:
        return []
    step = max(1, total // _SAMPLED)
    sample: list[_OrderKey] = []
    for part in parts:
        for batch in iter_pages(part, _KEY_COLUMNS, _BATCH_ROWS):
            sample.extend(_order_keys(batch.take(pa.array(np.arange(0, batch.num_rows, step)))))
    sample.sort()
    return [sample[len(sample) * number // n_buckets] for number in range(1, n_buckets)]


def _bucket_of_rows(
    batch: pa.RecordBatch, bounds: Sequence[_OrderKey]
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Number of each row's bucket, shape (n_rows,)."""
    if not bounds:
        return np.zeros(batch.num_rows, np.int64)
    return np.fromiter(
        (bisect.bisect_right(bounds, key) for key in _order_keys(batch)), np.int64, batch.num_rows
    )


def _order_keys(batch: pa.RecordBatch) -> Iterator[_OrderKey]:
    """What the order depends on, and equal for all versions of a post.

    The time counts only where there is no number: there it is part of the post's key, elsewhere it may be
    missing from one of the exports that hold the post.
    """
    times = batch.column("published_at").cast(pa.int64()).to_pylist()
    names, numbers = batch.column("channel").to_pylist(), batch.column("message_id").to_pylist()
    for name, number, time, key in zip(
        names, numbers, times, batch.column("post_key").to_pylist(), strict=True
    ):
        if number is None:
            yield name, _LAST, _LAST if time is None else time, key
        else:
            yield name, number, 0, key


def _read_parts(parts: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    columns = pa.schema(list(schema)[:-2])
    for origin, part in enumerate(parts):
        place = origin << ORIGIN_BITS
        for batch in iter_columns(part, columns, _BATCH_ROWS):
            places = pa.array(np.arange(place, place + batch.num_rows))
            origins = pa.array(np.full(batch.num_rows, origin, np.int8))
            yield pa.RecordBatch.from_arrays([*batch.columns, origins, places], schema=schema)
            place += batch.num_rows
