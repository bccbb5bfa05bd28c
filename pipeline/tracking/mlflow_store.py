"""Which MLflow store is used, and its failures in words that a user can act on."""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import PipelineError
from pipeline.tracking.store_file import BUSY_SECONDS, create_database, lock_beside

DATABASE_FILE = "mlflow.db"
ARTIFACT_FOLDER = "mlruns"
_SQLITE = "sqlite:///"
# MLflow opens an experiment that does not say its kind in the view for language-model applications.
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
logging.getLogger("mlflow.store.db.utils").setLevel(
    logging.CRITICAL
)  # prints tracebacks of what `store_errors` says
_FIRST_CONTACT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


def resolve_store_uri(uri: str | None = None) -> str:
    """The store to use: `uri`, else MLFLOW_TRACKING_URI, else mlflow.db in the current folder.

    The path of an sqlite store becomes absolute, so that a run goes on writing to it from another folder.
    """
    chosen = uri or os.environ.get("MLFLOW_TRACKING_URI") or f"{_SQLITE}{DATABASE_FILE}"
    path = sqlite_path(chosen)
    return chosen if path is None else f"{_SQLITE}{path.as_posix()}"


def sqlite_path(uri: str) -> Path | None:
    """Absolute path of an sqlite store's file; None for any other store."""
    if not uri.startswith(_SQLITE):
        return None
    return Path(uri.removeprefix(_SQLITE)).absolute()


def is_server(uri: str) -> bool:
    """Whether the store is an MLflow server."""
    return uri.startswith(("http://", "https://"))


def without_password(uri: str) -> str:
    """The URI as it may be printed."""
    return re.sub(r"(?<=//)[^/@]*@", "", uri)


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
