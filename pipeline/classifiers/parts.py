"""What models that are made of models have in common: each part is fitted out of fold and has a folder of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.build import build_classifier, load_classifier
from pipeline.classifiers.protocols import FitContext, FittedClassifier, Probabilities
from pipeline.config.model import ModelSettings
from pipeline.data.labels.labelled_rows import LabelledData


@dataclass(frozen=True, slots=True)
class FittedParts:
    """Parts by name, and what their fits gave.

    Attributes:
        classifiers: fitted on all rows.
        out_of_fold: raw probabilities (n_train, k) of each, from fits that had not seen the row.
        figures: of the fits, each behind the name of its part.
        notes: for the reader of results.
    """

    classifiers: dict[str, FittedClassifier]
    out_of_fold: dict[str, Probabilities]
    figures: dict[str, float]
    notes: tuple[str, ...]


def fit_parts(
    settings: Mapping[str, ModelSettings],
    labels: tuple[str, ...],
    train: LabelledData,
    clusters: NDArray[np.int64],
    context: FitContext,
    *,
    single_label: bool,
) -> FittedParts:
    """Fit each part on all rows; `clusters` (n_train,) keep copies together in the folds inside.

    Raises:
        DataError: all rows are copies of one another, so that nothing is out of fold.
    """
    parts = FittedParts({}, {}, {}, ())
    for name, own in settings.items():
        classifier = build_classifier(own, labels, single_label=single_label)
        inner = replace(context, work_folder=context.work_folder / name)
        summary = classifier.fit(train, None, clusters, inner)
        parts.classifiers[name] = classifier
        parts.out_of_fold[name] = summary.require_out_of_fold(train)
        parts.figures.update({f"{name}_{figure}": value for figure, value in summary.figures.items()})
        parts = replace(parts, notes=parts.notes + summary.notes)
    return parts


def save_parts(parts: Mapping[str, FittedClassifier], folder: Path) -> None:
    """Each in the folder of its name."""
    for name, part in parts.items():
        (folder / name).mkdir()
        part.save(folder / name)


def load_parts(settings: Mapping[str, ModelSettings], folder: Path) -> dict[str, FittedClassifier]:
    """Read what `save_parts` wrote.

    Raises:
        ModelError: a file is missing or not what it should be.
    """
    return {name: load_classifier(own.kind, folder / name) for name, own in settings.items()}
