"""Zip archives of named files: the same content gives the same bytes, and a stranger's is unpacked within bounds.

What an archive says of its sizes is a claim: bytes are counted while they are unpacked. Names must be ones that the
caller expects, so none leads out of the folder; links, devices and encrypted entries are refused.
"""

import errno
import hashlib
import io
import os
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.errors import DataError, shorten
from pipeline.files.durable_files import new_file, replacing

_MOST_AT_ONCE: Final = 2 << 20  # bytes of one read: a directory of so many files is far smaller
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
_READ_BYTES: Final = 1 << 20
_MODE: Final = 0o644
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1


class _BoundedFile(io.FileIO):
    """A file of which little is read at once: a zip file's directory may be as large as the file."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As in the base class.

        Raises:
            ValueError: too much at once.
        """
        wanted = os.fstat(self.fileno()).st_size - self.tell() if size is None or size < 0 else size
        if wanted > _MOST_AT_ONCE:
            raise ValueError(f"{wanted:,} bytes of it would have to be read at once")
        return super().read(size) or b""


def write_zip(path: Path, files: Mapping[str, Path]) -> None:
    """Write files under their names, sorted, without times or owners; the archive appears complete or not at all."""
    with (
        replacing(path) as temporary,
        new_file(temporary) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # as on Unix, wherever it is written
            entry.external_attr = (stat.S_IFREG | _MODE) << 16
            with files[name].open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, _READ_BYTES)


def unpack_zip(
    path: Path, folder: Path, names: re.Pattern[str], *, most_files: int, most_bytes: int
) -> dict[str, str]:
    """Unpack an archive that may be a stranger's into an empty folder.

    Args:
        path: the archive.
        folder: to unpack into.
        names: what every name in it must match wholly.
        most_files: that it may hold.
        most_bytes: of all files together.

    Returns:
        SHA-256 (hex) of every file, by its name.

    Raises:
        DataError: no archive, a damaged one, or one that is refused.
    """
    try:
        with _BoundedFile(path) as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_entries(path, entries, names, most_files, most_bytes)
            left, digests = most_bytes, {}
            for entry in entries:
                digests[entry.filename], n_bytes = _unpack(
                    path, archive, entry, folder / entry.filename, left
                )
                left -= n_bytes
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place that no file has
            raise
        raise _unreadable(path, error) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,
        EOFError,
        LookupError,
        OverflowError,
        RuntimeError,
        ValueError,
    ) as error:
        raise _unreadable(path, error) from None
    return digests


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: not an archive that can be read: {shorten(error)}")


def _check_entries(
    path: Path, entries: list[zipfile.ZipInfo], names: re.Pattern[str], most_files: int, most_bytes: int
) -> None:
    if len(entries) > most_files:
        raise DataError(f"{path}: holds {len(entries):,} files; expected at most {most_files}")
    seen = set()
    for entry in entries:
        name = shorten(entry.filename, 80)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if not names.fullmatch(entry.filename) or entry.filename in seen:
            raise DataError(
                f"{path}: refused: holds '{name}', which is no part of such an archive, or holds it twice"
            )
        if kind not in (0, stat.S_IFREG):
            raise DataError(f"{path}: refused: '{name}' in it is a link or no file")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise DataError(
                f"{path}: refused: '{name}' in it is encrypted or packed in a way that is not read"
            )
        seen.add(entry.filename)
    if (stated := sum(entry.file_size for entry in entries)) > most_bytes:
        raise DataError(f"{path}: refused: unpacks to {stated:,} bytes; at most {most_bytes:,} are read")


def _unpack(
    path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int
) -> tuple[str, int]:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, n_bytes = hashlib.sha256(), 0
    with archive.open(entry) as source, target.open("xb") as stream:
        while chunk := source.read(_READ_BYTES):
            n_bytes += len(chunk)
            if n_bytes > most:
                raise DataError(f"{path}: refused: unpacks to more than it states")
            digest.update(chunk)
            stream.write(chunk)
    return digest.hexdigest(), n_bytes
