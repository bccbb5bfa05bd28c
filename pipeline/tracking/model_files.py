"""From where MLflow keeps a logged model to a bundle folder on this machine.

Only data is fetched; MLflow's own loading, which imports whatever module a model names, is never used.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from mlflow.artifacts import download_artifacts
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri

from pipeline.bundle import MANIFEST, read_manifest, verify_files
from pipeline.errors import ModelError
from pipeline.files.user_cache import user_cache
from pipeline.tracking.mlflow_store import store_errors
from pipeline.tracking.store_uri import ARTIFACT_FOLDER, sqlite_path, without_password

CACHE_VARIABLE = "NARRATIVE_FRAMES_CACHE"
_DATA_FOLDER = "data"  # where MLflow puts a model's files


def fetch_bundle(location: str, store_uri: str, expected_hash: str | None = None) -> Path:
    """The bundle folder of a logged model: where it lies, or a verified copy in the cache.

    Args:
        location: artifact location of the logged model.
        store_uri: the store that named it.
        expected_hash: bundle hash that was recorded when the model was registered.

    Raises:
        ModelError: no bundle there, a damaged one, or not the one that was registered.
        PipelineError: the store failed.
    """
    if is_local_uri(location):  # type: ignore[no-untyped-call]
        path = Path(local_file_uri_to_path(location))  # type: ignore[no-untyped-call]
        if not path.exists():
            path = _find_moved(path, store_uri)
        folder = _find_bundle(path / _DATA_FOLDER, location)
    else:
        folder = _fetch_into_cache(location, store_uri)
    found = str(read_manifest(folder)["bundle_hash"])
    if expected_hash is not None and found != expected_hash:
        raise ModelError(
            f"{folder}: refused: its bundle hash is {found[:12]}, but {expected_hash[:12]} was registered: the "
            "files were exchanged in the store; register the model again if that was meant"
        )
    return folder


def _find_moved(path: Path, store_uri: str) -> Path:
    """Where a model lies that the store names by an absolute path: beside the store, when both were moved together.

    Raises:
        ModelError: not there either.
    """
    store = sqlite_path(store_uri)
    if store is None or ARTIFACT_FOLDER not in path.parts:
        return path
    below = path.parts[len(path.parts) - path.parts[::-1].index(ARTIFACT_FOLDER) :]
    moved = store.parent.joinpath(ARTIFACT_FOLDER, *below)
    if not moved.exists():
        raise ModelError(
            f"{path}: the model was stored there, and is neither there nor at {moved}: the project was moved or its "
            f"folder {ARTIFACT_FOLDER} deleted. Move {ARTIFACT_FOLDER} beside {store}, or give the bundle's folder "
            "(runs/...) as the model"
        )
    return moved


def cache_folder() -> Path:
    """Where copies are kept: NARRATIVE_FRAMES_CACHE, else the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else user_cache("models")


def _fetch_into_cache(location: str, store_uri: str) -> Path:
    key = hashlib.sha256(f"{without_password(store_uri)} {location}".encode()).hexdigest()[:24]
    cached = cache_folder() / key
    if cached.is_dir():
        try:
            return _verified(_find_bundle(cached, location))
        except ModelError:
            shutil.rmtree(cached)  # a damaged copy is fetched again
    cached.parent.mkdir(parents=True, exist_ok=True)
    fetching = Path(tempfile.mkdtemp(prefix=".fetching-", dir=cached.parent))
    try:
        with store_errors(store_uri):
            fetched = download_artifacts(
                artifact_uri=f"{location.rstrip('/')}/{_DATA_FOLDER}",
                dst_path=str(fetching),
                tracking_uri=store_uri,
            )
        _verified(_find_bundle(Path(fetched), location))
        if not cached.is_dir():  # another process may have been faster
            os.replace(fetched, cached)  # noqa: PTH105 - atomic on every platform
    finally:
        shutil.rmtree(fetching, ignore_errors=True)
    return _find_bundle(cached, location)


def _find_bundle(folder: Path, location: str) -> Path:
    """The one bundle below a folder."""
    found = [path.parent for path in sorted(folder.glob(f"*/{MANIFEST}"))]
    if len(found) != 1:
        raise ModelError(
            f"{without_password(location)}: expected one model bundle there, found {len(found)}: either the model "
            "was not trained by narrative-frames, or its files are not reachable from this machine (a server "
            "has to be started with --serve-artifacts)"
        )
    if found[0].is_symlink() or folder.is_symlink():
        raise ModelError(f"{found[0]}: refused: a stored model holds no links")
    return found[0]


def _verified(folder: Path) -> Path:
    verify_files(folder, read_manifest(folder))
    return folder
