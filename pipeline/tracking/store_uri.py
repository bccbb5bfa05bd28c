"""Which MLflow store is meant: its URI, read without loading MLflow."""

import os
import re
from pathlib import Path

DATABASE_FILE = "mlflow.db"
ARTIFACT_FOLDER = "mlruns"
_SQLITE = "sqlite:///"


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


def is_there(uri: str | None = None) -> bool:
    """Whether there is a store, as far as its URI tells: an sqlite store is a file, others are asked later."""
    path = sqlite_path(resolve_store_uri(uri))
    return path is None or path.is_file()


def is_server(uri: str) -> bool:
    """Whether the store is an MLflow server."""
    return uri.startswith(("http://", "https://"))


def without_password(uri: str) -> str:
    """The URI as it may be printed."""
    return re.sub(r"(?<=//)[^/@]*@", "", uri)
