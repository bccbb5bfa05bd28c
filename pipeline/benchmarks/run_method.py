"""One method on one set, in a process of its own, so that its memory and time are its own.

    python -m pipeline.benchmarks.run_method TASK.json

The task names the method, the files and a folder; `predictions.npz` and `outcome.json` are written there.
"""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from pipeline.benchmarks.methods import OURS, build_rival, our_config
from pipeline.benchmarks.peak_memory import peak_memory_bytes
from pipeline.classifiers.encoder.encoder_choice import choose_encoder
from pipeline.classifiers.encoder.encoders import AUTO, find_encoder
from pipeline.commands.terminal import progress_bar
from pipeline.config.data import DataSettings
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.errors import PipelineError
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.tracking.tracker import NullTracker
from pipeline.training.fit_model import read_folds
from pipeline.training.run_training import run_training

PREDICTIONS, OUTCOME = "predictions.npz", "outcome.json"


@dataclass(frozen=True, slots=True)
class Task:
    """What a process has to do."""

    method: str
    codebook: str
    train: str
    test: str
    folder: str
    seed: int
    rivals_in_bf16: bool = False


@dataclass(frozen=True, slots=True)
class MethodCost:
    """What a method cost.

    Attributes:
        train_seconds: wall-clock seconds of learning and tuning, loading of its libraries included.
        n_train: rows of train and dev that it was given.
        peak_memory_bytes: of the process, from start to end.
        notes: what a reader of its figures has to know.
    """

    train_seconds: float
    n_train: int
    peak_memory_bytes: int
    notes: tuple[str, ...] = field(default=())

    @property
    def sentences_per_second(self) -> float:
        """Training rows for each second of training."""
        return self.n_train / max(self.train_seconds, 1e-9)


def run_task(task: Task) -> MethodCost:
    """Train, predict the test texts once, and write predictions and cost.

    Raises:
        DataError: see `read_folds`.
    """
    predictions, seconds, n_train, notes = _run_ours(task) if task.method in OURS else _run_rival(task)
    folder = Path(task.folder)
    np.savez_compressed(folder / PREDICTIONS, allow_pickle=False, **predictions.to_arrays())
    cost = MethodCost(seconds, n_train, peak_memory_bytes(), notes)
    (folder / OUTCOME).write_text(json.dumps(asdict(cost)), encoding="utf-8")
    return cost


def read_outcome(folder: Path) -> tuple[TestPredictions, MethodCost]:
    """What `run_task` wrote."""
    with np.load(folder / PREDICTIONS, allow_pickle=False) as arrays:
        predictions = TestPredictions.from_arrays(dict(arrays))
    raw = json.loads((folder / OUTCOME).read_text(encoding="utf-8"))
    return predictions, MethodCost(**{**raw, "notes": tuple(raw["notes"])})


def _run_ours(task: Task) -> tuple[TestPredictions, float, int, tuple[str, ...]]:
    config = our_config(task.method, _data(task), output=Path(task.folder) / "runs", seed=task.seed)
    with progress_bar() as progress:
        result = run_training(config, NullTracker(), progress)
    with np.load(result.bundle / "test_predictions.npz", allow_pickle=False) as arrays:
        predictions = TestPredictions.from_arrays(dict(arrays))
    n_train = len(result.folds.train) + len(result.folds.dev)
    return predictions, result.figures["fit_seconds"], n_train, result.notes


def _run_rival(task: Task) -> tuple[TestPredictions, float, int, tuple[str, ...]]:
    codebook = load_codebook(Path(task.codebook))
    # The folds are those of our own runs: one config, one seed.
    folds = read_folds(
        our_config(task.method, _data(task), output=Path(task.folder), seed=task.seed), codebook
    )
    single_label = codebook.mode == "single_label"
    encoder = find_encoder(choose_encoder(AUTO, folds.train).name)  # that of ours
    start = time.monotonic()
    rival = build_rival(
        task.method,
        encoder.folder,
        single_label=single_label,
        seed=task.seed,
        work=Path(task.folder),
        bf16=task.rivals_in_bf16,
    )
    notes = rival.fit(folds)
    seconds = time.monotonic() - start
    probabilities, decided = rival.predict(list(folds.test.table["text"]))
    predictions = TestPredictions(
        ids=np.asarray(folds.test.table["id"], str),
        clusters=folds.clusters["test"],
        truth=folds.test.indicator(),
        calibrated=np.asarray(probabilities, np.float64),
        decided=decided,
    )
    return predictions, round(seconds, 3), len(folds.train) + len(folds.dev), (*folds.notes, *notes)


def _data(task: Task) -> DataSettings:
    return DataSettings(codebook=task.codebook, train=task.train, test=task.test)


def main() -> None:
    """Do the task of the file that the command line names."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # everything is on this machine; nothing asks the network
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    task = Task(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    try:
        run_task(task)
    except PipelineError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
