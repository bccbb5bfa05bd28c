"""The many small data files of an output to few large ones, with the same rows.

Every commit adds a file to each table, and readers open them all. delta-rs merges them and commits the change, so
whoever reads meanwhile finds each row once. The files that were replaced stay for a week, for readers that have begun
with them and for reading the tables as they were; then this removes them, and with them what killed runs left.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pipeline.files.durable_files import explain_full_disk
from pipeline.files.folder_lock import lock_folder
from pipeline.scoring.score_output import read_tables

KEPT_DAYS: Final = 7  # that replaced files stay


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What was done.

    Attributes:
        files_before: data files of both tables.
        files_after: of these, now.
        bytes_before: their size.
        bytes_after: their size now.
        removed: files that no reader needs any more and that are gone now.
    """

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    removed: int

    def to_json(self) -> dict[str, int]:
        """Plain values."""
        return asdict(self)


def compact_scores(root: Path) -> CompactReport:
    """Merge the small data files of an output folder; without any, nothing is written.

    Raises:
        DataError: no scores there, a process is writing there, a file is damaged, the disk is full.
    """
    read_tables(root)
    with explain_full_disk(root), lock_folder(root):
        tables = read_tables(root)
        both = (tables.posts, tables.sentences)
        for table in both:
            table.require_whole(verify_bytes=True)
        tables.finish_batch()
        before = [file for table in both for file in table.list_files()]
        removed = sum(table.compact(KEPT_DAYS) for table in both)
        after = [file for table in both for file in table.list_files()]
    bytes_before, bytes_after = (sum(file.n_bytes for file in files) for files in (before, after))
    return CompactReport(len(before), len(after), bytes_before, bytes_after, removed)
