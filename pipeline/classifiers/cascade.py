"""The baseline reads every text, the dear model only those that may carry a frame.

What the baseline dismisses keeps the baseline's calibrated probabilities, which are low. `pipeline.classifiers.gate`
says how the gate is chosen and what a miss is.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.gate import CONFIDENCE, Gate, carrying_scores, choose_gate
from pipeline.classifiers.parts import fit_parts, load_parts, save_parts
from pipeline.classifiers.protocols import FitContext, FitSummary, FittedClassifier, Probabilities
from pipeline.config.decisions import DecisionSettings
from pipeline.config.model import CascadeSettings, ModelSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import ConfigError, ModelError
from pipeline.files.json_files import write_json
from pipeline.measures.calibration import Calibrator, fit_calibrator

_FILE = "classifier.json"
_FIRST, _SECOND = "tfidf", "second"  # folders of the stages
_TIMED_TEXTS = 200


class Cascade:
    """Two stages, each with a calibration of its own, so that their probabilities mean the same.

    Args:
        settings: of both stages, and the miss rate that is allowed.
        labels: frame ids in column order.
        single_label: refused by `fit`; every text carries a frame there, so that none may be dismissed.
    """

    kind: ClassVar[str] = "cascade"
    needs_dev: ClassVar[bool] = False

    def __init__(self, settings: CascadeSettings, labels: tuple[str, ...], *, single_label: bool) -> None:
        self.settings = settings
        self.labels = labels
        self.single_label = single_label
        self.threshold = 0.0
        self._stages: dict[str, FittedClassifier] = {}
        self._calibrators: dict[str, Calibrator] = {}

    def fit(
        self,
        train: LabelledData,
        dev: LabelledData | None,  # noqa: ARG002 - the protocol's; nothing here stops early
        clusters: NDArray[np.int64],
        context: FitContext,
    ) -> FitSummary:
        """Fit both stages on all rows, and the gate on the baseline's out-of-fold probabilities.

        `clusters`: of the rows of `train`, shape (n_train,).

        Raises:
            ConfigError: a single-label codebook.
            DataError: all rows are copies of one another, so that nothing is out of fold.
        """
        if self.single_label:
            raise ConfigError(
                "model.kind: cascade dismisses texts without frames; in a single-label codebook every text has one: "
                f"use model.kind: {self.settings.second.kind}"
            )
        parts = fit_parts(
            self._settings_of_stages(), self.labels, train, clusters, context, single_label=False
        )
        self._stages, truth = parts.classifiers, train.indicator()
        shrinkage = DecisionSettings().shrinkage_positives
        self._calibrators = {
            name: fit_calibrator(raw, truth, single_label=False, shrinkage=shrinkage)
            for name, raw in parts.out_of_fold.items()
        }
        calibrated = {name: self._calibrators[name](raw) for name, raw in parts.out_of_fold.items()}
        scores = carrying_scores(calibrated[_FIRST])
        gate = choose_gate(scores, truth, clusters, self.settings.max_miss_rate)
        self.threshold = gate.threshold
        speed_up = self._expect_speed_up(list(train.table["text"])[:_TIMED_TEXTS], gate.dismissed_share)
        figures = {
            **parts.figures,
            "gate_threshold": gate.threshold,
            "gate_dismissed_share": gate.dismissed_share,
            "gate_missed": float(gate.missed),
            "gate_carriers": float(gate.carriers),
            "gate_miss_bound": gate.miss_bound,
            "gate_design_effect": gate.design_effect,
            "gate_expected_speed_up": speed_up,
        }
        passes = (scores >= gate.threshold)[:, None]
        combined = np.where(passes, calibrated[_SECOND], calibrated[_FIRST]).astype(np.float32)
        return FitSummary(figures, (*parts.notes, self._describe(gate, speed_up)), out_of_fold=combined)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities, shape (n_texts, n_frames): the second stage's, or of dismissed texts the baseline's."""
        if not self.threshold:  # nobody is dismissed
            return np.asarray(self._read(_SECOND, texts), np.float32)
        probabilities = self._read(_FIRST, texts)
        rows = np.flatnonzero(carrying_scores(probabilities) >= self.threshold).tolist()
        if rows:
            probabilities[rows] = self._read(_SECOND, [texts[row] for row in rows])
        return np.asarray(probabilities, np.float32)

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Texts that reach the second stage and are not read to their end there, shape (n_texts,)."""
        is_cut = np.array(self._stage(_SECOND).find_cut(texts), bool)
        rows = np.flatnonzero(is_cut).tolist()
        if rows:
            long = self._read(_FIRST, [texts[row] for row in rows])
            is_cut[rows] = carrying_scores(long) >= self.threshold
        return is_cut

    def save(self, folder: Path) -> None:
        """Each stage in a folder of its own; gate and calibrations as JSON."""
        save_parts({name: self._stage(name) for name in self._settings_of_stages()}, folder)
        described = {
            "settings": self.settings.model_dump(mode="json"),
            "labels": self.labels,
            "threshold": self.threshold,
            "calibrators": {name: calibrator.to_json() for name, calibrator in self._calibrators.items()},
        }
        write_json(folder / _FILE, described)

    @classmethod
    def load(cls, folder: Path) -> "Cascade":
        """Read what `save` wrote.

        Raises:
            ModelError: a file is missing or not what it should be.
        """
        try:
            described = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            settings = CascadeSettings.model_validate(described["settings"])
            model = cls(settings, tuple(described["labels"]), single_label=False)
            model.threshold = float(described["threshold"])
            model._calibrators = {
                name: Calibrator.from_json(described["calibrators"][name])
                for name in model._settings_of_stages()
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{folder}: not a readable cascade: {error}") from None
        model._stages = load_parts(model._settings_of_stages(), folder)
        return model

    def _settings_of_stages(self) -> dict[str, ModelSettings]:
        return {_FIRST: self.settings.tfidf, _SECOND: self.settings.second}

    def _stage(self, name: str) -> FittedClassifier:
        if name not in self._stages:
            raise ModelError("this cascade was neither fitted nor loaded")
        return self._stages[name]

    def _read(self, name: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """Calibrated probabilities of a stage, shape (n_texts, n_frames)."""
        raw = self._stage(name).predict_proba(texts)
        return self._calibrators[name](raw)

    def _expect_speed_up(self, texts: list[str], dismissed_share: float) -> float:
        """Time of the second stage alone over that of the cascade, by what both take here and now."""
        seconds = {}
        for name in self._stages:
            start = time.perf_counter()
            self._read(name, texts)
            seconds[name] = time.perf_counter() - start
        return seconds[_SECOND] / (seconds[_FIRST] + (1 - dismissed_share) * seconds[_SECOND])

    def _describe(self, gate: Gate, speed_up: float) -> str:
        allowed = (
            f"with a miss rate of at most {self.settings.max_miss_rate:.1%} ({CONFIDENCE:.0%} upper bound)"
        )
        if not gate.dismissed_share:
            return (
                f"cascade: the baseline can dismiss no text {allowed}, by {gate.carriers} coded texts with frames "
                f"(of none missed the bound is {gate.miss_bound:.1%}): every text is read by the second stage, as with "
                f"model.kind: {self.settings.second.kind}"
            )
        return (
            f"cascade: texts to which the baseline gives a chance below {gate.threshold:.3f} of any frame are "
            f"dismissed and keep its low probabilities: {gate.dismissed_share:.1%} of the training texts, out of fold. "
            f"Of {gate.carriers} that carry a frame {gate.missed} were missed ({gate.missed / gate.carriers:.2%}, "
            f"upper bound {gate.miss_bound:.2%} of {self.settings.max_miss_rate:.1%} allowed). Expected speed: "
            f"{speed_up:.2f} times the second stage's alone, if as many are dismissed among the texts to be scored"
        )
