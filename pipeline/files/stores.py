"""Where a file or folder is: a path of this machine, or a URI of an object store, `s3://` or `gs://`.

Object stores are reached through Arrow's file systems. Credentials, region and endpoint come from the environment
that the stores' own tools read (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...). They are never part of a location, so that
nothing that is written or said here can hold them.
"""

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeGuard

from pipeline.errors import DataError, PipelineError, shorten

if TYPE_CHECKING:
    import pyarrow.fs as pafs

Location = str | Path  # a text is a URI

SCHEMES = ("s3://", "gs://")
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
_SETTINGS = ("AWS_", "GOOGLE_")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_MOST_FILES = 1_000  # of a folder that is fetched: a model has a few dozen


def parse_location(text: str) -> Location:
    """What a user names: a path, or a URI of an object store without the slash at its end.

    Raises:
        DataError: a URI of something else, or one that holds more than a bucket and a path.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Path(text)
    if f"{scheme}://" not in SCHEMES:
        raise DataError(
            f"{shorten(scheme)}://...: expected a path, or a URI that begins with {' or '.join(SCHEMES)}"
        )
    bucket = rest.partition("/")[0]
    if "@" in bucket or ":" in bucket or "?" in rest:
        raise DataError(
            f"{scheme}://...: expected {scheme}://BUCKET/PATH and nothing more: credentials and the store's address "
            "come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, ...)"
        )
    if not bucket or ".." in PurePosixPath(rest).parts:
        raise DataError(f"{shorten(text)}: expected {scheme}://BUCKET/PATH")
    return text.rstrip("/")


def is_uri(location: Location) -> TypeGuard[str]:
    """Whether it is in an object store."""
    return isinstance(location, str)


def open_filesystem(location: Location) -> tuple[str, "pafs.FileSystem | None"]:
    """Path and file system of a location, as pyarrow's readers take them; no file system for a path.

    A path is made absolute: pyarrow takes a relative "posts:1.parquet" for the address of a store.

    Raises:
        DataError: the store cannot be reached.
    """
    if isinstance(location, Path):
        return str(location.absolute()), None
    scheme, _, path = location.partition("://")
    settings = {name: value for name, value in os.environ.items() if name.startswith(_SETTINGS)}
    with explain_store(location):
        return path, _connect(f"{scheme}://{path.partition('/')[0]}", frozenset(settings.items()))


@lru_cache(maxsize=8)
def _connect(bucket: str, settings: frozenset[tuple[str, str]]) -> "pafs.FileSystem":  # noqa: ARG001 - read by the library
    import pyarrow.fs as pafs  # noqa: PLC0415 - its object stores take a moment to load

    whole = (
        "?allow_delayed_open=true" if bucket.startswith("s3") else ""
    )  # a small file is one request and not three
    return pafs.FileSystem.from_uri(bucket + whole)[0]


def is_file(location: Location) -> bool:
    """Whether there is a file.

    Raises:
        DataError: the store cannot be reached.
    """
    if isinstance(location, Path):
        return location.is_file()
    path, filesystem = open_filesystem(location)
    with explain_store(location):
        return bool(filesystem and filesystem.get_file_info(path).is_file)


def stat_file(location: Location) -> tuple[int, int]:
    """Size in bytes of a file, and nanoseconds since 1970 of its last change: another file has others.

    Raises:
        DataError: no such file, or the store cannot be reached.
    """
    import pyarrow.fs as pafs  # noqa: PLC0415 - see above

    path, filesystem = open_filesystem(location)
    with explain_store(location):
        info = (filesystem or pafs.LocalFileSystem()).get_file_info(path)
    if not info.is_file:
        raise DataError(f"{location}: no such file")
    return info.size, info.mtime_ns


def join_location(folder: Location, name: str) -> Location:
    """Something in a folder."""
    return folder / name if isinstance(folder, Path) else f"{folder}/{name}"


def describe_location(location: Location) -> str:
    """A location that means the same from everywhere: the absolute path, or the URI."""
    return str(location.resolve()) if isinstance(location, Path) else location


def list_names(uri: str) -> list[str]:
    """Names of what is right below a folder of an object store.

    Raises:
        DataError: the store cannot be reached.
    """
    import pyarrow.fs as pafs  # noqa: PLC0415 - see above

    root, filesystem = open_filesystem(uri)
    with explain_store(uri):
        found = filesystem.get_file_info(pafs.FileSelector(root, allow_not_found=True)) if filesystem else []
    return [info.base_name for info in found]


def list_files(location: Location) -> list[Location]:
    """Every file below a folder, sorted; hidden ones and those below hidden folders ("_..." and "....") are left out.

    Raises:
        DataError: the store cannot be reached.
    """
    if isinstance(location, Path):
        found = [path.relative_to(location).as_posix() for path in location.rglob("*") if path.is_file()]
    else:
        found = [name for name, _ in _list_store(location)]
    visible = [name for name in found if not any(part[0] in "._" for part in PurePosixPath(name).parts)]
    return [
        location / name if isinstance(location, Path) else f"{location}/{name}" for name in sorted(visible)
    ]


def has_folder(location: Location, name: str) -> bool:
    """Whether a folder has something below a folder of this name.

    Raises:
        DataError: the store cannot be reached.
    """
    if isinstance(location, Path):
        return (location / name).is_dir()
    return bool(_list_store(f"{location}/{name}"))


def _list_store(uri: str) -> list[tuple[str, int]]:
    """Names, below the URI, and sizes of the files."""
    import pyarrow.fs as pafs  # noqa: PLC0415 - see above

    root, filesystem = open_filesystem(uri)
    with explain_store(uri):
        selector = pafs.FileSelector(root, recursive=True, allow_not_found=True)
        found = filesystem.get_file_info(selector) if filesystem else []
    return [(info.path.removeprefix(f"{root}/"), info.size) for info in found if info.is_file]


def fetch_folder(uri: str) -> Path:
    """Copy a folder of an object store to a temporary one of the same name, which lasts as long as this process.

    Raises:
        DataError: no such folder, too many files, names that lead out of it, or the store cannot be reached.
    """
    names = [name for name, _ in _list_store(uri)]
    if not names:
        raise DataError(f"{uri}: nothing there")
    if len(names) > _MOST_FILES:
        raise DataError(f"{uri}: holds {len(names):,} files; expected a folder of at most {_MOST_FILES:,}")
    kept = tempfile.mkdtemp(prefix="frames-fetched-")
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    folder = Path(kept, PurePosixPath(uri).name)
    root, filesystem = open_filesystem(uri)
    for name in names:
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise DataError(
                f"{uri}: refused: it holds the name {shorten(name)}, which leads out of the folder"
            )
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            explain_store(uri),
            target.open("wb") as copy,
            _open_stream(filesystem, f"{root}/{name}") as stream,
        ):
            shutil.copyfileobj(stream, copy)
    return folder


def read_from_store(uri: str) -> bytes:
    """A file of an object store.

    Raises:
        DataError: there is none, or the store cannot be reached.
    """
    path, filesystem = open_filesystem(uri)
    with explain_store(uri), _open_stream(filesystem, path) as stream:
        return bytes(stream.read())


def write_to_store(uri: str, content: bytes) -> None:
    """Write a file of an object store, which is there as a whole or not at all.

    Raises:
        DataError: the store cannot be reached, or refuses.
    """
    path, filesystem = open_filesystem(uri)
    if filesystem is not None:
        with explain_store(uri), filesystem.open_output_stream(path) as stream:
            stream.write(content)


def _open_stream(filesystem: Any, path: str) -> Any:
    return filesystem.open_input_stream(path)


@contextmanager
def explain_store(location: Location) -> Iterator[None]:
    """Turn what an object store's file system raises into a message that names the place, and no credentials.

    Raises:
        DataError: the store cannot be reached, or refuses.
    """
    try:
        yield
    except PipelineError:
        raise
    except OSError as error:
        if not is_uri(location):
            raise
        raise DataError(
            f"{location}: cannot be read: {shorten(hide_secrets(str(error)))}. Are the store's address and credentials "
            "in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL)?"
        ) from None


def hide_secrets(text: str) -> str:
    """A text from a library without the credentials of the environment, and without colours."""
    text = _COLOURS.sub("", text)
    for name in _SECRETS:
        if value := os.environ.get(name):
            text = text.replace(value, f"({name})")
    return text
