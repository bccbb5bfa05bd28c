"""One training run, from a config to a model bundle. Read this first: every stage is called from here.

read codebook and labels -> folds -> fit -> calibrate and set thresholds on rows outside the training
  -> evaluate on test -> write the bundle -> record everything
"""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle, load_bundle, save_bundle
from pipeline.classifiers.normalised_text import describe_account
from pipeline.classifiers.processes import ALONE, Processes
from pipeline.classifiers.protocols import Classifier, FitContext, FitSummary, Progress
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import Codebook, load_codebook
from pipeline.data.labels.frame_languages import FrameLanguages
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.splits import NAMES, Folds, join_folds
from pipeline.data.labels.training_record import STEM as TRAINING_RECORD
from pipeline.data.labels.training_record import TrainingRecord
from pipeline.data.text.language import find_languages
from pipeline.evaluation.evaluation_report import EvaluationReport
from pipeline.evaluation.leakage import text_digests
from pipeline.evaluation.row_facts import TrainingFacts
from pipeline.evaluation.slices import SliceReport, evaluate_slices
from pipeline.evaluation.test_predictions import TestPredictions, evaluate_predictions
from pipeline.files.durable_files import explain_full_disk
from pipeline.measures.decision_rule import DecisionRule
from pipeline.reporting.model_card import MODEL_CARD, write_card
from pipeline.scoring.drift_reference import STEM as DRIFT_REFERENCE
from pipeline.scoring.drift_reference import DriftReference
from pipeline.tracking.provenance import collect_provenance
from pipeline.tracking.tracker import Tracker
from pipeline.training.fit_model import (
    check_positives,
    find_shared_part,
    fit_with_decisions,
    predict_test,
    read_folds,
)
from pipeline.training.unfinished_work import hold_work_folder, mention_kept


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run produced.

    Attributes:
        bundle: folder of the model.
        report: evaluation on the test fold.
        slices: the same figures for parts of it.
        folds: how the rows were divided.
        figures: of the fit and of time spent, by name.
        notes: what a reader of the figures has to know.
    """

    bundle: Path
    report: EvaluationReport
    slices: SliceReport
    folds: Folds
    figures: dict[str, float]
    notes: tuple[str, ...]


def run_training(
    config: RunConfig, tracker: Tracker, progress: Progress, processes: Processes = ALONE
) -> TrainingResult:
    """Train, evaluate and save one model, and record it all.

    A run that was killed is taken up by running the same config on the same data again; finished stages of its
    classifier are not repeated. Of several processes only the first calls this, the others `assist_training`.

    Raises:
        ConfigError: the codebook does not fit its schema; several processes for a model without a transformer.
        DataError: labels that cannot be used; a frame with too few positives to learn; another process trains
            the same config on the same data in the same output folder; no room on the disk.
    """
    clock = _Clock()
    find_shared_part(config, processes)
    codebook = load_codebook(Path(config.data.codebook))
    folds = read_folds(config, codebook)
    frame_notes = check_positives(folds, config.decisions)
    tracker.log_config(config.model_dump(mode="json"))
    for name, data in (("train", folds.train), ("dev", folds.dev), ("test", folds.test)):
        tracker.log_dataset(data, name)
    clock.lap("read_seconds")

    with (
        explain_full_disk(Path(config.output)),
        hold_work_folder(config, _work_key(config, codebook, folds, processes)) as work,
    ):
        context = FitContext(config.seed, work, tracker.log_metric, progress, processes)
        classifier, decisions, summary = fit_with_decisions(config, codebook, folds, context)
        clock.lap("fit_seconds")

        predictions = predict_test(classifier, decisions, folds)
        clock.lap("score_test_seconds")
        report = evaluate_predictions(
            predictions,
            codebook.frame_ids,
            config.evaluation,
            seed=config.seed,
            parents=codebook.parents,
        )
        training = TrainingFacts.of(folds.train, folds.dev)
        slices = evaluate_slices(
            predictions, training, config.evaluation, frame_ids=codebook.frame_ids, seed=config.seed
        )
        clock.lap("evaluate_seconds")

        asked, told = describe_account(classifier)
        notes = (*folds.notes, *frame_notes, *summary.notes, *told, *report.notes)
        figures = {**{f"fit_{name}": value for name, value in summary.figures.items()}, **clock.laps, **asked}
        bundle = save_bundle(
            bundle_folder(config),
            building_in=work,
            numbered=True,  # another run of this name may end in the same second
            name=config.name,
            classifier=classifier,
            codebook=codebook,
            decisions=decisions,
            config=config.model_dump(mode="json"),
            metrics={**report.to_json(), "slices": slices.to_json()},
            arrays={
                "test_predictions": predictions.to_arrays(),
                "training_texts": {**_seen_texts(folds, summary), **training.to_arrays()},
                TRAINING_RECORD: _record_training(classifier, decisions, summary, folds).to_arrays(),
                DRIFT_REFERENCE: _describe_training(classifier, decisions, summary, folds).to_arrays(),
            },
            describe=lambda folder, manifest: {MODEL_CARD: write_card(folder, manifest)},
            provenance={
                **collect_provenance(),
                "dataset_fingerprint": folds.fingerprint,
                "test_fingerprint": folds.test.fingerprint,
                "data": _describe_data(folds, config),
                "frame_languages": FrameLanguages.of(folds.train, folds.dev).to_json(),
                "seed": config.seed,
                "processes": processes.size,
                "figures": figures,
                "notes": list(notes),
            },
        )
        loaded = load_bundle(bundle)  # a bundle that cannot be read back is no result
        with mention_kept([bundle]):
            undrawn = _record(tracker, report, figures, predictions, codebook.frame_ids)
            tracker.log_dict(slices.to_json(), "slices.json")
            _record_page(tracker, loaded, predictions, folds.test if config.tracking.error_texts else None)
            tracker.log_bundle(bundle)
        return TrainingResult(bundle, report, slices, folds, figures, (*undrawn, *notes))


def _work_key(config: RunConfig, codebook: Codebook, folds: Folds, processes: Processes) -> str:
    """Unfinished work is taken up on the same rows and texts, by as many processes as began it."""
    key = folds.fingerprint
    if config.data.learn_from_codebook:
        key += f" with {codebook.content_hash}"
    return key if processes.size == 1 else f"{key} in {processes.size} processes"


def bundle_folder(config: RunConfig) -> Path:
    """A folder name for this run: name and UTC time."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return Path(config.output) / f"{config.name.replace(' ', '_')}-{stamp}"


def _record(
    tracker: Tracker,
    report: EvaluationReport,
    figures: dict[str, float],
    predictions: TestPredictions,
    frame_ids: tuple[str, ...],
) -> list[str]:
    """Figures and plots of them; a note where these cannot show a frame's name."""
    from pipeline.reporting.evaluation_plots import (
        co_occurrence_figure,
        precision_recall_figure,
        reliability_figure,
    )
    from pipeline.reporting.figure_fonts import find_undrawn, note_undrawn

    tracker.log_metrics({**report.flat_metrics(), **figures})
    tracker.log_dict(report.to_json(), "evaluation.json")
    truth, calibrated = predictions.truth, predictions.calibrated
    tracker.log_figure(precision_recall_figure(truth, calibrated, frame_ids), "precision_recall.png")
    tracker.log_figure(reliability_figure(truth, calibrated), "reliability.png")
    tracker.log_figure(co_occurrence_figure(truth, predictions.decided, frame_ids), "co_occurrence.png")
    if tracker.run_id is None:
        return []  # nothing was recorded
    remedy = (
        "plots of later runs will have them; `frames evaluation-report` shows those of this run in a browser"
    )
    return note_undrawn(find_undrawn(frame_ids), remedy)


def _record_page(
    tracker: Tracker, bundle: ModelBundle, predictions: TestPredictions, test: LabelledData | None
) -> None:
    """The evaluation as a page, with the texts of errors where `test` is given: a bundle holds none."""
    if tracker.run_id is None:
        return  # nothing would be recorded
    from pipeline.reporting.evaluation_page import render_evaluation, texts_by_id

    texts = texts_by_id(test) if test is not None else None
    tracker.log_text(render_evaluation(bundle, predictions, texts), "evaluation.html")


def _seen_texts(folds: Folds, summary: FitSummary) -> dict[str, NDArray[Any]]:
    parts = [
        folds.train,
        folds.dev,
        *([summary.codebook_texts] if summary.codebook_texts is not None else []),
    ]
    return {
        "digests": text_digests([text for part in parts for text in part.table["text"]]),
        "test_digests": text_digests(list(folds.test.table["text"])),
    }


def _describe_training(
    classifier: Classifier, decisions: DecisionRule, summary: FitSummary, folds: Folds
) -> DriftReference:
    known, clusters = join_folds(folds, ("train", "dev"))
    scored = folds.clusters["dev"] if classifier.needs_dev else clusters
    return DriftReference.of(
        list(known.table["text"]),
        clusters,
        decisions.calibrate(np.asarray(summary.decided_on)),
        score_clusters=len(np.unique(scored)),
    )


def _record_training(
    classifier: Classifier, decisions: DecisionRule, summary: FitSummary, folds: Folds
) -> TrainingRecord:
    """All rows that the model learnt from, and what it gave those of them that decisions were made on.

    These probabilities are out of fold; those of dev, where it stops the training, are nearly so.
    """
    parts = [folds.dev, folds.train] if classifier.needs_dev else [join_folds(folds, ("train", "dev"))[0]]
    if summary.codebook_texts is not None:
        parts.append(summary.codebook_texts)
    texts = [text for part in parts for text in part.table["text"]]
    decided_on = decisions.calibrate(np.asarray(summary.decided_on))
    probabilities = np.full((len(texts), decided_on.shape[1]), np.nan, np.float32)
    probabilities[: len(decided_on)] = decided_on
    return TrainingRecord.of(texts, probabilities)


def _describe_data(folds: Folds, config: RunConfig) -> dict[str, Any]:
    """What the model is trained and tested on, and how the folds were made: counts for the manifest, never texts."""
    parts = [getattr(folds, name) for name in NAMES]
    return {
        "folds": {record["fold"]: record for record in folds.summary()},
        "without_frame": {
            name: int((part.indicator().sum(axis=1) == 0).sum())
            for name, part in zip(NAMES, parts, strict=True)
        },
        "sources": _count(pd.concat([part.table["source"] for part in parts])),
        "languages": _count(pd.concat([part.table["lang"] for part in parts])),
        "languages_identified": _identify(pd.concat([part.table for part in parts])),
        "purged": len(folds.purged),
        "method": config.folds.model_dump(mode="json"),
        "licence": config.data.licence,
    }


def _identify(table: pd.DataFrame) -> dict[str, int]:
    """Languages identified in the texts of rows that state none, and how often."""
    silent = table[table["lang"].isna()]
    return dict(Counter(find_languages(silent["lang"], silent["text"])))


def _count(values: "pd.Series[Any]") -> dict[str, int]:
    """How often each value stands; "" is what is not stated."""
    return dict(Counter("" if pd.isna(value) else str(value) for value in values))


class _Clock:
    """Seconds of each stage, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """Close a stage."""
        now = time.monotonic()
        self.laps[name] = round(now - self._last, 3)
        self._last = now
