"""A new decision rule for a finished model, from labelled rows of another corpus or another coder.

How a model ranks texts travels further than where it draws the line: on other channels, or by another coder's
labels, its probabilities are too high or too low by much the same amount. A few hundred labelled rows tell by how much.
The classifier stays as it is, so scores of before and after differ in calibration and thresholds alone.

The new model's figures are those of these rows, each decided by a rule that was learnt without its cluster; its own
rule rests on all of them. They count as training texts from then on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from pipeline.bundle import ModelBundle, load_bundle, save_bundle
from pipeline.config.decisions import DecisionSettings
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.tracking import TrackingSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.training_record import STEM as TRAINING_RECORD
from pipeline.data.labels.training_record import TrainingRecord
from pipeline.errors import DataError
from pipeline.evaluation.comparison import Comparison
from pipeline.evaluation.evaluate_bundle import predict_labelled, read_training_facts
from pipeline.evaluation.evaluation_report import EvaluationReport
from pipeline.evaluation.leakage import LESSONS, keep_unseen, text_digests
from pipeline.evaluation.slices import SliceReport, evaluate_slices
from pipeline.evaluation.test_predictions import TestPredictions, compare_predictions, evaluate_predictions
from pipeline.files.json_files import read_json_object
from pipeline.measures.calibration import Calibrator
from pipeline.measures.decision_rule import DecisionRule, refit_decision_rule
from pipeline.measures.hierarchy import imply_parents
from pipeline.reporting.model_card import MODEL_CARD, write_card
from pipeline.scoring.drift_reference import SCORE_EDGES, count_bins, read_drift_reference
from pipeline.scoring.drift_reference import STEM as DRIFT_REFERENCE
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.provenance import collect_provenance
from pipeline.training.tracked_training import register_with_card

SHRINKAGE = DecisionSettings().shrinkage_positives
FOLDS = 5
FEWEST_CLUSTERS = 30  # below, a rule moves more by chance than for a reason
_TEXTS, _PREDICTIONS = "training_texts", "test_predictions"
_REPLACED = ("format", "name", "kind", "bundle_hash", "codebook_hash", "files", "manifest_hash")


@dataclass(frozen=True, slots=True)
class Recalibration:
    """A recalibrated model, and what the new rule changed on the rows that it was learnt from.

    Attributes:
        bundle: of the new model.
        report: figures on the rows, decided by rules that had not seen them.
        slices: the same for parts of them.
        comparison: the model before against these decisions, on the same rows.
        shares: of the rows, for each frame: coded, found before, found now, shape (k, 3).
        notes: what a reader has to know.
    """

    bundle: ModelBundle
    report: EvaluationReport
    slices: SliceReport
    comparison: Comparison
    shares: NDArray[np.float64]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "bundle": str(self.bundle.folder),
            "bundle_hash": self.bundle.bundle_hash,
            "evaluation": self.report.to_json(),
            "slices": self.slices.to_json(),
            "against_before": self.comparison.to_json(),
            "shares": {
                frame: dict(zip(("coded", "before", "now"), row.tolist(), strict=True))
                for frame, row in zip(self.bundle.frame_ids, self.shares, strict=True)
            },
            "notes": list(self.notes),
        }


def recalibrate(
    bundle: ModelBundle, data: LabelledData, destination: Path, *, seed: int = 0
) -> Recalibration:
    """Learn calibration and thresholds anew, and save the model with them as a new bundle.

    Args:
        bundle: the model; it stays as it is.
        data: labelled rows; those that the model has learnt from are left out.
        destination: a folder that does not exist yet.
        seed: of folds and bootstrap.

    Raises:
        DataError: too few rows, no frame among them, or none that the model has not learnt from.
        ModelError: the destination exists.
    """
    unseen, notes = keep_unseen(data, [bundle])
    before = predict_labelled(bundle, unseen)
    _require_enough(unseen, before)
    raw = np.asarray(before.raw)
    rule = refit_decision_rule(bundle.decisions, raw, before.truth, shrinkage=SHRINKAGE)
    crossed = _cross_fit(bundle.decisions, before, seed)
    settings = EvaluationSettings()
    report = evaluate_predictions(
        crossed, bundle.frame_ids, settings, seed=seed, parents=bundle.codebook.parents
    )
    facts = read_training_facts(bundle)
    slices = evaluate_slices(crossed, facts, settings, frame_ids=bundle.frame_ids, seed=seed)
    comparison = compare_predictions(before, crossed, bundle.frame_ids, settings, seed=seed)
    origin = (
        f"recalibrated from {bundle.model_id} on {len(unseen)} rows of {data.path.name}: its figures are of these "
        "rows, each decided by a rule learnt without it"
    )
    folder = save_bundle(
        destination,
        name=str(bundle.manifest["name"]),
        classifier=bundle.classifier,
        codebook=bundle.codebook,
        decisions=rule,
        config=read_json_object(bundle.folder / "config.json"),
        metrics={**report.to_json(), "slices": slices.to_json()},
        arrays=_describe_rows(bundle, unseen, rule, crossed),
        provenance=_describe_origin(bundle, unseen, (origin, *notes, *report.notes), seed),
        describe=lambda building, manifest: {MODEL_CARD: write_card(building, manifest)},
    )
    shares = np.stack([part.mean(axis=0) for part in (before.truth, before.decided, crossed.decided)], axis=1)
    return Recalibration(load_bundle(folder), report, slices, comparison, shares, (origin, *notes))


def record_recalibration(done: Recalibration, tracking: TrackingSettings) -> int | None:
    """Record a recalibrated model as a run in MLflow and, with `register_as`, as that model's newest version.

    Raises:
        PipelineError: the store does not answer or cannot be used.
    """
    manifest, folder = done.bundle.manifest, done.bundle.folder
    with MlflowTracker.start(tracking, f"{manifest['name']} recalibrated") as tracker:
        tracker.log_metrics(done.report.flat_metrics())
        tracker.log_dict(done.to_json(), "recalibration.json")
        tracker.log_bundle(folder)
        return register_with_card(tracker, folder, done.report, tracking, why="recalibrated")


def _require_enough(data: LabelledData, rows: TestPredictions) -> None:
    n_clusters = len(np.unique(rows.clusters))
    if n_clusters < FEWEST_CLUSTERS:
        raise DataError(
            f"{data.path}: {n_clusters} clusters of texts that the model has not learnt from; at least "
            f"{FEWEST_CLUSTERS} are needed to tell how its probabilities are off. Label more of them"
        )
    if not rows.truth.any():
        raise DataError(f"{data.path}: no row carries a frame, so nothing says how probable frames are")


def _cross_fit(rule: DecisionRule, rows: TestPredictions, seed: int) -> TestPredictions:
    """The rows as rules see them that were learnt on other clusters, shapes (n, k)."""
    raw = np.asarray(rows.raw)
    calibrated, decided = np.empty(raw.shape), np.zeros(raw.shape, bool)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed).split(raw, groups=rows.clusters)
    for others, held_out in folds:
        refitted = refit_decision_rule(rule, raw[others], rows.truth[others], shrinkage=SHRINKAGE)
        calibrated[held_out] = refitted.calibrate(raw[held_out])
        decided[held_out] = refitted.decide(calibrated[held_out])
    return replace(rows, calibrated=calibrated, decided=decided)


def _describe_rows(
    bundle: ModelBundle, data: LabelledData, rule: DecisionRule, crossed: TestPredictions
) -> dict[str, Mapping[str, NDArray[Any]]]:
    """The arrays of the bundle: the new rows are its test fold and, from now on, part of its training."""
    texts = list(data.table["text"])
    seen = bundle.read_arrays(_TEXTS)
    digests = np.union1d(seen["digests"], text_digests(texts))
    arrays: dict[str, Mapping[str, NDArray[Any]]] = {
        _PREDICTIONS: crossed.to_arrays(),
        _TEXTS: {**seen, "digests": digests, "test_digests": text_digests(texts)},
    }
    if (bundle.folder / f"{TRAINING_RECORD}.npz").is_file():
        old = TrainingRecord.from_arrays(bundle.read_arrays(TRAINING_RECORD), len(bundle.frame_ids))
        new = TrainingRecord.of(texts, crossed.calibrated)
        moved = imply_parents(
            _move(old.probabilities, bundle.decisions.calibrator, rule.calibrator), rule.parents
        )
        arrays[TRAINING_RECORD] = TrainingRecord(
            np.concatenate([old.digests, new.digests]),
            np.concatenate([old.sketches, new.sketches]),
            np.concatenate([moved, new.probabilities]),
        ).to_arrays()
    if (bundle.folder / f"{LESSONS}.npz").is_file():
        arrays[LESSONS] = bundle.read_arrays(LESSONS)
    reference = read_drift_reference(bundle)
    if (
        reference is not None
    ):  # its words are what the classifier knows, its scores what is to be expected now
        arrays[DRIFT_REFERENCE] = replace(
            reference,
            score_counts=np.array([count_bins(of_frame, SCORE_EDGES) for of_frame in crossed.calibrated.T]),
            score_means=crossed.calibrated.mean(axis=0),
            score_clusters=len(np.unique(crossed.clusters)),
        ).to_arrays()
    return arrays


def _move(calibrated: NDArray[np.float32], old: Calibrator, new: Calibrator) -> NDArray[np.float32]:
    """Probabilities (n, k) by one calibrator as the other gives them; NaN stays NaN."""
    ratios = new.slopes / old.slopes
    difference = Calibrator(ratios, new.offsets - old.offsets * ratios, new.softmax)
    return np.asarray(difference(calibrated), np.float32)


def _describe_origin(
    bundle: ModelBundle, data: LabelledData, notes: tuple[str, ...], seed: int
) -> dict[str, Any]:
    kept = {key: value for key, value in bundle.manifest.items() if key not in _REPLACED}
    return {
        **kept,
        **collect_provenance(),
        "test_fingerprint": data.fingerprint,
        "recalibrated": {
            "from": bundle.model_id,
            "bundle_hash": bundle.bundle_hash,
            "rows": len(data),
            "fingerprint": data.fingerprint,
            "seed": seed,
        },
        "notes": [*bundle.manifest.get("notes", []), *notes],
    }
