"""Values of Parquet columns as Python has them, whatever the file claims.

A column of times may hold some that Python cannot (beyond the year 9999), and a column of texts some that are no
UTF-8; one of them must cost its row, never the file. A file of kilobytes may state one text for a billion rows: texts
stay in their dictionary until their size is known.
"""

from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import show_value

MAX_BYTES: Final = 1 << 30  # of the rows that are in memory at a time


class UnreadableCell:
    """Stands for a value that Python cannot hold; no reader takes it for a text, a number or a time."""

    def __str__(self) -> str:
        return "a value that cannot be read (beyond the years 1 to 9999, or no UTF-8)"

    __repr__ = __str__


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a file so that columns of texts are read as dictionaries, as small in memory as in the file.

    Raises:
        pa.ArrowException, OSError: no readable Parquet file, or one whose schema names a column that holds nothing.
    """
    schema = pq.read_metadata(path).schema
    for field in schema.to_arrow_schema():
        if _has_empty_group(field.type):  # Arrow would leave the column out and say nothing
            raise pa.ArrowInvalid(f"the column {show_value(field.name)} has a group without fields")
    leaves = (schema.column(k) for k in range(len(schema)))
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    return pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False, page_checksum_verification=True)


def read_cells(column: pa.Array | pa.ChunkedArray, max_bytes: int = MAX_BYTES) -> list[Any]:
    """The values of a column, `UnreadableCell` where there is none in Python.

    Raises:
        pa.ArrowInvalid: larger than `max_bytes`.
    """
    size = _unpacked_size(column)
    if size > max_bytes:
        raise pa.ArrowInvalid(f"its rows unpack to {size:,} bytes, more than {max_bytes:,}; split the file")
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        return [_read_cell(scalar) for scalar in column]
    return values


def read_row_cells(table: pa.RecordBatch | pa.Table, max_bytes: int = MAX_BYTES) -> list[dict[str, Any]]:
    """The rows of a table or batch by column name; see `read_cells`."""
    columns = [read_cells(column, max_bytes) for column in table.columns]
    names = table.schema.names
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _has_empty_group(of: pa.DataType) -> bool:
    inside = [of]
    while inside:  # no recursion: a file may nest deeper than Python follows
        kind = inside.pop()
        if pa.types.is_struct(kind) and not kind.num_fields:
            return True
        inside += (kind.field(i).type for i in range(kind.num_fields))
    return False


def _unpacked_size(column: pa.Array | pa.ChunkedArray) -> int:
    """Bytes of the values, counted anew wherever a dictionary's value stands."""
    if isinstance(column, pa.ChunkedArray):
        return sum(map(_unpacked_size, column.chunks))
    if pa.types.is_dictionary(column.type):
        if not (pa.types.is_binary(column.type.value_type) or pa.types.is_string(column.type.value_type)):
            return int(column.nbytes)
        lengths = pc.binary_length(column.dictionary).cast(pa.int64())
        return int(pc.sum(lengths.take(column.indices)).as_py() or 0)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return _unpacked_size(column.flatten())
    if pa.types.is_struct(column.type):
        return sum(map(_unpacked_size, column.flatten()))
    return int(column.nbytes)


def _read_cell(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return UnreadableCell()
