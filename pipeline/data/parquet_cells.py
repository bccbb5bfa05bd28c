"""Values of Parquet columns as Python has them, whatever the file claims.

A column of times may hold some that Python cannot (beyond the year 9999), and a column of texts some that are no
UTF-8; one of them must cost its row, never the file.
"""

from typing import Any

import pyarrow as pa


class UnreadableCell:
    """Stands for a value that Python cannot hold; no reader takes it for a text, a number or a time."""

    def __str__(self) -> str:
        return "a value that cannot be read (beyond the years 1 to 9999, or no UTF-8)"

    __repr__ = __str__


def read_cells(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """The values of a column, `UnreadableCell` where there is none in Python.

    Raises:
        MemoryError: not enough for the values.
    """
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        return [_read_cell(scalar) for scalar in column]
    return values


def read_row_cells(table: pa.RecordBatch | pa.Table) -> list[dict[str, Any]]:
    """The rows of a table or batch by column name; see `read_cells`."""
    columns = [read_cells(column) for column in table.columns]
    names = table.schema.names
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _read_cell(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return UnreadableCell()
