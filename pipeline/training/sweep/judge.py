"""How good settings are, without the test fold: on dev where a model stops early by it, else out of fold."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from pipeline.classifiers.protocols import FitContext
from pipeline.config.decisions import DecisionSettings
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.splits import Folds, join_folds
from pipeline.errors import DataError
from pipeline.measures.decision_rule import fit_decision_rule
from pipeline.measures.enough_positives import ENOUGH_CLUSTERS, find_judged
from pipeline.measures.metrics import count_decisions, mean_average_precision, total
from pipeline.training.fit_model import find_codebook_texts, fit_with_decisions

_N_FOLDS = 5


def without_test(folds: Folds) -> Folds:
    """The same train and dev, and an empty test fold: what is not there cannot be tuned on."""
    empty = np.array([], np.int64)
    clusters = {"train": folds.clusters["train"], "dev": folds.clusters["dev"], "test": empty}
    return replace(folds, test=folds.test.subset(empty), clusters=clusters, purged=())


def describe_task(config: RunConfig, codebook: Codebook, folds: Folds, hidden: LabelledData) -> str:
    """SHA-256 (hex) of all that trials depend on: settings, space, and train and dev.

    The test fold, which is `hidden`, is part of it by the texts of the codebook alone that stand in it.
    """
    deciding: dict[str, Any] = {
        "seed": True,
        "folds": True,
        "model": True,
        "decisions": True,
        "data": {"normalise_text", "learn_from_codebook", "teacher_doubt"},
    }
    settings = config.model_dump(mode="json", include=deciding)
    sweep = config.model_dump(mode="json", include={"sweep"})["sweep"]
    for key in ("trials", "timeout_minutes"):  # a longer sweep goes on from a shorter one
        del sweep[key]
    rows = [folds.train.fingerprint, folds.dev.fingerprint]
    rows += [] if folds.taught is None else [folds.taught.fingerprint]
    frames = [codebook.mode, *codebook.frame_ids]
    if config.data.learn_from_codebook:
        kept = find_codebook_texts(config, codebook, folds, hidden).rows.table["text"]
        frames += [codebook.content_hash, *sorted(kept)]
    return hashlib.sha256(json.dumps([settings, sweep, rows, frames], sort_keys=True).encode()).hexdigest()


def judge_settings(
    config: RunConfig, codebook: Codebook, known: Folds, hidden: LabelledData, context: FitContext
) -> dict[str, float]:
    """Fit a model and measure it on rows that it had not seen.

    Args:
        config: of the trial.
        codebook: of the labels.
        known: see `without_test`.
        hidden: the test fold, whose texts may not be learnt from the codebook either.
        context: of the fit.

    Returns:
        "mean_average_precision" of raw probabilities, and "macro_f1" of decisions whose rule was learnt on other
        clusters of these rows; both over the frames with enough positive clusters among these rows, "judged_frames".

    Raises:
        DataError: no frame has enough.
    """
    classifier, _, summary = fit_with_decisions(config, codebook, known, context, hidden=hidden)
    judged, clusters = join_folds(known, ("dev",) if classifier.needs_dev else ("train", "dev"))
    raw, truth = np.asarray(summary.decided_on), judged.indicator()
    decided = _decide_crossed(
        raw,
        truth,
        clusters,
        config.decisions,
        single_label=codebook.mode == "single_label",
        parents=codebook.parents,
    )
    enough = find_judged(truth, clusters)
    ranked = mean_average_precision(truth[:, enough], raw[:, enough])
    if ranked is None:
        raise DataError(
            f"no frame has positives in {ENOUGH_CLUSTERS} clusters of copies of the {len(judged)} rows that settings "
            "are judged on: label more sentences"
        )
    counts = total(count_decisions(truth[:, enough], decided[:, enough]))
    return {
        "mean_average_precision": ranked,
        "macro_f1": float(counts.macro_f1),
        "judged_frames": float(enough.sum()),
    }


def _decide_crossed(
    raw: NDArray[Any],
    truth: NDArray[Any],
    clusters: NDArray[np.int64],
    settings: DecisionSettings,
    *,
    single_label: bool,
    parents: tuple[int, ...],
) -> NDArray[np.bool_]:
    """Decisions (n, k), each by a rule that was learnt without the row's cluster."""
    decided = np.zeros(truth.shape, bool)
    n_folds = min(_N_FOLDS, len(np.unique(clusters)))
    if n_folds < 2:  # noqa: PLR2004 - nothing is outside of a single fold
        return decided
    for known, judged in GroupKFold(n_folds, shuffle=True, random_state=0).split(raw, groups=clusters):
        rule = fit_decision_rule(
            raw[known], truth[known], settings, single_label=single_label, parents=parents
        )
        decided[judged] = rule.decide(rule.calibrate(raw[judged]))
    return decided
