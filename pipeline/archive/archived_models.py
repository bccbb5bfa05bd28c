"""Models in an archive: their papers and recorded test predictions, from which evaluation and comparisons are redone.

No weights: an archive shows that figures follow from predictions, and names the model that made them by its hash.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from pipeline.archive.contents import MODEL_ARRAYS, MODEL_FILES, Comparison, read_json, write_json
from pipeline.bundle import MANIFEST, hash_bundle, read_manifest, read_model_arrays, verify_files
from pipeline.config.evaluation import EvaluationSettings
from pipeline.data.codebooks.codebook import Codebook
from pipeline.errors import DataError, ModelError, shorten
from pipeline.evaluation.evaluate_bundle import compare_rows
from pipeline.evaluation.reused_test_rows import TestUse
from pipeline.evaluation.row_facts import TrainingFacts
from pipeline.evaluation.slices import evaluate_slices
from pipeline.evaluation.test_predictions import TestPredictions, evaluate_predictions

_MOST_ROWS: Final = 1_000_000  # of a test fold
_MOST_SAMPLES: Final = 100_000  # of a bootstrap
_MOST_MODELS: Final = 100_000  # whose figures on some rows are known
_WORDS: Final = frozenset({"notes", "left_out", "run_id", "first_model", "second_model"})
_PREDICTIONS, _TRAINING = MODEL_ARRAYS


@dataclass(frozen=True, slots=True)
class ArchivedModel:
    """What an archive, or a bundle, holds of a model besides the model.

    Attributes:
        model_id: name of the run and the head of the bundle hash.
        frame_ids: its columns.
        predictions: of its test fold.
        training: what is known of its training rows; None in older bundles.
        settings, seed: of its evaluation.
        metrics: its figures, as they were printed.
        test: fingerprint of the test rows.
    """

    model_id: str
    frame_ids: tuple[str, ...]
    predictions: TestPredictions
    training: TrainingFacts | None
    settings: EvaluationSettings
    seed: int
    metrics: dict[str, Any]
    test: str

    @staticmethod
    def read(folder: Path) -> "ArchivedModel":
        """Read a folder with the files of a bundle, or with those that an archive keeps of it.

        Raises:
            ModelError: a file is missing, damaged or not the one that the manifest names.
            DataError: figures that would take too long to compute again.
        """
        manifest = read_manifest(folder)
        if hash_bundle(manifest["files"]) != manifest["bundle_hash"]:
            raise ModelError(f"{folder.name}/{MANIFEST}: the bundle hash does not fit the files")
        try:
            codebook = Codebook.model_validate(read_json(folder / "codebook.json"))
            settings, seed = _read_settings(manifest, read_json(folder / "config.json"))
        except (ValidationError, ValueError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{folder.name}: codebook or config do not fit their schema: {shorten(error)}"
            ) from None
        predictions = TestPredictions.from_arrays(
            read_model_arrays(folder / f"{_PREDICTIONS}.npz", len(codebook.frames))
        )
        if not 0 < len(predictions.ids) <= _MOST_ROWS or settings.bootstrap_samples > _MOST_SAMPLES:
            raise DataError(f"{folder.name}: more test rows or draws than an archive may have, or none")
        training, path = None, folder / f"{_TRAINING}.npz"
        if path.is_file():
            training = TrainingFacts.from_arrays(read_model_arrays(path, len(codebook.frames)))
        metrics = read_json(folder / "metrics.json")
        if not isinstance(metrics, dict):
            raise ModelError(f"{folder.name}: metrics.json holds no figures")
        return ArchivedModel(
            f"{manifest['name']}@{manifest['bundle_hash'][:12]}",
            codebook.frame_ids,
            predictions,
            training,
            settings,
            seed,
            metrics,
            str(manifest.get("test_fingerprint")),
        )

    def evaluate_again(self) -> tuple[Any, Any]:
        """The figures that the bundle states, and those that its test predictions give, as JSON values."""
        report = evaluate_predictions(
            self.predictions, self.frame_ids, self.settings, seed=self.seed
        ).to_json()
        if isinstance(self.metrics.get("slices"), dict):
            slices = evaluate_slices(
                self.predictions, self.training, self.settings, frame_ids=self.frame_ids, seed=self.seed
            )
            report["slices"] = slices.to_json()
        stated = {name: value for name, value in self.metrics.items() if name not in _WORDS}
        found = {name: value for name, value in report.items() if name not in _WORDS and name in stated}
        return stated, json.loads(json.dumps(found))


def put_model(folder: Path, bundle: Path) -> ArchivedModel:
    """Copy what an archive keeps of a verified bundle into a new folder.

    Raises:
        ModelError: not a bundle, a damaged one, or one without test predictions.
    """
    verify_files(bundle, read_manifest(bundle))
    folder.mkdir(parents=True)
    for name in (*MODEL_FILES, *(f"{stem}.npz" for stem in MODEL_ARRAYS)):
        if (bundle / name).is_file():
            shutil.copyfile(bundle / name, folder / name)
    if not (folder / f"{_PREDICTIONS}.npz").is_file():
        raise ModelError(
            f"{bundle}: keeps no test predictions, from which its figures could be computed again"
        )
    return ArchivedModel.read(folder)


def check_model_files(folder: Path, digests: dict[str, str], place: str) -> None:
    """Hold the files of an archived model against its manifest.

    Args:
        folder: of the model.
        digests: SHA-256 of the files of the archive, by name.
        place: of the model in the archive.

    Raises:
        ModelError: a file is missing or is not the one that the manifest names.
    """
    stated = read_manifest(folder)["files"]
    for name in (*MODEL_FILES, *(f"{stem}.npz" for stem in MODEL_ARRAYS)):
        if name != MANIFEST and name in stated and digests.get(f"{place}/{name}") != stated[name]:
            raise ModelError(f"{place}/{name}: missing, or not the file that the model's manifest names")


def put_comparison(target: Path, path: Path, models: Sequence[ArchivedModel]) -> Comparison:
    """Copy what `frames compare --json` printed, of two of the models.

    Raises:
        DataError: something else, or a comparison of other models.
    """
    content = read_json(path)
    names = ("first_model", "second_model")
    ids = [str(content[name]) for name in names if isinstance(content, dict) and name in content]
    known = [model.model_id for model in models]
    if len(ids) != len(names):
        raise DataError(f"{path}: expected what `frames compare FIRST SECOND --json` prints")
    if missing := [name for name in ids if name not in known]:
        raise DataError(f"{path}: compares {shorten(missing[0])}; give its bundle too, with --model")
    write_json(target, {name: value for name, value in content.items() if name != "run_id"})
    return Comparison(first=known.index(ids[0]), second=known.index(ids[1]))


def compare_again(path: Path, first: ArchivedModel, second: ArchivedModel) -> tuple[Any, Any]:
    """The figures of a comparison that was archived, and those that the test predictions give, as JSON values.

    Raises:
        DataError: the two models were tested on other rows, or what is known of the rows cannot be.
    """
    archived = read_json(path)
    rows = [model.predictions.sorted_by_id() for model in (first, second)]
    if first.frame_ids != second.frame_ids or not np.array_equal(rows[0].ids, rows[1].ids):
        raise DataError(f"{path.name}: the two models were tested on other rows or code other frames")
    try:
        use, confidence = _read_use(archived["test_use"]), archived["confidence"]
        settings = EvaluationSettings(confidence=confidence)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path.name}: not what `frames compare --json` prints: {shorten(error)}") from None
    found = compare_rows(rows[0], rows[1], first.frame_ids, settings, use=use).to_json()
    stated = {name: value for name, value in archived.items() if name not in _WORDS}
    return stated, json.loads(
        json.dumps({name: value for name, value in found.items() if name not in _WORDS})
    )


def _read_use(content: Any) -> TestUse | None:
    if content is None:
        return None
    counts = [content[name] for name in ("comparisons_before", "pairs_before", "models")]
    if not all(isinstance(count, int) and 0 <= count <= _MOST_MODELS for count in counts) or not counts[-1]:
        raise ValueError("'test_use' holds something else than counts")
    return TestUse(*counts)


def _read_settings(manifest: dict[str, Any], config: Any) -> tuple[EvaluationSettings, int]:
    """How the figures of a bundle were computed: by its config, those of a recalibrated one by the defaults."""
    recalibrated = manifest.get("recalibrated")
    if isinstance(recalibrated, dict):
        return EvaluationSettings(), int(recalibrated.get("seed", 0))
    return EvaluationSettings.model_validate(config.get("evaluation", {})), int(config["seed"])
