"""Baseline and transformer together: where they err differently, both are better than either.

Out-of-fold probabilities of both, on every training row, teach how much weight each gets for each frame; the
members that predict are then fitted on all rows. That costs `inner_folds` times the transformer's training.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.stacking import Stack, fit_stack
from pipeline.classifiers.tfidf_baseline import TfidfBaseline
from pipeline.classifiers.transformer import FineTunedTransformer
from pipeline.config import BlendSettings
from pipeline.data.labels import LabelledData
from pipeline.decisions.out_of_fold import out_of_fold_probabilities
from pipeline.errors import ModelError
from pipeline.protocols import Classifier, FitContext, FitSummary, Probabilities

_FILE = "classifier.json"
_TFIDF, _TRANSFORMER = "tfidf", "transformer"


class Blend:
    """Two members and the weight of each for each frame.

    Args:
        settings: of both members, and the number of inner folds.
        labels: frame ids in column order.
        single_label: one frame a text.
    """

    kind: ClassVar[str] = "blend"
    needs_dev: ClassVar[bool] = False

    def __init__(self, settings: BlendSettings, labels: tuple[str, ...], *, single_label: bool) -> None:
        self.settings = settings
        self.labels = labels
        self.single_label = single_label
        self._tfidf = self._new_tfidf()
        self._transformer = self._new_transformer()
        self._stack: Stack | None = None

    def fit(
        self,
        train: LabelledData,
        dev: LabelledData | None,  # noqa: ARG002 - the protocol's; nothing here stops early
        clusters: NDArray[np.int64],
        context: FitContext,
    ) -> FitSummary:
        """Learn the weights out of fold, then fit both members on all rows."""
        out_of_fold = [
            out_of_fold_probabilities(
                build,
                train,
                clusters,
                replace(context, work_folder=context.work_folder / name),
                n_folds=self.settings.inner_folds,
            )
            for name, build in ((_TFIDF, self._new_tfidf), (_TRANSFORMER, self._new_transformer))
        ]
        self._stack = fit_stack(out_of_fold, train.indicator(), single_label=self.single_label)
        figures: dict[str, float] = {}
        members: tuple[tuple[str, Classifier], ...] = (
            (_TFIDF, self._tfidf),
            (_TRANSFORMER, self._transformer),
        )
        notes: tuple[str, ...] = ()
        for name, member in members:
            inner = replace(context, work_folder=context.work_folder / f"{name}-final")
            summary = member.fit(train, None, clusters, inner)
            figures |= {f"{name}_{figure}": value for figure, value in summary.figures.items()}
            notes += summary.notes
        share = self._stack.weights / np.maximum(self._stack.weights.sum(axis=0), 1e-9)
        figures |= {
            f"transformer_share/{label}": float(value)
            for label, value in zip(self.labels, share[1], strict=True)
        }
        combined = np.asarray(self._stack.combine(out_of_fold), np.float32)
        return FitSummary(figures, notes, out_of_fold=combined)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities of shape (n_texts, n_frames)."""
        if self._stack is None:
            raise ModelError("this blend was neither fitted nor loaded")
        members = [member.predict_proba(texts) for member in (self._tfidf, self._transformer)]
        return np.asarray(self._stack.combine(members), np.float32)

    def save(self, folder: Path) -> None:
        """Each member in a folder of its own, the weights as JSON."""
        if self._stack is None:
            raise ModelError("this blend was not fitted")
        for name, member in ((_TFIDF, self._tfidf), (_TRANSFORMER, self._transformer)):
            (folder / name).mkdir()
            member.save(folder / name)
        described = {
            "settings": self.settings.model_dump(mode="json"),
            "labels": self.labels,
            "single_label": self.single_label,
            "stack": self._stack.to_json(),
        }
        (folder / _FILE).write_text(json.dumps(described, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Blend":
        """Read what `save` wrote.

        Raises:
            ModelError: a file is missing or not what it should be.
        """
        try:
            described = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            model = cls(
                BlendSettings.model_validate(described["settings"]),
                tuple(described["labels"]),
                single_label=described["single_label"],
            )
            model._stack = Stack.from_json(described["stack"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{folder}: not a readable blend: {error}") from None
        model._tfidf = TfidfBaseline.load(folder / _TFIDF)
        model._transformer = FineTunedTransformer.load(folder / _TRANSFORMER)
        return model

    def _new_tfidf(self) -> TfidfBaseline:
        return TfidfBaseline(self.settings.tfidf, self.labels, single_label=self.single_label)

    def _new_transformer(self) -> FineTunedTransformer:
        return FineTunedTransformer(self.settings.transformer, self.labels, single_label=self.single_label)
