"""Part files of the score tables: written with checksums, and checked against them before anything is read.

Parquet readers notice hardly any damage by themselves: a flipped bit in a probability or a text is another
probability, another text. The pages carry checksums for readers that look at them; the record of the transaction
has one of the whole file, which covers the file's own description of itself as well.
"""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import DataError
from pipeline.files.durable_files import checksum_file, new_file
from pipeline.scoring.transactions import read_checksums

PART_PATTERN = "part-*.parquet"
_REMEDY = (
    "Restore it from a copy, or delete it and the file of the same name below the other of posts/ and sentences/, and "
    "run `frames predict` again: its posts are then scored again"
)


def write_part(path: Path, rows: pa.Table) -> str:
    """Write rows to a new part file, on the disk when this returns; its checksum."""
    path.parent.mkdir(parents=True)
    with new_file(path) as stream:
        pq.write_table(rows, stream, compression="zstd", write_page_checksum=True)
    return checksum_file(path)


def verify_parts(root: Path, tables: Iterable[str]) -> None:
    """Check every part file against the record of its transaction.

    Files that a version without checksums wrote are not checked.

    Raises:
        DataError: a part file or a record is damaged; the message names it.
    """
    expected = read_checksums(root)
    for table in tables:
        for path in sorted((root / table).rglob(PART_PATTERN)):
            name = path.relative_to(root).as_posix()
            if name in expected and not _is_one_of(path, expected[name]):
                expected = read_checksums(root)  # `frames compact` may have replaced it meanwhile
                if not _is_one_of(path, expected[name]):
                    raise damaged(path, "its checksum is not that of what was written")


def _is_one_of(path: Path, checksums: set[str]) -> bool:
    try:
        return checksum_file(path) in checksums
    except FileNotFoundError:
        return True  # merged into another file since the folder was listed
    except OSError as error:
        raise damaged(path, error) from None


def damaged(path: Path, reason: object) -> DataError:
    """The error that names a damaged part file and says what to do."""
    return DataError(f"{path}: cannot be read: {reason}. {_REMEDY}")
