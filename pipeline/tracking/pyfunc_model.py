"""A model bundle as an MLflow model: data and the name of this module, neither pickle nor copied code.

`mlflow.pyfunc.load_model` finds `_load_pyfunc` here; narrative-frames must be installed where it runs.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.entities import LoggedModel
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle, load_bundle, read_manifest
from pipeline.data.codebooks.codebook import Codebook
from pipeline.errors import DataError, ModelError, PipelineError
from pipeline.tracking.provenance import installed_version

TEXT_COLUMN, FRAMES_COLUMN, PROBABILITY_PREFIX = "text", "frames", "p_"
LONGEST_TEXT = 100_000  # characters that a server reads of one text; a post has 4,096 at most
_ALWAYS_REQUIRED = ("mlflow", "narrative-frames", "numpy", "pandas", "pydantic")
_REQUIRED = {
    "tfidf": ("scikit-learn", "scipy"),
    "transformer": ("onnxruntime", "torch", "transformers", "tokenizers", "safetensors"),
}
_REQUIRED["blend"] = _REQUIRED["tfidf"] + _REQUIRED["transformer"]


class PyfuncModel:
    """What MLflow calls: texts in, one row for each out."""

    def __init__(self, bundle: ModelBundle) -> None:
        self._bundle = bundle

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Probabilities and frames of each text.

        Args:
            model_input: a DataFrame with a column `text`, or a list or Series of texts.
            params: `threshold`, a number between 0 and 1, replaces the bundle's own thresholds for all frames.

        Returns:
            Columns `p_<frame>` (calibrated probabilities, codebook order) and `frames` (ids joined by ";").

        Raises:
            DataError: no texts where texts were expected.
            ModelError: a threshold that cannot be used.
        """
        texts = _take_texts(model_input)
        probabilities, decided = self._bundle.predict(texts)
        threshold = (params or {}).get("threshold")
        if threshold is not None:
            decided = self._decide_at(probabilities, float(threshold))
        frame_ids = self._bundle.frame_ids
        result = pd.DataFrame(probabilities, columns=[f"{PROBABILITY_PREFIX}{frame}" for frame in frame_ids])
        result[FRAMES_COLUMN] = [
            ";".join(frame for frame, carried in zip(frame_ids, row, strict=True) if carried)
            for row in decided
        ]
        return result

    def _decide_at(self, probabilities: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
        if self._bundle.decisions.single_label:
            raise ModelError(
                "a single-label model takes the most probable frame; it has no threshold to replace"
            )
        if not 0 < threshold < 1:
            raise ModelError(f"threshold: expected a number between 0 and 1, got {threshold}")
        return np.asarray(probabilities >= threshold, bool)


class _ServedModel(PyfuncModel):
    """The same inside MLflow, which shows a client the messages of its own errors alone.

    One text may not hold a server's only worker for minutes, so its length is bounded.
    """

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        try:
            _refuse_long(_take_texts(model_input))
            return super().predict(model_input, params)
        except PipelineError as error:
            raise MlflowException(str(error), INVALID_PARAMETER_VALUE) from error


def _refuse_long(texts: Sequence[str]) -> None:
    for row, text in enumerate(texts):
        if len(text) > LONGEST_TEXT:
            raise DataError(
                f"row {row}: a text of {len(text):,} characters; at most {LONGEST_TEXT:,} are read: divide it into "
                "sentences, or score it with frames predict"
            )


def _load_pyfunc(data_path: str) -> PyfuncModel:
    """Called by MLflow with the folder of the bundle; every file is verified before it is used."""
    return _ServedModel(load_bundle(Path(data_path)))


def write_pyfunc_model(
    target: Path, bundle: Path, *, run_id: str, logged_model: LoggedModel, input_example: Sequence[str] = ()
) -> None:
    """Write the MLflow model folder `target` around a copy of a bundle.

    Raises:
        ModelError: not a bundle.
    """
    manifest = read_manifest(bundle)
    codebook = _read_codebook(bundle)
    texts = list(input_example) or _example_texts(codebook)
    mlflow.pyfunc.save_model(
        path=str(target),
        loader_module=__name__,
        data_path=str(bundle),
        mlflow_model=Model(
            artifact_path=logged_model.artifact_location,
            run_id=run_id,
            model_uuid=logged_model.model_id,
            model_id=logged_model.model_id,
            metadata={key: manifest[key] for key in ("name", "kind", "bundle_hash", "codebook_hash")},
        ),
        signature=model_signature(codebook.frame_ids),
        input_example=pd.DataFrame({TEXT_COLUMN: texts}),
        pip_requirements=pinned_requirements(str(manifest["kind"])),
    )


def model_signature(frame_ids: Sequence[str]) -> ModelSignature:
    """Columns and parameters of `PyfuncModel.predict`."""
    probabilities = [ColSpec(DataType.double, f"{PROBABILITY_PREFIX}{frame}") for frame in frame_ids]
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.string, TEXT_COLUMN)]),
        outputs=Schema([*probabilities, ColSpec(DataType.string, FRAMES_COLUMN)]),
        params=ParamSchema([ParamSpec("threshold", DataType.double, default=None)]),
    )


def pinned_requirements(kind: str) -> list[str]:
    """The packages a bundle of this kind needs, at the versions installed here."""
    names = [*_ALWAYS_REQUIRED, *_REQUIRED.get(kind, _REQUIRED["blend"])]
    found = {name: installed_version(name) for name in sorted(names)}
    return [f"{name}=={version}" for name, version in found.items() if version]


def _take_texts(model_input: Any) -> list[str]:
    if isinstance(model_input, pd.DataFrame):
        if TEXT_COLUMN not in model_input.columns:
            have = ", ".join(map(str, model_input.columns)) or "none"
            raise DataError(f"expected a column '{TEXT_COLUMN}', got the columns: {have}")
        model_input = model_input[TEXT_COLUMN]
    if isinstance(model_input, str):
        raise DataError("expected a list of texts, got one text: put it in a list")
    texts = list(model_input)
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"row {position}: expected a text, got {type(text).__name__}: {text!r:.80}")
    return texts


def _read_codebook(bundle: Path) -> Codebook:
    path = bundle / "codebook.json"
    try:
        return Codebook.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from None


def _example_texts(codebook: Codebook) -> list[str]:
    examples = [example for frame in codebook.frames for example in frame.examples[:1]]
    return examples[:3] or ["A sentence to be scored."]
