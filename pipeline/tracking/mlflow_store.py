"""The MLflow store: opened, its sqlite file made whole or not at all, its failures in words that a user can act on.

MLflow builds its tables in dozens of steps; a process that dies between two of them, or two that build at the same
time, would leave a file that no later run can use.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine_with_retry
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import PipelineError
from pipeline.files.folder_lock import FOR_ALL
from pipeline.tracking.store_uri import (
    ARTIFACT_FOLDER,
    DATABASE_FILE,
    is_server,
    resolve_store_uri,
    sqlite_path,
    without_password,
)

BUSY_SECONDS = 20  # that each statement waits for another program to let go of the file
# MLflow opens an experiment that does not say its kind in the view for language-model applications.
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
logging.getLogger("mlflow.store.db.utils").setLevel(
    logging.CRITICAL
)  # prints tracebacks of what `store_errors` says
_FIRST_CONTACT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


@event.listens_for(Engine, "connect")
def _wait_while_busy(connection: Any, _record: object) -> None:
    """MLflow leaves sqlite at five seconds, which a promotion beside a busy training can exceed."""
    if isinstance(connection, sqlite3.Connection):
        (present,) = connection.execute("PRAGMA busy_timeout").fetchone()
        connection.execute(f"PRAGMA busy_timeout = {max(present, BUSY_SECONDS * 1000)}")


def _leave_to_the_end(connection: sqlite3.Connection, _record: object) -> None:
    """A database in the making is nobody's yet: its hundred steps need not each reach the disk (1 s in place of 6)."""
    connection.execute("PRAGMA synchronous = OFF")


def open_store(uri: str | None = None, *, create: bool = True) -> tuple[MlflowClient, str]:
    """A client of the store that `resolve_store_uri` names, and that URI.

    Args:
        uri: see `resolve_store_uri`.
        create: an sqlite store that does not exist is created; a reader would only make an empty one.

    Raises:
        PipelineError: the store does not exist, does not answer within seconds, or cannot be used.
    """
    resolved = resolve_store_uri(uri)
    path = sqlite_path(resolved)
    if path is not None and not create and not path.is_file():
        raise PipelineError(
            f"there is no MLflow store {path}: run this where the model was trained, or set "
            "MLFLOW_TRACKING_URI to the store that the training wrote to"
        )
    with store_errors(resolved), _first_contact():
        if path is not None and not path.exists():
            create_database(path)
        client = MlflowClient(tracking_uri=resolved, registry_uri=resolved)
        client.search_experiments(max_results=1)
    return client, resolved


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
            engine.dispose()
            event.listen(engine, "connect", _leave_to_the_end)
            _initialize_tables(engine)  # type: ignore[no-untyped-call]
            engine.dispose()
            with building.open("rb+") as made:
                os.fsync(made.fileno())
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


def ensure_experiment(client: MlflowClient, uri: str, name: str) -> str:
    """Id of the experiment, which is created if there is none of that name.

    Artifacts of an sqlite store lie in `mlruns` beside its file, by absolute path; a server chooses by itself.

    Raises:
        PipelineError: an experiment of that name was deleted.
    """
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        path = sqlite_path(uri)
        root = None if path is None else (path.parent / ARTIFACT_FOLDER).as_uri()
        try:
            return str(client.create_experiment(name, artifact_location=root, tags=_EXPERIMENT_TAGS))
        except MlflowException:
            experiment = client.get_experiment_by_name(name)  # another run created it at this moment
            if experiment is None:
                raise
    if experiment.lifecycle_stage != "active":
        raise PipelineError(
            f"the MLflow experiment '{name}' was deleted: restore it with `mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}`, or set tracking.experiment to another name"
        )
    return str(experiment.experiment_id)


@contextmanager
def lock_store(uri: str) -> Iterator[None]:
    """Let one process of ours at a time read and then write in an sqlite store; a server is not locked."""
    path = sqlite_path(uri)
    if path is None:
        yield
        return
    with lock_beside(path):
        yield


@contextmanager
def store_errors(uri: str) -> Iterator[None]:
    """Turn what MLflow raises into a PipelineError that says what to do."""
    try:
        yield
    except MlflowException as error:
        raise PipelineError(_describe(uri, str(error))) from error
    except (OSError, SQLAlchemyError) as error:
        raise PipelineError(
            f"the MLflow store {without_password(uri)} cannot be used: {_explain(str(error))}"
        ) from error


def _describe(uri: str, message: str) -> str:
    shown = without_password(uri)
    if is_server(uri) and message.startswith("API request to"):
        return (
            f"the MLflow server {shown} does not answer. Start it (mlflow server --host 127.0.0.1 --port 5000), "
            "mend tracking.uri or MLFLOW_TRACKING_URI, or leave both out to record in "
            f"{DATABASE_FILE} in the current folder"
        )
    return f"the MLflow store {shown} refused: {_explain(message)}"


def _explain(message: str) -> str:
    """The reason without the statement that failed, and what to do about a database that is busy."""
    said_by_database = [line for line in message.splitlines() if line.startswith("(sqlite3.")]
    reason = said_by_database[0] if said_by_database else message
    if "database is locked" in reason:
        return (
            f"{reason}: another program has held the file for longer than the {BUSY_SECONDS} seconds that we wait. "
            "Find out which (fuser FILE), let it end or end it, and run the same command again"
        )
    return reason


@contextmanager
def _first_contact() -> Iterator[None]:
    """Little patience: a wrong address is better told at once, before anything is trained."""
    before = {name: os.environ.get(name) for name in _FIRST_CONTACT}
    os.environ.update(_FIRST_CONTACT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _remove(database: Path) -> None:
    for ending in ("", "-journal", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
