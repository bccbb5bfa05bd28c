"""The rows that a finished model was tested on, found again in the file that it was trained from."""

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.bundle import ModelBundle
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.errors import DataError, shorten
from pipeline.evaluation.evaluate_bundle import read_test_predictions
from pipeline.files.json_files import read_json_object


def read_test_file(model: ModelBundle, path: Path | None) -> LabelledData:
    """The labelled file that holds a model's test fold; without a path the one that its config names.

    Raises:
        DataError: there is none, or it cannot be read.
    """
    data = read_json_object(model.folder / "config.json").get("data")
    named: dict[str, Any] = data if isinstance(data, dict) else {}
    if path is None:
        known = named.get("labelled") or named.get("test")
        if not known or not Path(str(known)).is_file():
            raise DataError(
                f"{model.model_id}: the file of its test fold, {known or 'of unknown name'}, is not here: "
                "give it with --labelled FILE"
            )
        path = Path(str(known))
    return read_labelled(
        path, model.codebook, named.get("columns"), named.get("encoding"), by_models_too=True
    )


def take_test_fold(bundle: ModelBundle, data: LabelledData) -> LabelledData:
    """The rows that were the model's test fold, by their ids.

    Raises:
        DataError: some of them are not in the file.
    """
    wanted = set(bundle.read_arrays("test_predictions")["ids"].astype(str).tolist())
    ids = data.table["id"].astype(str)
    if missing := wanted.difference(ids):
        raise DataError(
            f"{data.path}: {len(missing)} of the {len(wanted)} rows of the test fold of {bundle.model_id} are not in "
            f"it, for example id '{shorten(min(missing), 80)}': give the file that the model was trained from"
        )
    return data.subset(np.flatnonzero(ids.isin(wanted)))


def match_test_fold(model: ModelBundle, labelled: LabelledData) -> LabelledData:
    """The rows of a model's test fold, in the order of its predictions.

    Raises:
        DataError: rows are missing, or have other texts or labels than when it was tested.
    """
    rows = take_test_fold(model, labelled)
    if rows.fingerprint != model.manifest.get("test_fingerprint"):
        raise DataError(
            f"{labelled.path}: its rows with the ids of the test fold of {model.model_id} have other texts or labels "
            "than when it was tested: give the file as it was then"
        )
    place = {row_id: i for i, row_id in enumerate(rows.table["id"].astype(str))}
    return rows.subset([place[row_id] for row_id in read_test_predictions(model).ids.tolist()])
