"""Ways of scoring posts: in this process, in several on this machine, or on a Ray cluster.

All call `pipeline.scoring.score_posts.score_batch` on the same windows and give the same scores. On this machine the
driver reads the input and writes the output; on a cluster the workers do both, and the driver commits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal, Protocol

from pipeline.bundle import ModelBundle
from pipeline.classifiers.normalised_text import without_normalisation
from pipeline.classifiers.protocols import Accounting
from pipeline.errors import ConfigError
from pipeline.scoring.score_posts import ScoredBatch, score_batch
from pipeline.scoring.work_pieces import Work, WrittenPiece


class Engine(Protocol):
    """Scores what is new of an input, in its order; reads ahead of what it gives, but not far.

    Attributes:
        warnings: what the user should know of the work done so far.
    """

    warnings: list[str]

    def score(self, work: Work) -> Iterator[ScoredBatch | WrittenPiece]:
        """Scores, or data files with scores that are not part of the tables yet.

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
        self.warnings: list[str] = []
        self._score = partial(score_batch, bundle=bundle, scored_at=scored_at)

    def score(self, work: Work) -> Iterator[ScoredBatch]:
        """See `Engine`."""
        return map(self._score, work.iter_windows())


@contextmanager
def open_engine(settings: EngineSettings, bundle: ModelBundle, scored_at: datetime) -> Iterator[Engine]:
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
    if (settings.name == "ray" or settings.workers > 1) and isinstance(
        without_normalisation(bundle.classifier), Accounting
    ):
        raise ConfigError(
            "a language model is as fast as its server: leave --engine and --workers out, and set how many calls are "
            "open at a time by model.max_concurrency, when it is trained"
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
        from pipeline.scoring.engines.local_processes import open_processes  # noqa: PLC0415 - most runs need none

        with open_processes(bundle, scored_at, settings.workers) as processes:
            yield processes
