"""A finished model on labelled texts, and two finished models against each other."""

import hashlib
from dataclasses import replace

import numpy as np

from pipeline.bundle import ModelBundle
from pipeline.classifiers.normalised_text import describe_account
from pipeline.config.evaluation import EvaluationSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.splits import cluster_rows
from pipeline.errors import DataError
from pipeline.evaluation.comparison import Comparison
from pipeline.evaluation.evaluation_report import EvaluationReport
from pipeline.evaluation.leakage import keep_unseen, warn_of_seen
from pipeline.evaluation.reused_test_rows import TestUse
from pipeline.evaluation.row_facts import RowFacts, TrainingFacts
from pipeline.evaluation.slice_masks import slice_rows
from pipeline.evaluation.slices import SliceGain, SliceReport, compare_slices, evaluate_slices
from pipeline.evaluation.test_predictions import TestPredictions, compare_predictions, evaluate_predictions


def predict_labelled(bundle: ModelBundle, data: LabelledData) -> TestPredictions:
    """Score labelled texts, and cluster them so that forwards of one post count as one."""
    texts = list(data.table["text"])
    raw = bundle.classifier.predict_proba(texts)
    calibrated = bundle.decisions.calibrate(raw)
    clusters = cluster_rows(data)
    return TestPredictions(
        ids=np.asarray(data.table["id"], str),
        clusters=clusters,
        truth=data.indicator(),
        calibrated=calibrated,
        decided=bundle.decisions.decide(calibrated),
        raw=raw,
        facts=RowFacts.of(data, clusters),
    )


def read_test_predictions(bundle: ModelBundle) -> TestPredictions:
    """What the model said of its own test fold.

    Raises:
        ModelError: the bundle keeps no predictions.
    """
    return TestPredictions.from_arrays(bundle.read_arrays("test_predictions"))


def read_training_facts(bundle: ModelBundle) -> TrainingFacts | None:
    """Channels and last day of the training rows; None for bundles of an earlier version.

    Raises:
        ModelError: the bundle keeps nothing of its training texts.
    """
    return TrainingFacts.from_arrays(bundle.read_arrays("training_texts"))


def evaluate_bundle(
    bundle: ModelBundle, data: LabelledData, settings: EvaluationSettings, *, seed: int = 0
) -> EvaluationReport:
    """Evaluate a model on labelled texts; a note says how many of them it was trained on."""
    return evaluate_with_slices(bundle, data, settings, seed=seed)[0]


def evaluate_with_slices(
    bundle: ModelBundle, data: LabelledData, settings: EvaluationSettings, *, seed: int = 0
) -> tuple[EvaluationReport, SliceReport]:
    """As `evaluate_bundle`, and the same figures for parts of the texts."""
    predictions = predict_labelled(bundle, data)
    slices = evaluate_slices(
        predictions, read_training_facts(bundle), settings, frame_ids=bundle.frame_ids, seed=seed
    )
    report = evaluate_predictions(
        predictions, bundle.frame_ids, settings, seed=seed, parents=bundle.codebook.parents
    )
    warnings = warn_of_seen(bundle, list(data.table["text"]), "evaluate on texts it has not seen")
    warnings = (*warnings, *describe_account(bundle.classifier)[1])
    return (replace(report, warnings=warnings) if warnings else report), slices


def compare_bundles(
    first: ModelBundle,
    second: ModelBundle,
    settings: EvaluationSettings,
    *,
    data: LabelledData | None = None,
    seed: int = 0,
    use: TestUse | None = None,
) -> Comparison:
    """Compare two models on the test fold that both were trained for, or on `data` if given.

    Rows of `data` that one of the two has learnt from are left out; `keep_unseen` says how many. Nothing is counted
    here: `pipeline.tracking.recorded_comparison` keeps the ledger, and `use` is what it knows of these rows.

    Raises:
        DataError: other frames, or other test folds, so that a difference would say nothing of the models; no row of
            `data` that neither has learnt from.
    """
    check_comparable(first, second, on_test_fold=data is None)
    if data is not None:
        unseen, _ = keep_unseen(data, (first, second))
        one, other = predict_labelled(first, unseen), predict_labelled(second, unseen)
    else:
        one, other = (read_test_predictions(bundle).sorted_by_id() for bundle in (first, second))
    return compare_rows(one, other, first.frame_ids, settings, seed=seed, use=use)


def compare_rows(
    one: TestPredictions,
    other: TestPredictions,
    frame_ids: tuple[str, ...],
    settings: EvaluationSettings,
    *,
    seed: int = 0,
    use: TestUse | None = None,
) -> Comparison:
    """Compare what two models said of the same rows in the same order, also in each language."""
    comparison = compare_predictions(one, other, frame_ids, settings, seed=seed, use=use)
    return replace(comparison, languages=_compare_languages(one, other, settings, seed))


def _compare_languages(
    one: TestPredictions, other: TestPredictions, settings: EvaluationSettings, seed: int
) -> tuple[SliceGain, ...]:
    """A gain over all rows may hide a language in which the one is worse."""
    facts = one.facts or other.facts
    languages = [] if facts is None else slice_rows(facts, None)[0]
    slices = [entry for entry in languages if entry.dimension == "language"]
    if len(slices) < 2:  # noqa: PLR2004 - one language is all rows
        return ()
    gains = compare_slices(
        one.truth,
        one.decided,
        other.decided,
        clusters=one.clusters,
        slices=slices,
        settings=settings,
        seed=seed,
    )
    return tuple(sorted(gains, key=lambda entry: -entry.n))


def fingerprint_common_rows(first: ModelBundle, second: ModelBundle, data: LabelledData | None) -> str:
    """What names the rows that `compare_bundles` compares on.

    Raises:
        DataError: as there.
    """
    check_comparable(first, second, on_test_fold=data is None)
    if data is None:
        stated = first.manifest.get("test_fingerprint")
        if stated is None:  # a bundle that was not made by a training run
            ids = sorted(read_test_predictions(first).ids.tolist())
            return hashlib.sha256("\n".join(ids).encode()).hexdigest()
        return str(stated)
    return keep_unseen(data, (first, second))[0].fingerprint


def check_comparable(first: ModelBundle, second: ModelBundle, *, on_test_fold: bool) -> None:
    """Refuse two models between which a difference would say nothing.

    Args:
        first: the one.
        second: the other.
        on_test_fold: they are to be compared on the test folds that their bundles keep.

    Raises:
        DataError: other frames, or other test folds.
    """
    if first.frame_ids != second.frame_ids:
        raise DataError(
            f"{first.model_id} and {second.model_id} code different frames; only models of one codebook compare"
        )
    if on_test_fold:
        _check_same_test(first, second)


def _check_same_test(first: ModelBundle, second: ModelBundle) -> None:
    fingerprints = [b.manifest.get("test_fingerprint") for b in (first, second)]
    if fingerprints[0] != fingerprints[1]:
        raise DataError(
            f"{first.model_id} and {second.model_id} were tested on different rows (test fingerprints "
            f"{str(fingerprints[0])[:12]} and {str(fingerprints[1])[:12]}); train both from configs with the same "
            "data and folds, or compare them on one labelled file that neither has seen: --data FILE"
        )


def short_name(bundle: ModelBundle) -> str:
    """Name of the run and kind of classifier, for table headings."""
    return f"{bundle.manifest['name']} ({bundle.manifest['kind']})"
