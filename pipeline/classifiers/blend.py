"""Baseline and transformer together: where they err differently, both are better than either.

Out-of-fold probabilities of both, on every training row, teach how much weight each gets for each frame. Each
member brings its own, so a blend costs no more than its two members.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.parts import fit_parts, load_parts, save_parts
from pipeline.classifiers.protocols import FitContext, FitSummary, FittedClassifier, Probabilities
from pipeline.classifiers.stacking import Stack, fit_stack
from pipeline.config.model import BlendSettings, ModelSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import ModelError
from pipeline.files.json_files import write_json

if TYPE_CHECKING:
    from pipeline.classifiers.transformer.transformer import FineTunedTransformer

_FILE = "classifier.json"
_MEMBERS = ("tfidf", "transformer")  # kinds of the members, and names of their folders


class Blend:
    """Two members and the weight of each for each frame.

    Args:
        settings: of both members.
        labels: frame ids in column order.
        single_label: one frame a text.
    """

    kind: ClassVar[str] = "blend"
    needs_dev: ClassVar[bool] = False

    def __init__(self, settings: BlendSettings, labels: tuple[str, ...], *, single_label: bool) -> None:
        self.settings = settings
        self.labels = labels
        self.single_label = single_label
        self._members: dict[str, FittedClassifier] = {}  # by kind; empty before it is fitted or loaded
        self._stack: Stack | None = None

    def fit(
        self,
        train: LabelledData,
        dev: LabelledData | None,  # noqa: ARG002 - the protocol's; nothing here stops early
        clusters: NDArray[np.int64],
        context: FitContext,
    ) -> FitSummary:
        """Fit both members; their probabilities of rows that they had not seen teach how much each is worth.

        `clusters`: of the rows of `train`, shape (n_train,).
        """
        parts = fit_parts(
            self._settings_of_members(), self.labels, train, clusters, context, single_label=self.single_label
        )
        self._members, out_of_fold = parts.classifiers, list(parts.out_of_fold.values())
        self._stack = fit_stack(out_of_fold, train.indicator(), single_label=self.single_label)
        share = self._stack.weights / np.maximum(self._stack.weights.sum(axis=0), 1e-9)
        shares = {
            f"transformer_share/{label}": float(value)
            for label, value in zip(self.labels, share[1], strict=True)
        }
        combined = np.asarray(self._stack.combine(out_of_fold), np.float32)
        return FitSummary({**parts.figures, **shares}, parts.notes, out_of_fold=combined)

    def with_transformer(self, student: "FineTunedTransformer") -> "Blend":
        """The same blend with a transformer that copies its own: baseline and weights stay."""
        settings = self.settings.model_copy(update={"transformer": student.settings})
        blend = Blend(settings, self.labels, single_label=self.single_label)
        blend._members = {**self._members, _MEMBERS[1]: student}
        blend._stack = self._stack
        return blend

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities of shape (n_texts, n_frames)."""
        if self._stack is None:
            raise ModelError("this blend was neither fitted nor loaded")
        probabilities = [self._members[kind].predict_proba(texts) for kind in _MEMBERS]
        return np.asarray(self._stack.combine(probabilities), np.float32)

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Texts that a member does not read to their end, shape (n_texts,)."""
        is_cut = np.zeros(len(texts), bool)
        for member in self._members.values():
            is_cut |= member.find_cut(texts)
        return is_cut

    def save(self, folder: Path) -> None:
        """Each member in a folder of its own, the weights as JSON."""
        if self._stack is None:
            raise ModelError("this blend was not fitted")
        save_parts(self._members, folder)
        described = {
            "settings": self.settings.model_dump(mode="json"),
            "labels": self.labels,
            "single_label": self.single_label,
            "stack": self._stack.to_json(),
        }
        write_json(folder / _FILE, described)

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
        model._members = load_parts(model._settings_of_members(), folder)
        return model

    def _settings_of_members(self) -> dict[str, ModelSettings]:
        return dict(zip(_MEMBERS, (self.settings.tfidf, self.settings.transformer), strict=True))
