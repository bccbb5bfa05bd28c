"""Workers that are actors on a Ray cluster, each on one core, or with a GPU.

The model travels through Ray's object store, so the machines of the cluster need narrative-frames installed but
no file system in common; input and output are the driver's alone. Plain actors rather than Ray Data: windows
must come back in order to be committed, and an actor that a lost machine leaves without a place must not keep
the windows that were meant for it.
"""

import ipaddress
import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

import pipeline.no_telemetry  # noqa: F401 - Ray reads its settings when a cluster starts
from pipeline.bundle import ModelBundle
from pipeline.errors import ConfigError, MissingExtraError
from pipeline.scoring.engines.model_loading import load_same_bundle, move_to_gpu, refuse_useless_gpus
from pipeline.scoring.engines.worker_pool import WorkerLostError, WorkerPool
from pipeline.scoring.score_posts import ScoredBatch, score_batch

os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else each start prints a notice about it
# Off, on every system: a cluster of our own then listens on this machine alone, and no address on the internet is asked
# for a route. It has no part in joining a cluster, whose nodes have settings of their own.
os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
try:
    import ray
    from ray.exceptions import RayError, RayTaskError
except ImportError:
    raise MissingExtraError("ray", "ray") from None

_STORE_BYTES = 256 * 2**20  # of a cluster of our own, besides the model
_STORE_BYTES_PER_WORKER = 64 * 2**20
_KNOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Model:
    """What an actor needs to know; `files` is a reference to the bundle's files by their relative paths."""

    files: Any
    folder: Path
    bundle_hash: str
    scored_at: datetime
    gpus: float


class _Scorer:
    """The actor. Its constructor does nothing, since what a constructor raises reaches nobody."""

    def __init__(self, folder: Path, bundle_hash: str, scored_at: datetime, *, has_gpu: bool) -> None:
        self._folder = folder
        self._bundle_hash = bundle_hash
        self._scored_at = scored_at
        self._has_gpu = has_gpu
        self._bundle: ModelBundle | None = None

    def load(self, files: dict[str, bytes]) -> None:
        """Read the model from a copy of its files, which vanishes at once."""
        with tempfile.TemporaryDirectory() as copy:
            for name, content in files.items():
                path = Path(copy, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self._bundle = load_same_bundle(Path(copy), self._bundle_hash, named=self._folder)
        if self._has_gpu:
            move_to_gpu(self._bundle)

    def score(self, posts: pa.RecordBatch) -> ScoredBatch:
        """See `score_batch`."""
        if self._bundle is None:
            raise RuntimeError("score before load")
        return score_batch(posts, self._bundle, scored_at=self._scored_at)


class RayWorker:
    """An actor, wherever the cluster has room for it; where it has none, it waits until it has."""

    def __init__(self, model: _Model) -> None:
        options: dict[str, Any] = {"num_cpus": 1, "num_gpus": model.gpus, "scheduling_strategy": "SPREAD"}
        actor_class: Any = ray.remote(**options)(_Scorer)
        self._actor: Any = actor_class.remote(
            model.folder, model.bundle_hash, model.scored_at, has_gpu=model.gpus > 0
        )
        self._loaded = self._actor.load.remote(model.files)

    def wait_until_ready(self) -> None:
        """See `Worker`."""
        _get(self._loaded)

    def score(self, posts: pa.RecordBatch) -> ScoredBatch:
        """See `Worker`."""
        scored: ScoredBatch = _get(self._actor.score.remote(posts))
        return scored

    def stop(self) -> None:
        """See `Worker`."""
        ray.kill(self._actor)


def _get(reference: Any) -> Any:
    """The value; every failure of the cluster is a lost worker, every failure of the work is itself."""
    try:
        return ray.get(reference)
    except RayTaskError as error:
        if isinstance(error.cause, Exception):
            error.cause.add_note(f"in a Ray worker:\n{error}")
            raise error.cause from None
        raise
    except RayError as error:
        raise WorkerLostError(f"{type(error).__name__}: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


@contextmanager
def open_ray_pool(
    bundle: ModelBundle, scored_at: datetime, *, workers: int, address: str, gpus: float
) -> Iterator[WorkerPool]:
    """A pool of actors; see `EngineSettings` for the settings.

    If this process is connected to a cluster already, that one is used and stays connected.

    Raises:
        ConfigError: no cluster there, or none of its machines has the GPUs that a worker is to have.
    """
    if gpus:
        refuse_useless_gpus(bundle)
    files = {
        path.relative_to(bundle.folder).as_posix(): path.read_bytes()
        for path in bundle.folder.rglob("*")
        if path.is_file()
    }
    with _connect(address, workers, sum(map(len, files.values()))):
        _require_gpus(gpus)
        model = _Model(ray.put(files), bundle.folder, bundle.bundle_hash, scored_at, gpus)
        with WorkerPool(partial(RayWorker, model), workers) as pool:
            yield pool


@contextmanager
def _connect(address: str, workers: int, model_bytes: int) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        _require_closed_ports()
        store = _STORE_BYTES + workers * _STORE_BYTES_PER_WORKER + 2 * model_bytes
        quiet |= {"num_cpus": workers, "include_dashboard": False, "object_store_memory": store}
    try:
        if ":" in address:
            _knock(address)
        ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise ConfigError(
            f"--ray-address {address}: no Ray cluster could be joined: {_first_line(error)}. Start "
            "one with `ray start --head`, or give --ray-address local for one that lasts as long as the run"
        ) from None
    try:
        yield
    finally:
        ray.shutdown()


def _require_closed_ports() -> None:
    """Who reaches the ports of a cluster can run code on it, so one of our own must not be open to others."""
    address: str = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call] # Ray gives it no types
    if not ipaddress.ip_address(address).is_loopback:
        raise ConfigError(
            "--ray-address local: Ray would listen to other machines, since it was loaded before with another setting; "
            "set RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 in the environment before Python starts"
        )


def _knock(address: str) -> None:
    """Fail at once where nobody answers; Ray would try for ten minutes."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), _KNOCK_SECONDS):
        pass


def _require_gpus(gpus: float) -> None:
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    most = max((node["Resources"].get("GPU", 0) for node in nodes if node["Alive"]), default=0)
    if gpus > most:
        raise ConfigError(
            f"--gpus-per-worker {gpus:g}: no machine of the cluster has so many; the most are {most:g}"
        )
