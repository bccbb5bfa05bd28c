"""Why rows were drawn and who labelled them, and what may be done with them: rows to test and to train never mix.

`frames sample` writes a column `purpose`: "estimate" and "test" for a probability sample, "train" for rows that may
have been chosen by a model's doubts. Figures on the latter describe those rows and no channel. Rows to test are
always in test; rows to estimate are the test fold where others are there to train on.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.data.labels.label_cells import LANGUAGE_MODEL
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import DataError


def labelled_by_model(data: LabelledData) -> NDArray[np.bool_]:
    """Rows that a language model labelled, shape (n,)."""
    if "origin" not in data.table:
        return np.zeros(len(data), bool)
    return (data.table["origin"] == LANGUAGE_MODEL).to_numpy(bool)


def refuse_models(part: LabelledData, fold: str) -> None:
    """Refuse a test or dev file with rows that a language model labelled.

    Raises:
        DataError: says how many.
    """
    if n := int(labelled_by_model(part).sum()):
        raise DataError(
            f"{part.path}: a language model labelled {n} of its {len(part)} rows (origin {LANGUAGE_MODEL}): such rows "
            f"may train a model, and have no place in {fold}. Move them to the training file"
        )


def drawn_to(data: LabelledData, *purposes: str) -> NDArray[np.bool_]:
    """Rows of one of these purposes, shape (n,); none where the file does not say."""
    if "purpose" not in data.table:
        return np.zeros(len(data), bool)
    return data.table["purpose"].isin(purposes).to_numpy(bool)


def check_purposes(data: LabelledData) -> list[str]:
    """Notes on the purposes in one file that will be divided into folds.

    Raises:
        DataError: all rows were drawn to train, so nothing can test.
    """
    to_train, to_estimate = drawn_to(data, "train"), drawn_to(data, "estimate", "test")
    if drawn_to(data, "test").all():
        raise DataError(
            f"{data.path}: all rows have the purpose test, so nothing can train a model. Add labelled rows to train "
            "on, or name this file as data.test beside a data.train"
        )
    if to_train.all():
        raise DataError(
            f"{data.path}: all rows have the purpose train (drawn by the model's doubts, perhaps), so none of them can "
            "test a model. Draw a test sample with frames sample --purpose estimate, label it, and add it here or name "
            "it as data.test"
        )
    notes = []
    if to_train.any():
        notes.append(f"{int(to_train.sum())} rows have the purpose train: none of them is in test")
    if to_estimate.any() and not to_estimate.all():
        named = " or ".join(name for name in ("estimate", "test") if drawn_to(data, name).any())
        notes.append(f"the test fold is the {int(to_estimate.sum())} rows of purpose {named}")
    return notes if not to_estimate.all() else notes + warn_of_estimates([data])


def check_test_purpose(test: LabelledData) -> None:
    """Refuse a test file with rows that were drawn to train.

    Raises:
        DataError: says how many.
    """
    if n := int(drawn_to(test, "train").sum()):
        raise DataError(
            f"{test.path}: {n} rows have the purpose train (drawn by the model's doubts, perhaps): they are no test. "
            "Move them to the training file; draw a test sample with: frames sample --purpose estimate"
        )


def check_training_purpose(part: LabelledData) -> None:
    """Refuse a training or dev file with rows that were drawn to test.

    Raises:
        DataError: says how many.
    """
    if n := int(drawn_to(part, "test").sum()):
        raise DataError(
            f"{part.path}: {n} rows have the purpose test: a model that learns from them can be tested on others only. "
            "Move them to the test file"
        )


def warn_of_estimates(parts: Sequence[LabelledData]) -> list[str]:
    """A note where rows that were drawn to estimate may enter training."""
    n = sum(int(drawn_to(part, "estimate").sum()) for part in parts)
    if not n:
        return []
    note = (
        f"{n} rows have the purpose estimate and may enter training: `frames shares` will know them in a sample and "
        "use what the model gave them before it had learnt from them"
    )
    return [note]
