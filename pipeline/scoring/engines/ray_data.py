"""Scoring on a Ray cluster, by Ray Data: a dataset of pieces of the input, mapped by a pool of actors.

Each actor holds the model. For a piece it reads the posts, scores them, and writes them to the tables' own store; what
comes back to the driver is the names of two files and some counts. So the driver's work and memory depend on the number
of pieces alone. Ray Data places the actors, starts others for those that are lost, and gives them their pieces again;
files that a lost actor wrote stay outside the tables, since nobody commits them.

Results are taken in the order of the input, so that what is committed is always a beginning of it, and of two versions
of a post the later one stays the later one wherever a run was cut off.

`Dataset.write_delta` is not used: it commits one table once, at the end of everything, without the numbers that make a
repeated commit harmless (see `pipeline.scoring.score_tables`). Nor are Ray Data's checkpoints, which hold every key in
the memory of each worker that filters by them.
"""

import ipaddress
import itertools
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

import pipeline.no_telemetry  # noqa: F401 - Ray reads its settings when a cluster starts
from pipeline.bundle import ModelBundle
from pipeline.errors import ConfigError, MissingExtraError, PipelineError, shorten
from pipeline.scoring.delta_table import Store
from pipeline.scoring.engines.model_loading import load_same_bundle, move_to_gpu, refuse_useless_gpus
from pipeline.scoring.work_pieces import Piece, PieceScorer, Work, WrittenPiece

os.environ.setdefault(
    "RAY_BACKEND_LOG_LEVEL", "fatal"
)  # else the driver prints what Ray Data's own pool makes it warn of
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else each start prints a notice about it
# Off, on every system: a cluster of our own then listens on this machine alone, and no address on the internet is asked
# for a route. It has no part in joining a cluster, whose nodes have settings of their own.
os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
try:
    import ray
    import ray.data
    from ray.data.exceptions import ExecutionTimeoutError
    from ray.exceptions import RayError, RayTaskError
except ImportError:
    raise MissingExtraError("ray", "ray") from None

PIECES_AT_ONCE = 5_000  # of one dataset: what the driver holds of the input
PATIENCE = 1800.0  # seconds without a piece done; a cluster may have to start machines first
_STORE_BYTES = 256 * 2**20  # of a cluster of our own, besides the model
_KNOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Model:
    """What an actor needs to load the model; `files` is a reference to the bundle's files by their relative paths."""

    files: Any
    folder: Path
    bundle_hash: str
    scored_at: datetime
    has_gpu: bool

    def load(self) -> ModelBundle:
        """Read the model from a copy of its files, which vanishes at once."""
        with tempfile.TemporaryDirectory() as copy:
            for name, content in ray.get(self.files).items():
                path = Path(copy, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            bundle = load_same_bundle(Path(copy), self.bundle_hash, named=self.folder)
        if self.has_gpu:
            move_to_gpu(bundle)
        return bundle


class _Scorer:
    """The actor. It loads the model with its first piece, since Ray tells a failing constructor from no other failure.

    What a user can mend is returned as a value, for the same reason.
    """

    def __init__(self, model: _Model, posts: Store, sentences: Store, batch_posts: int) -> None:
        self._model = model
        self._rest = posts, sentences, model.scored_at, batch_posts
        self._scorer: PieceScorer | None = None

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        results: Any = np.empty(len(rows["piece"]), object)
        for i, piece in enumerate(rows["piece"]):
            try:
                self._scorer = self._scorer or PieceScorer(self._model.load(), *self._rest)
                results[i] = self._scorer.score(piece)
            except PipelineError as error:
                results[i] = error
        return {"result": results}


class RayEngine:
    """Scores pieces with a pool of actors; get one from `open_ray`."""

    def __init__(self, model: _Model, workers: int, gpus: float) -> None:
        self.warnings: list[str] = []
        self._model = model
        self._workers = workers
        self._gpus = gpus

    def score(self, work: Work) -> Iterator[WrittenPiece]:
        """See `Engine`.

        Raises:
            PipelineError: what a worker raised, or no piece was done for `PATIENCE` seconds.
        """
        stores = _from_anywhere(work.scores.posts.store), _from_anywhere(work.scores.sentences.store)
        pieces = work.plan_pieces()
        while some := list(itertools.islice(pieces, PIECES_AT_ONCE)):
            yield from self._score_some(some, (self._model, *stores, work.batch_posts))

    def _score_some(self, pieces: list[Piece], work: tuple[Any, ...]) -> Iterator[WrittenPiece]:
        _set_up_ray_data()
        rows = ray.data.from_items([{"piece": piece} for piece in pieces], override_num_blocks=len(pieces))
        scored = rows.map_batches(
            _Scorer,
            fn_constructor_args=work,
            batch_size=1,
            batch_format="numpy",
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=self._workers),
            num_cpus=1,
            num_gpus=self._gpus,
        )
        try:
            for row in scored.iter_rows():
                if isinstance(row["result"], PipelineError):
                    raise row["result"]
                yield row["result"]
        except RayTaskError:
            raise  # a defect of ours, with its traceback
        except (RayError, ExecutionTimeoutError) as error:
            raise PipelineError(
                f"the cluster ended the work ({type(error).__name__}: {_first_line(error)}), most likely since workers "
                f"ended again and again for want of memory, or none had a place for {PATIENCE / 60:,.0f} minutes. What "
                "was committed stays; run the same command again, with fewer --workers or smaller --batch-posts"
            ) from None


def _set_up_ray_data() -> None:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    context.execution_no_progress_timeout_s = PATIENCE
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)


@contextmanager
def open_ray(
    bundle: ModelBundle, scored_at: datetime, *, workers: int, address: str, gpus: float
) -> Iterator[RayEngine]:
    """A cluster that is ready to score; see `EngineSettings` for the settings.

    The model travels through Ray's object store. If this process is connected to a cluster already, that one is used
    and stays connected.

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
    with _silent_core(), _connect(address, workers, sum(map(len, files.values()))):
        _require_gpus(gpus)
        model = _Model(ray.put(files), bundle.folder, bundle.bundle_hash, scored_at, has_gpu=gpus > 0)
        yield RayEngine(model, workers, gpus)


def _from_anywhere(store: Store) -> Store:
    return store if store.folder is None else Store(store.folder.absolute())


@contextmanager
def _silent_core() -> Iterator[None]:
    """Keep what Ray's compiled core writes to the terminal from it: a warning for each actor of Ray Data's own pool.

    No setting turns it off. It writes to the descriptor 2; what Python writes to `sys.stderr` goes where it went.
    """
    before, shown, hidden = sys.stderr, os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        with open(
            shown, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
        ) as python:
            if before is sys.__stderr__:
                sys.stderr = python
            before.flush()
            os.dup2(hidden, 2)
            try:
                yield
            finally:
                sys.stderr = before
    finally:
        os.dup2(shown, 2)
        os.close(shown)
        os.close(hidden)


@contextmanager
def _connect(address: str, workers: int, model_bytes: int) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        _require_closed_ports()
        store = _STORE_BYTES + 2 * model_bytes
        quiet |= {"num_cpus": workers, "include_dashboard": False, "object_store_memory": store}
    try:
        if ":" in address:
            _knock(address)
        ray.init(address=address, **quiet)
    except Exception as error:  # noqa: BLE001 - Ray raises bare ones too
        raise ConfigError(
            f"--ray-address {address}: no Ray cluster could be joined: {_first_line(error)}. Start "
            "one with `ray start --head`, or give --ray-address local for one that lasts as long as the run"
        ) from None
    try:
        yield
    finally:
        ray.shutdown()


def _first_line(error: Exception) -> str:
    return shorten(str(error).partition("\n")[0].rstrip("."))


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
