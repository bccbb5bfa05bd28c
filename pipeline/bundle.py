"""A model as one folder: classifier, codebook, calibration, thresholds, and where it all came from.

    bundle.json       manifest: hashes of every file, provenance, versions; the bundle hash names the model
    codebook.json     frames in column order
    decisions.json    calibration and thresholds
    config.json       the resolved configuration of the training run
    metrics.json      evaluation on the test fold
    model_card.md     the same for people
    *.npz             plain arrays: predictions for the test fold, digests of the training texts
    classifier/       files of the classifier; nothing in them runs code when read

The bundle hash covers what decides a score (classifier, codebook, decisions), so that the same training gives
the same hash; the manifest's file hashes cover everything else, and its own hash covers itself. All are checked
before anything is used. They show damage and make a model's name binding; they are no signature.
"""

import errno
import hashlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.build import load_classifier
from pipeline.classifiers.protocols import Accounting, FittedClassifier
from pipeline.data.codebooks.codebook import Codebook
from pipeline.errors import ModelError
from pipeline.files.array_files import read_arrays
from pipeline.files.file_hashes import hash_files
from pipeline.files.first_load import remember, require_trial
from pipeline.files.json_files import read_json_object
from pipeline.measures.decision_rule import DecisionRule

FORMAT = 1
MANIFEST = "bundle.json"
_CODEBOOK, _DECISIONS, _CONFIG, _METRICS = "codebook.json", "decisions.json", "config.json", "metrics.json"
_CLASSIFIER = "classifier"
BUILDING = ".building-"  # how the names of half-written bundles begin
_MANIFEST_KEYS = {
    "name": str,
    "kind": str,
    "bundle_hash": str,
    "codebook_hash": str,
    "manifest_hash": str,
    "files": dict,
}
# What the arrays beside a model are: kind, and a letter for each dimension; k is the number of frames, the same letter
# the same number in one file. A question mark: bundles of earlier versions lack it.
_KINDS = {"numbers": "iufb", "numbers or none": "f", "texts": "U", "days": "M"}
_ARRAYS: dict[str, dict[str, tuple[str, ...]]] = {
    "test_predictions": {
        "ids": ("texts", "n"),
        "clusters": ("numbers", "n"),
        "truth": ("numbers", "n", "k"),
        "calibrated": ("numbers", "n", "k"),
        "decided": ("numbers", "n", "k"),
        "raw?": ("numbers", "n", "k"),
        "row_sources?": ("texts", "n"),
        "row_langs?": ("texts", "n"),
        "row_days?": ("days", "n"),
        "row_lengths?": ("numbers", "n"),
        "row_posts?": ("numbers", "n"),
    },
    "training_texts": {
        "digests": ("numbers", "n"),
        "test_digests?": ("numbers", "t"),
        "sources?": ("texts", "s"),
        "last_day?": ("days",),
    },
    "training_record": {
        "digests": ("numbers", "n"),
        "sketches": ("numbers", "n", "v"),
        "probabilities": ("numbers or none", "n", "k"),
    },
    "lessons": {"digests": ("numbers", "n")},
    "drift_reference": {
        **dict.fromkeys(
            ("n_rows", "n_clusters", "unknown_expected", "mean_length", "score_clusters"), ("numbers",)
        ),
        "word_digests": ("numbers", "w"),
        "languages": ("texts", "l"),
        "language_rows": ("numbers", "l"),
        "length_counts": ("numbers", "b"),
        "score_counts": ("numbers", "k", "s"),
        "score_means": ("numbers", "k"),
    },
}
# Texts of other scripts, none, a page, and batches of the three shapes that scoring has: long, square, short
_PROBES = (
    "Мы вместе. 我们在一起",
    "",
    "word " * 2_000,
    *["peace and order and peace and order " * 2] * 16,
    *["a"] * 256,
)
_REMEDY = "the bundle is damaged or was tampered with: copy it again or train again"


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """A verified model, ready to score.

    Attributes:
        folder: where it was read from.
        manifest: provenance as written at training.
        codebook: what the columns mean.
        classifier: texts to raw probabilities.
        decisions: raw probabilities to calibrated ones and to decisions.
        metrics: evaluation on the test fold at training.
    """

    folder: Path
    manifest: dict[str, Any]
    codebook: Codebook
    classifier: FittedClassifier
    decisions: DecisionRule
    metrics: dict[str, Any]

    @property
    def bundle_hash(self) -> str:
        """SHA-256 (hex) of what decides a score."""
        return str(self.manifest["bundle_hash"])

    @property
    def model_id(self) -> str:
        """Name of the run and the head of the bundle hash."""
        return f"{self.manifest['name']}@{self.bundle_hash[:12]}"

    @property
    def frame_ids(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.codebook.frame_ids

    def read_arrays(self, stem: str) -> dict[str, NDArray[Any]]:
        """Arrays that were saved beside the model, by name.

        Raises:
            ModelError: the bundle has none of that name, or they are not what they should be.
        """
        return read_model_arrays(self.folder / f"{stem}.npz", len(self.frame_ids))

    def predict(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Calibrated probabilities and decisions, both of shape (n_texts, n_frames)."""
        calibrated = self.decisions.calibrate(self.classifier.predict_proba(texts))
        return calibrated, self.decisions.decide(calibrated)


def read_model_arrays(path: Path, n_frames: int) -> dict[str, NDArray[Any]]:
    """The arrays of a file that stood beside a model of so many frames, by name, held against what was written.

    Raises:
        ModelError: no such file, or they are not what they should be.
    """
    try:
        arrays = read_arrays(path)
    except Exception as error:  # noqa: BLE001 - damaged archives raise anything inside the reader
        raise ModelError(f"{path}: cannot be read: {error}") from None
    _check_arrays(path, arrays, n_frames)
    return arrays


def _check_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], n_frames: int) -> None:
    """Hold what is read against what was written: a stranger's arrays may have any names, types and shapes."""
    sizes = {"k": n_frames}
    for name, (kind, *dimensions) in _ARRAYS.get(path.stem, {}).items():
        found = arrays.get(name.rstrip("?"))
        if found is None:
            if name.endswith("?"):  # kept by later versions only
                continue
            raise ModelError(f"{path}: the array '{name}' is missing; {_REMEDY}")
        if found.dtype.kind not in _KINDS[kind] or found.ndim != len(dimensions):
            raise ModelError(
                f"{path}: '{name.rstrip('?')}': expected {kind} in {len(dimensions)} dimensions, got {found.dtype} in "
                f"{found.ndim}; {_REMEDY}"
            )
        for dimension, size in zip(dimensions, found.shape, strict=True):
            if sizes.setdefault(dimension, size) != size:
                raise ModelError(
                    f"{path}: '{name.rstrip('?')}' has the shape {found.shape}, which does not fit the others or the "
                    f"{n_frames} frames; {_REMEDY}"
                )
        if kind == "numbers" and not np.isfinite(found).all():
            raise ModelError(f"{path}: '{name.rstrip('?')}' holds numbers that are none; {_REMEDY}")


def save_bundle(
    destination: Path,
    *,
    building_in: Path | None = None,
    numbered: bool = False,
    name: str,
    classifier: FittedClassifier,
    codebook: Codebook,
    decisions: DecisionRule,
    config: Mapping[str, Any],
    metrics: Mapping[str, Any],
    provenance: Mapping[str, Any],
    arrays: Mapping[str, Mapping[str, NDArray[Any]]] | None = None,
    describe: Callable[[Path, Mapping[str, Any]], Mapping[str, str]] | None = None,
) -> Path:
    """Write a bundle into a new folder `destination`; it appears there complete or not at all.

    `describe` is called with the folder, complete but for its manifest, and with the manifest so far; the texts that
    it returns, by file name, become files of the bundle.

    With `numbered`, a destination that is taken gets a number at its end; the folder is returned.

    Raises:
        ModelError: the destination exists already.
    """
    if destination.exists() and not numbered:
        raise ModelError(f"{destination} exists already; a bundle is never written over another")
    destination.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=BUILDING, dir=building_in or destination.parent))
    try:
        (building / _CLASSIFIER).mkdir()
        classifier.save(building / _CLASSIFIER)
        for file, content in (
            (_CODEBOOK, codebook.model_dump(mode="json")),
            (_DECISIONS, decisions.to_json()),
            (_CONFIG, config),
            (_METRICS, metrics),
        ):
            _write_json(building / file, content)
        for stem, named in (arrays or {}).items():
            np.savez_compressed(building / f"{stem}.npz", allow_pickle=False, **named)
        manifest = {
            "format": FORMAT,
            "name": name,
            "kind": classifier.kind,
            "bundle_hash": hash_bundle(hash_files(building)),
            "codebook_hash": codebook.content_hash,
            **provenance,
        }
        for file, text in (describe(building, manifest) if describe else {}).items():
            (building / file).write_text(text, encoding="utf-8")
        manifest["files"] = hash_files(building)
        manifest["manifest_hash"] = hash_manifest(manifest)
        _write_json(building / MANIFEST, manifest)
        remember(manifest["manifest_hash"])
        building.chmod(0o755)  # a temporary folder is private; a model is to be read
        return _take_place(building, destination, numbered=numbered)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _take_place(building: Path, destination: Path, *, numbered: bool) -> Path:
    """Bring the files to the disk and give the folder its name, or the first free one that is numbered."""
    for path in building.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    numbers = (destination.with_name(f"{destination.name}-{number}") for number in itertools.count(2))
    for folder in itertools.chain([destination], numbers):
        try:
            os.rename(building, folder)  # noqa: PTH104 - fails rather than replaces
        except OSError as error:
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
                raise
            if not numbered:
                raise ModelError(
                    f"{destination} exists already; a bundle is never written over another"
                ) from None
        else:
            return folder
    raise AssertionError  # names never end


def load_bundle(folder: Path) -> ModelBundle:
    """Read a bundle after checking every file against the manifest.

    Raises:
        ModelError: not a bundle, files missing, added or changed, or of a format this version does not read.
    """
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    require_trial(folder, str(manifest["manifest_hash"]))
    return _read_verified(folder, manifest)


def try_bundle(folder: Path) -> None:
    """Load a bundle and score texts of several lengths with it: for a process of its own, see `files.first_load`.

    Raises:
        ModelError: as `load_bundle`, or it gives something else than probabilities.
    """
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    bundle = _read_verified(folder, manifest)
    if isinstance(bundle.classifier, Accounting):  # it asks others
        return
    calibrated, _ = bundle.predict(_PROBES)
    if calibrated.shape != (len(_PROBES), len(bundle.frame_ids)) or not np.isfinite(calibrated).all():
        raise ModelError(f"{folder}: gives something else than a probability for each text and frame")


def _read_verified(folder: Path, manifest: dict[str, Any]) -> ModelBundle:
    try:
        codebook = Codebook.model_validate(read_json_object(folder / _CODEBOOK))
        decisions = DecisionRule.from_json(read_json_object(folder / _DECISIONS))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: codebook or decisions do not fit their schema: {error}") from None
    shapes = {
        part.shape
        for part in (decisions.thresholds, decisions.calibrator.slopes, decisions.calibrator.offsets)
    }
    if shapes != {(len(codebook.frames),)} or decisions.single_label != (codebook.mode == "single_label"):
        raise ModelError(f"{folder}: the decisions are not made for the codebook's frames and mode")
    if decisions.parents not in {(), codebook.parents}:
        raise ModelError(f"{folder}: the parents of frames are not those of the codebook")
    if codebook.content_hash != manifest["codebook_hash"]:
        raise ModelError(f"{folder}: the codebook is not the one that the manifest names")
    classifier = load_classifier(str(manifest["kind"]), folder / _CLASSIFIER)
    if tuple(classifier.labels) != codebook.frame_ids:
        raise ModelError(f"{folder}: the classifier's columns are not the codebook's frames")
    return ModelBundle(folder, manifest, codebook, classifier, decisions, read_json_object(folder / _METRICS))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a bundle folder, unchecked but of a known format.

    Raises:
        ModelError: no bundle there, or one of another format.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ModelError(
            f"{folder}: not a model bundle (no {MANIFEST} there); give the folder that `frames train` "
            "printed, or a registered model such as models:/NAME@champion"
        )
    manifest = read_json_object(path)
    if manifest.get("format") != FORMAT:
        raise ModelError(
            f"{path}: bundle format {manifest.get('format')!r}; this version reads {FORMAT}: use "
            "the version of narrative-frames that wrote it, or train again"
        )
    unfit = [key for key, kind in _MANIFEST_KEYS.items() if not isinstance(manifest.get(key), kind)]
    if unfit or not all(isinstance(value, str) for value in manifest["files"].values()):
        raise ModelError(
            f"{path}: missing in the manifest, or of the wrong type: {', '.join(unfit or ['files'])}"
        )
    if manifest["manifest_hash"] != hash_manifest(manifest):
        raise ModelError(f"{path}: changed since it was written; {_REMEDY}")
    return manifest


def verify_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Check every file of the folder against the manifest.

    Raises:
        ModelError: a link, a pipe or device, a file too many, one missing, or one with other content.
    """
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise ModelError(f"{path}: refused: a bundle holds no links")
        if not (path.is_file() or path.is_dir()):
            raise ModelError(f"{path}: refused: neither a file nor a folder")
    expected, found = dict(manifest["files"]), hash_files(folder)
    found.pop(MANIFEST, None)
    for what, names in (
        ("missing", set(expected) - set(found)),
        ("not listed in the manifest", set(found) - set(expected)),
        ("changed since it was written", {n for n in expected if n in found and found[n] != expected[n]}),
    ):
        if names:
            raise ModelError(f"{folder / min(names)}: {what}; {_REMEDY}")
    if hash_bundle(expected) != manifest["bundle_hash"]:
        raise ModelError(f"{folder / MANIFEST}: the bundle hash does not fit the files")


def hash_bundle(hashes: Mapping[str, str]) -> str:
    """SHA-256 (hex) of what decides a score, from the hashes of a bundle's files by name."""
    deciding = {
        n: h for n, h in hashes.items() if n.startswith(f"{_CLASSIFIER}/") or n in {_CODEBOOK, _DECISIONS}
    }
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


def hash_manifest(manifest: Mapping[str, Any]) -> str:
    """Of all other keys, so that a damaged manifest is noticed too."""
    others = {key: value for key, value in manifest.items() if key != "manifest_hash"}
    return hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True), encoding="utf-8")
