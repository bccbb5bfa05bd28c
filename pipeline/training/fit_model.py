"""From a config to a fitted classifier with its decisions: what every training does, whoever records it.

Read labels -> folds -> fit -> calibrate and set thresholds on rows outside the training -> score the test fold.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.classifiers.build import build_classifier, find_transformer
from pipeline.classifiers.processes import Processes, refuse_several_processes
from pipeline.classifiers.protocols import Classifier, FitContext, FitSummary
from pipeline.config.decisions import DecisionSettings
from pipeline.config.model import LlmSettings, ModelSettings
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import Codebook, load_codebook
from pipeline.data.codebooks.codebook_texts import (
    CodebookTexts,
    hide_known,
    no_codebook_texts,
    read_codebook_texts,
)
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.data.labels.splits import Folds, join_folds, make_folds, make_folds_from_files
from pipeline.data.new_project import holds_placeholders
from pipeline.errors import DataError
from pipeline.evaluation.row_facts import RowFacts
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.measures.decision_rule import DecisionRule, fit_decision_rule
from pipeline.training.teacher_rows import add_teacher, leave_out_doubted


def read_folds(config: RunConfig, codebook: Codebook) -> Folds:
    """Read the labelled files of a config and divide their rows.

    Raises:
        DataError: see `read_labelled` and `make_folds`.
    """
    data = config.data

    def read(path: str) -> LabelledData:
        if holds_placeholders(Path(path)):
            raise DataError(
                f"{path}: holds nothing but the placeholder rows that `frames init` wrote; replace them with your own "
                f"labelled sentences, or let `frames label-import` write what was coded: --labelled {path}"
            )
        return read_labelled(Path(path), codebook, data.columns, data.encoding, by_models_too=True)

    if data.labelled:
        return make_folds(add_teacher(read(data.labelled), config, codebook), config.folds)
    dev = read(data.dev) if data.dev else None
    train = add_teacher(read(str(data.train)), config, codebook)
    return make_folds_from_files(train, read(str(data.test)), dev, config.folds)


def check_positives(folds: Folds, settings: DecisionSettings) -> tuple[str, ...]:
    """Refuse, or warn of, frames that cannot be learnt from so few positives in the training fold.

    Raises:
        DataError: a frame below `minimum_positives`, unless `rare_frames` is "warn".
    """
    train = folds.train
    rare = {f: n for f, n in train.count_positives().items() if n < settings.minimum_positives}
    if not rare:
        return ()
    listed = ", ".join(f"{frame} ({n})" for frame, n in rare.items())
    message = f"frames with fewer than {settings.minimum_positives} positives in the training fold: {listed}"
    lost = {frame: folds.purged_positives[frame] for frame in rare if frame in folds.purged_positives}
    if lost:
        message += (
            f". {len(folds.purged):,} rows were purged as copies of rows in another fold, and they carried more: "
            + ", ".join(f"{frame} ({n})" for frame, n in lost.items())
            + f". With {len(folds.test):,} rows in the test fold, "
            + "a smaller test sample, or closer copies (folds.copy_similarity), would leave more to learn from"
        )
    if settings.rare_frames == "error":
        raise DataError(
            f"{train.path}: {message}. Label more sentences of them, merge them into a parent frame, take "
            "them out of the codebook, or accept poor scores with --set decisions.rare_frames=warn"
        )
    return (message,)


def fit_with_decisions(
    config: RunConfig,
    codebook: Codebook,
    folds: Folds,
    context: FitContext,
    *,
    hidden: LabelledData | None = None,
) -> tuple[Classifier, DecisionRule, FitSummary]:
    """Fit the classifier, and calibration and thresholds on rows that it has not seen.

    A classifier that stops early on dev gets its decisions from dev as well. Any other is fitted on train and
    dev together, and its decisions come from its own out-of-fold probabilities: more rows, so steadier thresholds.
    Rows that are `hidden`, a test fold that is not among the folds, may not become known by the codebook's texts.

    Raises:
        DataError: all rows are one cluster of copies, so that nothing is outside of a fold.
    """
    classifier = _new_classifier(config, codebook)
    train, dev, clusters = _rows_to_fit(classifier, folds)
    texts = find_codebook_texts(config, codebook, folds, hidden)
    if isinstance(config.model, LlmSettings):
        context = replace(context, codebook=tell_codebook(config, codebook, folds, hidden))
    folds, doubted = leave_out_doubted(config, codebook, folds, context)
    rows = join_taught(texts.rows, folds)
    summary = classifier.fit(train, dev, clusters, replace(context, codebook_texts=rows))
    summary = replace(
        summary,
        notes=(*texts.notes, *doubted, *summary.notes),
        figures={
            **summary.figures,
            "codebook_texts": float(len(texts.rows)),
            **({} if folds.taught is None else {"taught_rows": float(len(folds.taught))}),
        },
        codebook_texts=rows,
    )
    if dev is not None:
        raw, truth = classifier.predict_proba(list(dev.table["text"])), dev.indicator()
    else:
        raw, truth = summary.require_out_of_fold(train), train.indicator()
    single_label = codebook.mode == "single_label"
    decisions = fit_decision_rule(
        raw, truth, config.decisions, single_label=single_label, parents=codebook.parents
    )
    return classifier, decisions, replace(summary, decided_on=raw)


def predict_test(classifier: Classifier, decisions: DecisionRule, folds: Folds) -> TestPredictions:
    """Score the test fold once."""
    raw = classifier.predict_proba(list(folds.test.table["text"]))
    calibrated, clusters = decisions.calibrate(raw), folds.clusters["test"]
    return TestPredictions(
        ids=np.asarray(folds.test.table["id"], str),
        clusters=clusters,
        truth=folds.test.indicator(),
        calibrated=calibrated,
        decided=decisions.decide(calibrated),
        raw=raw,
        facts=RowFacts.of(folds.test, clusters, folds.clusters.get("purged")),
    )


def find_codebook_texts(
    config: RunConfig, codebook: Codebook, folds: Folds, hidden: LabelledData | None = None
) -> CodebookTexts:
    """What the classifier learns from besides the training rows; none if the config says so."""
    path = Path(config.data.codebook)
    is_told = isinstance(config.model, LlmSettings)  # in words, see `tell_codebook`
    if is_told or not config.data.learn_from_codebook:
        return no_codebook_texts(codebook, path)
    labelled = [folds.train, folds.dev, folds.test, *([] if hidden is None else [hidden])]
    return read_codebook_texts(codebook, labelled, path=path, threshold=config.folds.copy_similarity)


def join_taught(texts: LabelledData, folds: Folds) -> LabelledData:
    """Texts of the codebook and rows that a language model labelled: learnt from in every fit, and never judged by."""
    if folds.taught is None:
        return texts
    table = pd.concat([part.table[["text", "labels"]] for part in (texts, folds.taught)], ignore_index=True)
    return replace(texts, table=table)


def tell_codebook(
    config: RunConfig, codebook: Codebook, folds: Folds, hidden: LabelledData | None = None
) -> Codebook:
    """The codebook as a prompt may hold it: no labelled row becomes known by it.

    Raises:
        DataError: see `hide_known`.
    """
    labelled = [folds.train, folds.dev, folds.test, *([] if hidden is None else [hidden])]
    told = hide_known(codebook, labelled, threshold=config.folds.copy_similarity)
    if config.data.learn_from_codebook:
        return told
    frames = tuple(frame.model_copy(update={"examples": ()}) for frame in told.frames)
    return told.model_copy(update={"frames": frames})


def assist_training(config: RunConfig, processes: Processes) -> None:
    """What a process does that is not the first: its share of the training. Nothing of its own remains.

    Raises:
        ConfigError, DataError: as in `run_training`.
    """
    part = find_shared_part(config, processes)
    codebook = load_codebook(Path(config.data.codebook))
    folds = read_folds(config, codebook)
    check_positives(folds, config.decisions)
    whole, shared = _new_classifier(config, codebook), _new_classifier(config, codebook, part)
    with tempfile.TemporaryDirectory(prefix="frames-assist-") as folder:
        context = FitContext(config.seed, Path(folder), lambda *_: None, lambda *_: None, processes)
        texts = find_codebook_texts(config, codebook, folds)
        folds, _ = leave_out_doubted(config, codebook, folds, context)
        rows = join_taught(texts.rows, folds)
        shared.fit(*_rows_to_fit(whole, folds), replace(context, codebook_texts=rows))


def find_shared_part(config: RunConfig, processes: Processes) -> ModelSettings:
    """The model, or that part of it which several processes train together.

    Raises:
        ConfigError: it has no such part.
    """
    if processes.size == 1:
        return config.model
    transformer = find_transformer(config.model)
    if transformer is None:
        refuse_several_processes(f"training with model.kind: {config.model.kind}")
    return transformer or config.model


def _new_classifier(config: RunConfig, codebook: Codebook, part: ModelSettings | None = None) -> Classifier:
    """The config's model, or a part of it, unfitted."""
    return build_classifier(
        part or config.model,
        codebook.frame_ids,
        single_label=codebook.mode == "single_label",
        normalise_text=config.data.normalise_text,
    )


def _rows_to_fit(
    classifier: Classifier, folds: Folds
) -> tuple[LabelledData, LabelledData | None, NDArray[np.int64]]:
    """Rows to train on, rows that stop the training where the classifier wants them, clusters of the first."""
    if classifier.needs_dev:
        return folds.train, folds.dev, folds.clusters["train"]
    known, clusters = join_folds(folds, ("train", "dev"))
    return known, None, clusters
