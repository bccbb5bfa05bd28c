"""Runs whose process has died: nobody is left to end them, so the next run in the store does.

Each open run has a note, a small file, and beside it a lock that its process holds. The lock goes with the process,
however that ends; a note whose lock is free is of a run that nobody works on any more.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException

from pipeline.files.durable_files import replacing
from pipeline.tracking.model_files import cache_folder
from pipeline.tracking.store_uri import sqlite_path, without_password

NOTE_TAG = "narrative_frames.note"  # on the run: the name of its note
_ENDING = ".json"


class RunNote:
    """The note of a run of this process; without one where none can be written, and then `close_lost_runs` is blind."""

    def __init__(self, uri: str, experiment_id: str) -> None:
        """Write and lock the note.

        Args:
            uri: of the store.
            experiment_id: where the run is.
        """
        self.name = uuid4().hex
        self._path: Path | None = None
        self._lock: FileLock | None = None
        content = {
            "uri": without_password(uri),
            "experiment_id": experiment_id,
            "process": os.getpid(),
        }
        with suppress(OSError):
            path = _notes_folder(uri) / f"{self.name}{_ENDING}"
            lock = _lock_of(path)
            lock.acquire(timeout=0)  # before anybody can find the note
            self._lock = lock
            with replacing(path) as temporary:
                temporary.write_text(json.dumps(content), encoding="utf-8")
            self._path = path

    def remove(self) -> None:
        """The run has ended in the store."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self.release()
        if self._path is not None:
            _forget_lock(self._path)

    def release(self) -> None:
        """The run is over but could not be ended in the store: a later run will do that."""
        if self._lock is not None:
            self._lock.release()


def close_lost_runs(client: MlflowClient, uri: str) -> list[str]:
    """End the runs of this store whose processes died: status KILLED, tag `state` "interrupted".

    Models that they were about to log become FAILED.

    Returns:
        Ids of the runs.
    """
    closed: list[str] = []
    with suppress(OSError):
        for path in sorted(_notes_folder(uri).glob(f"*{_ENDING}")):
            with _abandoned(path, uri) as note:
                if note is None:
                    continue
                with suppress(MlflowException):  # the experiment was deleted: nothing to end
                    closed += _close(client, note["experiment_id"], path.stem)
                path.unlink(missing_ok=True)
            _forget_lock(path)
    return closed


def _close(client: MlflowClient, experiment_id: str, name: str) -> Iterator[str]:
    for run in client.search_runs([experiment_id], f"tags.`{NOTE_TAG}` = '{name}'"):
        if run.info.status != "RUNNING":
            continue
        for model in client.search_logged_models([experiment_id], f"source_run_id = '{run.info.run_id}'"):
            if model.status == LoggedModelStatus.PENDING:
                client.finalize_logged_model(model.model_id, LoggedModelStatus.FAILED)
        client.set_tag(run.info.run_id, "state", "interrupted")
        client.set_terminated(run.info.run_id, "KILLED")
        yield run.info.run_id


def _lock_of(note: Path) -> FileLock:
    return FileLock(note.with_suffix(".lock"))


def _forget_lock(note: Path) -> None:
    """Remove the lock file of a note that is gone, and the folder with the last of them."""
    with suppress(OSError):
        note.with_suffix(".lock").unlink(missing_ok=True)
        note.parent.rmdir()  # not while notes of other runs are in it


@contextmanager
def _abandoned(path: Path, uri: str) -> Iterator[dict[str, Any] | None]:
    """What a note says, locked; None for the note of a living process or of another store."""
    try:
        with _lock_of(path).acquire(timeout=0):
            yield _read_note(path, uri)
    except Timeout:
        yield None


def _read_note(path: Path, uri: str) -> dict[str, Any] | None:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        is_of_this_store = note["uri"] == without_password(uri) and isinstance(note["experiment_id"], str)
    except FileNotFoundError:  # another run has just dealt with it
        return None
    except (ValueError, KeyError, TypeError):  # cut off by a full disk
        path.unlink(missing_ok=True)
        return None
    return note if is_of_this_store else None


def _notes_folder(uri: str) -> Path:
    """Beside the file of an sqlite store; for a server in the user's cache, as its own disk is elsewhere."""
    path = sqlite_path(uri)
    if path is not None:
        return path.with_name(f".{path.name}.runs")
    cache = cache_folder()
    return cache.with_name(f"{cache.name}.runs")
