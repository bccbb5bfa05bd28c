"""The file of an sqlite store: it appears whole or not at all, and is waited for while others hold it.

MLflow builds its tables in dozens of steps; a process that dies between two of them, or two that build at the same
time, would leave a file that no later run can use.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock
from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine_with_retry
from sqlalchemy import Engine, event

from pipeline.files.folder_lock import FOR_ALL

BUSY_SECONDS = 20  # that each statement waits for another program to let go of the file


@event.listens_for(Engine, "connect")
def _wait_while_busy(connection: Any, _record: object) -> None:
    """MLflow leaves sqlite at five seconds, which a promotion beside a busy training can exceed."""
    if isinstance(connection, sqlite3.Connection):
        (present,) = connection.execute("PRAGMA busy_timeout").fetchone()
        connection.execute(f"PRAGMA busy_timeout = {max(present, BUSY_SECONDS * 1000)}")


def create_database(path: Path) -> None:
    """Make an empty MLflow database at `path`, unless there is a file already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with lock_beside(path):
        if path.exists():
            return
        building = path.with_name(f"_{path.name}.new")
        _remove(building)
        try:
            engine = create_sqlalchemy_engine_with_retry(f"sqlite:///{building}")  # type: ignore[no-untyped-call]
            _initialize_tables(engine)  # type: ignore[no-untyped-call]
            engine.dispose()
            os.rename(building, path)  # noqa: PTH104 - nobody else gets here: the folder is locked
        finally:
            _remove(building)


@contextmanager
def lock_beside(path: Path) -> Iterator[None]:
    """Let one process at a time work on the file; the others wait. The lock goes with the process.

    A folder in which no lock file can be made lets everybody in: whoever may not write there changes nothing.
    """
    lock = FileLock(path.with_name(f".{path.name}.lock"), mode=FOR_ALL)
    with suppress(OSError):
        lock.acquire()
    try:
        yield
    finally:
        with suppress(OSError):  # while it is held: whoever waits for it notices and makes a new one
            Path(lock.lock_file).unlink()
        lock.release()


def _remove(database: Path) -> None:
    for ending in ("", "-journal", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
