"""A classifier of any kind that reads normalised text, in training as in scoring.

It stands around the whole classifier, so that every way to a score (evaluation, predict, serving, Spark, Ray) goes
through it; callers hand in, store and quote the original text.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.protocols import (
    Accounting,
    Classifier,
    FitContext,
    FitSummary,
    FittedClassifier,
    Probabilities,
)
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.normalise_batches import normalise_texts
from pipeline.data.text.text_normalisation import RULES, Normalised, normalise
from pipeline.errors import ModelError
from pipeline.files.json_files import read_json_object

TEXT_FILE = "text.json"  # beside the files of the classifier; where it is missing, texts are read as they are
_KEY = "normalisation_rules"


class NormalisedText:
    """A fitted classifier behind the normalisation.

    Args:
        inner: what gets the normalised texts.
    """

    def __init__(self, inner: FittedClassifier) -> None:
        self.inner = inner
        self.labels = inner.labels

    @property
    def kind(self) -> str:
        """That of the classifier inside."""
        return self.inner.kind

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Uncalibrated probabilities, shape (n_texts, n_frames)."""
        return self.inner.predict_proba(normalise_texts(texts))

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which texts are too long to be read to their end once normalised, shape (n_texts,)."""
        return self.inner.find_cut(normalise_texts(texts))

    def save(self, folder: Path) -> None:
        """The files of the classifier inside, and which rules its texts are normalised by."""
        self.inner.save(folder)
        (folder / TEXT_FILE).write_text(json.dumps({_KEY: RULES}), encoding="utf-8")


class LearnerOfNormalisedText(NormalisedText):
    """The same around a classifier that is still to be fitted.

    Args:
        inner: what learns from the normalised texts.
    """

    def __init__(self, inner: Classifier) -> None:
        super().__init__(inner)
        self._learner = inner

    @property
    def needs_dev(self) -> bool:
        """Whether the classifier inside stops early on dev."""
        return self._learner.needs_dev

    def fit(
        self, train: LabelledData, dev: LabelledData | None, clusters: NDArray[np.int64], context: FitContext
    ) -> FitSummary:
        """Fit the classifier inside on normalised texts; `clusters` of shape (n_train,)."""
        read_dev = None if dev is None else _normalise_rows(dev)
        if context.codebook_texts is not None:
            context = replace(context, codebook_texts=_normalise_rows(context.codebook_texts))
        return self._learner.fit(_normalise_rows(train), read_dev, clusters, context)


def reads_normalised(folder: Path) -> bool:
    """Whether the classifier saved in `folder` reads normalised text.

    Raises:
        ModelError: by rules that this version does not have.
    """
    path = folder / TEXT_FILE
    if not path.is_file():
        return False
    rules = read_json_object(path).get(_KEY)
    if rules != RULES:
        raise ModelError(
            f"{path}: texts are normalised by rules {rules!r}; this version has rules {RULES}: use the version of "
            "narrative-frames that trained the model, or train again"
        )
    return True


def read_text(classifier: FittedClassifier, text: str) -> Normalised:
    """A text as the classifier reads it, with the way back to the original."""
    if isinstance(classifier, NormalisedText):
        return normalise(text)
    return Normalised(text, text, [(i, i + 1) for i in range(len(text))])


def without_normalisation(classifier: FittedClassifier) -> FittedClassifier:
    """The classifier that gets the texts in the end, whether or not they are normalised first."""
    return classifier.inner if isinstance(classifier, NormalisedText) else classifier


def describe_account(classifier: FittedClassifier) -> tuple[dict[str, float], tuple[str, ...]]:
    """Figures and notes of a classifier that keeps an account of its scoring; none of any other."""
    inner = without_normalisation(classifier)
    return inner.account() if isinstance(inner, Accounting) else ({}, ())


def with_normalisation(classifier: FittedClassifier) -> NormalisedText:
    """The classifier behind the normalisation, whether or not it was trained so."""
    return classifier if isinstance(classifier, NormalisedText) else NormalisedText(classifier)


def _normalise_rows(data: LabelledData) -> LabelledData:
    return replace(data, table=data.table.assign(text=normalise_texts(list(data.table["text"]))))
