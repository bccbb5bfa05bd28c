"""What a classifier is, and what a training run lends to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.processes import ALONE, Processes
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import DataError

Probabilities = NDArray[np.float32]  # shape (n_texts, n_frames), each in [0, 1], columns in codebook order
Progress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


@dataclass(frozen=True, slots=True)
class FitContext:
    """What a training run lends to a classifier while it fits.

    Attributes:
        seed: reaches every random choice.
        work_folder: for checkpoints; a classifier that finds its own unfinished work there goes on from it.
        log_metric: name, value, step -> recorded as a curve.
        progress: called often; the caller draws the bar.
        processes: that share the training of a network.
        codebook: for a classifier that is told the codebook in words, without what stands in labelled rows; None where
            nobody asked for it.
        codebook_texts: rows (text, labels) to learn from besides the training rows, and never to judge by: they are
            part of every fit and of no out-of-fold probabilities.
    """

    seed: int
    work_folder: Path
    log_metric: Callable[[str, float, int], None]
    progress: Progress
    processes: Processes = ALONE
    codebook: Codebook | None = None
    codebook_texts: LabelledData | None = None

    def add_codebook_texts(self, train: LabelledData) -> tuple[list[str], NDArray[np.int8]]:
        """Texts of `train`, then those of the codebook, and their labels, shape (n_train + n_codebook, k)."""
        parts = [train] if self.codebook_texts is None else [train, self.codebook_texts]
        return [text for part in parts for text in part.table["text"]], np.concatenate(
            [part.indicator() for part in parts]
        )


@dataclass(frozen=True, slots=True)
class FitSummary:
    """What happened during a fit.

    Attributes:
        figures: for the record, by name.
        notes: for the reader of results.
        out_of_fold: raw probabilities (n_train, k) for the training rows from classifiers that had not seen them,
            where the fit made them anyway; decisions are then fitted on these.
        decided_on: raw probabilities of the rows that decisions were fitted on, added when that was done.
        codebook_texts: those of the context, added with them.
    """

    figures: dict[str, float]
    notes: tuple[str, ...] = ()
    out_of_fold: Probabilities | None = None
    decided_on: Probabilities | None = None
    codebook_texts: LabelledData | None = None

    def require_out_of_fold(self, train: LabelledData) -> Probabilities:
        """The out-of-fold probabilities (n_train, k) of the rows of `train`, which a fit without dev owes.

        Raises:
            DataError: all rows are one cluster of copies, so that nothing is outside of a fold.
        """
        if self.out_of_fold is None:
            raise DataError(f"{train.path}: all training rows are copies of one another")
        return self.out_of_fold


class FittedClassifier(Protocol):
    """Texts in, one probability for each frame out; decisions belong to `pipeline.decisions`."""

    labels: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Name of the kind, by which `build.load_classifier` reads it again."""
        ...

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Uncalibrated probabilities, shape (n_texts, n_frames)."""
        ...

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which texts are too long for `predict_proba` to read to their end, shape (n_texts,)."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything needed to predict into an existing, empty folder; no pickle."""
        ...


class Classifier(FittedClassifier, Protocol):
    """What learns to be a fitted classifier; `build.load_classifier` may read it as one that only scores."""

    @property
    def needs_dev(self) -> bool:
        """Whether `fit` stops early on dev, so that decisions are learnt there and not out of fold."""
        ...

    def fit(
        self, train: LabelledData, dev: LabelledData | None, clusters: NDArray[np.int64], context: FitContext
    ) -> FitSummary:
        """Fit on `train`; `clusters` (n_train,) keep copies together in any inner split."""
        ...


@runtime_checkable
class Accounting(Protocol):
    """A classifier that others are paid or waited for, and that may get no answer for single texts."""

    def account(self) -> tuple[dict[str, float], tuple[str, ...]]:
        """Figures by name, and notes for the reader of results, on all texts that it has read so far."""
        ...
