"""Arrays in .npz files that may be a stranger's: what they unpack to is read from their headers first.

A few kilobytes can unpack to gigabytes. A hash shows that a file is the one that was meant, not that it is harmless.
"""

import math
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

MOST_BYTES: Final = (
    1 << 30
)  # of all arrays of a file; a baseline of 600,000 features and 400 frames has as many
_READERS: Final = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_SUFFIX: Final = ".npy"


def read_arrays(source: Path | BinaryIO, most_bytes: int = MOST_BYTES) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file, by name.

    Raises:
        ValueError: no such file, something other than plain arrays in it, or more bytes than `most_bytes`.
        OSError: it cannot be read.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            n_bytes = sum(_count_bytes(archive, entry) for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise ValueError(f"not an archive of arrays: {error}") from None
    if n_bytes > most_bytes:
        raise ValueError(f"its arrays take {n_bytes:,} bytes; at most {most_bytes:,} are read")
    if not isinstance(source, Path):
        source.seek(0)
    with np.load(source, allow_pickle=False) as arrays:
        return dict(arrays)


def _count_bytes(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    if not entry.filename.endswith(_SUFFIX):
        raise ValueError(f"'{entry.filename:.60}' in it is no array")
    with archive.open(entry) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in _READERS:
            raise ValueError(f"'{entry.filename:.60}' has version {version} of the format")
        shape, _, dtype = _READERS[version](stream)
    if dtype.hasobject or dtype.names is not None:
        raise ValueError(f"'{entry.filename:.60}' in it is no plain array")
    return math.prod(shape) * max(dtype.itemsize, 1)
