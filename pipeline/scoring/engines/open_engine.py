"""Ways of scoring posts: in this process, in several on this machine, or on a Ray cluster.

All call `pipeline.scoring.score_posts.score_batch` on the same windows and give the same scores. On this machine the
driver reads the input and writes the output; on a cluster the workers do both, and the driver commits.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal, Protocol, runtime_checkable

import pyarrow as pa

from pipeline.bundle import ModelBundle
from pipeline.errors import ConfigError
from pipeline.scoring.engines.local_workers import LocalWorker
from pipeline.scoring.engines.worker_pool import WorkerPool
from pipeline.scoring.pieces import Piece, WrittenPiece
from pipeline.scoring.score_posts import ScoredBatch, score_batch
from pipeline.scoring.score_tables import ScoreTables


class Engine(Protocol):
    """Windows of posts in, their scores out, in the same order; reads ahead of what it gives, but not far."""

    def score(self, windows: Iterable[pa.RecordBatch]) -> Iterator[ScoredBatch]:
        """Score windows of posts.

        Raises:
            PipelineError: no worker can be had, or workers end again and again.
        """
        ...


@runtime_checkable
class PieceEngine(Protocol):
    """Places of posts in, names of data files with their scores out, in the same order."""

    def score_pieces(
        self, pieces: Iterable[Piece], tables: ScoreTables, batch_posts: int
    ) -> Iterator[WrittenPiece]:
        """Score pieces; the files are not part of the tables yet.

        Args:
            pieces: with windows of `batch_posts`, see `plan_pieces`.
            tables: files are written to their stores.
            batch_posts: most posts in a window.

        Raises:
            PipelineError: no worker can be had, or workers end again and again.
        """
        ...


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the user says about where to score.

    Attributes:
        name: "local" for processes of this machine, "ray" for a Ray cluster.
        workers: how many processes; 1 with "local": this process itself.
        ray_address: "auto" for the cluster that this machine belongs to, "local" for one of its own that ends
            with the run, or HOST:PORT.
        gpus_per_worker: GPUs that each Ray worker reserves; a part of one lets workers share it.
    """

    name: Literal["local", "ray"] = "local"
    workers: int = 1
    ray_address: str = "auto"
    gpus_per_worker: float = 0.0


class InProcessEngine:
    """Scores where it is called, one window after the other."""

    def __init__(self, bundle: ModelBundle, scored_at: datetime) -> None:
        self._bundle = bundle
        self._scored_at = scored_at

    def score(self, windows: Iterable[pa.RecordBatch]) -> Iterator[ScoredBatch]:
        """See `Engine`."""
        for posts in windows:
            yield score_batch(posts, self._bundle, scored_at=self._scored_at)


@contextmanager
def open_engine(
    settings: EngineSettings, bundle: ModelBundle, scored_at: datetime
) -> Iterator[Engine | PieceEngine]:
    """An engine that is ready to score; its workers end with the block.

    Raises:
        ConfigError: settings that do not go together, or that no machine of the cluster can fulfil.
        MissingExtraError: Ray is not installed.
    """
    if settings.workers < 1 or settings.gpus_per_worker < 0:
        raise ConfigError(
            f"expected at least 1 worker and 0 GPUs for each, got {settings.workers} and "
            f"{settings.gpus_per_worker}"
        )
    if settings.name == "ray":
        from pipeline.scoring.engines.ray_data import open_ray  # noqa: PLC0415 - an extra

        with open_ray(
            bundle,
            scored_at,
            workers=settings.workers,
            address=settings.ray_address,
            gpus=settings.gpus_per_worker,
        ) as cluster:
            yield cluster
    elif settings.gpus_per_worker:
        raise ConfigError("--gpus-per-worker needs --engine ray; local workers use the processor")
    elif settings.workers == 1:
        yield InProcessEngine(bundle, scored_at)
    else:
        n_threads = max(1, len(os.sched_getaffinity(0)) // settings.workers)
        new_worker = partial(LocalWorker, bundle, scored_at, n_threads)
        with WorkerPool(new_worker, settings.workers) as pool:
            yield pool
