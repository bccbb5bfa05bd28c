"""Rows that a language model coded, from a file of their own, and what people's rows say of them.

Such rows enlarge the training and judge nothing, see `pipeline.data.labels.splits`. A student, the baseline trained on
people's rows alone, has seen none of them; those that it contradicts flatly may be left out.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.classifiers.build import build_classifier
from pipeline.classifiers.protocols import FitContext
from pipeline.config.model import TfidfSettings
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.label_cells import LANGUAGE_MODEL
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.data.labels.splits import Folds, join_folds
from pipeline.measures.decision_rule import fit_decision_rule


def add_teacher(data: LabelledData, config: RunConfig, codebook: Codebook) -> LabelledData:
    """The labelled rows and those of `data.teacher`; all of that file count as a language model's.

    Raises:
        DataError: the file cannot be read, see `read_labelled`.
    """
    if config.data.teacher is None:
        return data
    path = Path(config.data.teacher)
    taught = read_labelled(path, codebook, encoding=config.data.encoding, by_models_too=True)
    marked = taught.table.assign(
        id=[f"teacher {row_id}" for row_id in taught.table["id"]], origin=LANGUAGE_MODEL
    )
    table = pd.concat([data.table, marked], ignore_index=True)
    for column in {"origin", "purpose"} & set(table.columns):
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    return replace(
        data, table=table, warnings=(*data.warnings, *(f"{path.name}: {text}" for text in taught.warnings))
    )


def leave_out_doubted(
    config: RunConfig, codebook: Codebook, folds: Folds, context: FitContext
) -> tuple[Folds, tuple[str, ...]]:
    """The folds without rows of a language model that the student contradicts, and a note.

    A row is left out if, of any frame, the student gives the model's decision a calibrated probability below
    `data.teacher_doubt`.
    """
    limit = config.data.teacher_doubt
    if folds.taught is None or limit is None:
        return folds, ()
    known, clusters = join_folds(folds, ("train", "dev"))
    single_label = codebook.mode == "single_label"
    student = build_classifier(
        TfidfSettings(),
        codebook.frame_ids,
        single_label=single_label,
        normalise_text=config.data.normalise_text,
    )
    summary = student.fit(
        known, None, clusters, replace(context, codebook_texts=None, log_metric=lambda *_: None)
    )
    rule = fit_decision_rule(
        summary.require_out_of_fold(known),
        known.indicator(),
        config.decisions,
        single_label=single_label,
        parents=codebook.parents,
    )
    probabilities = rule.calibrate(student.predict_proba(list(folds.taught.table["text"])))
    of_decision = np.where(folds.taught.indicator() > 0, probabilities, 1 - probabilities)
    kept = np.flatnonzero((of_decision >= limit).all(axis=1))
    n = len(folds.taught)
    note = (
        f"a baseline trained on people's rows alone gives less than {limit:g} to a decision in {n - len(kept)} of the "
        f"{n} rows of the language model: they are left out"
    )
    return replace(folds, taught=folds.taught.subset(kept) if len(kept) else None), (note,)
