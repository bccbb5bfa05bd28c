"""Runs whose process has died: nobody is left to end them, so the next run in the store does.

Each open run has a note, a small file that its process holds locked. The lock goes with the process, however that
ends; a note that can be locked is of a run that nobody works on any more.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException

from pipeline.tracking.mlflow_store import sqlite_path, without_password
from pipeline.tracking.model_files import cache_folder

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
        self._stream: IO[str] | None = None
        content = {
            "uri": without_password(uri),
            "experiment_id": experiment_id,
            "process": os.getpid(),
        }
        with suppress(OSError):
            folder = _notes_folder(uri)
            writing = folder / f"_{self.name}.tmp"
            self._stream = _open_in(folder, writing)
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            json.dump(content, self._stream)
            self._stream.flush()
            self._path = folder / f"{self.name}{_ENDING}"
            writing.rename(self._path)  # locked before anybody can find it

    def remove(self) -> None:
        """The run has ended in the store."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            with suppress(OSError):  # notes of other runs are in it
                self._path.parent.rmdir()
        self.release()

    def release(self) -> None:
        """The run is over but could not be ended in the store: a later run will do that."""
        if self._stream is not None:
            self._stream.close()


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


def _open_in(folder: Path, path: Path) -> IO[str]:
    """Open a new file, also when another run takes the empty folder away at this moment."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return path.open("w", encoding="utf-8")


@contextmanager
def _abandoned(path: Path, uri: str) -> Iterator[dict[str, Any] | None]:
    """What a note says, locked; None for the note of a living process or of another store."""
    with path.open(encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield _read_note(path, stream, uri)


def _read_note(path: Path, stream: IO[str], uri: str) -> dict[str, Any] | None:
    try:
        note = json.load(stream)
        is_of_this_store = note["uri"] == without_password(uri) and isinstance(note["experiment_id"], str)
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
