"""What is new in a folder of exports: files that were not there before, or are other files now.

A file is told by its size and the time of its last change, as rsync tells it. Files of which several make one export
(pages of a chat, articles) are read together with all of their kind in the folder, since what one of them says hangs
on the others.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from pipeline.data.posts.input_files import find_inputs

_READ_TOGETHER: Final = (".html", ".htm", ".txt")


def stamp_file(path: Path) -> str | None:
    """What tells a state of a file from another; None where there is no such file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return f"{found.st_size} {found.st_mtime_ns}"


def stamp_inbox(folder: Path, own_files: Collection[Path] = ()) -> dict[str, str]:
    """The stamp of each file that `ingest` would read, by its place in the folder.

    Raises:
        DataError: no such folder.
    """
    stamps = ((file.path, stamp_file(file.path)) for file in find_inputs([folder], own_files).files)
    return {str(path.relative_to(folder)): stamp for path, stamp in stamps if stamp is not None}


def find_changed(now: Mapping[str, str], before: Mapping[str, str]) -> set[str]:
    """Files to be read again: new or changed ones, and those that are read together with them.

    A file that is gone is no change: what was read of it stays.
    """
    changed = {name for name, stamp in now.items() if before.get(name) != stamp}
    folders = {Path(name).parent for name in changed if Path(name).suffix.lower() in _READ_TOGETHER}
    together = {
        name for name in now if Path(name).suffix.lower() in _READ_TOGETHER and Path(name).parent in folders
    }
    return changed | together
