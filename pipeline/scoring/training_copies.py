"""Copies of what models keep of their training texts, `pipeline.data.labels.training_record`, beside their scores.

Shares need it and bundles move: OUT/_training/BUNDLE_HASH.npz, one file for each model that scored here.
"""

import shutil
from io import BytesIO
from pathlib import Path

import numpy as np

from pipeline.bundle import ModelBundle
from pipeline.data.labels.training_record import STEM, TrainingRecord
from pipeline.errors import DataError
from pipeline.files.array_files import read_arrays
from pipeline.files.durable_files import new_file, replacing
from pipeline.files.stores import Location, is_file, join_location, read_from_store, write_to_store

_FOLDER = "_training"
_DIGESTS = "training_texts"  # in bundles that keep no record: digests alone


def keep_training_record(bundle: ModelBundle, out: Location) -> bool:
    """Copy a bundle's record beside the scores, once; False where the bundle has none, not even digests."""
    path = _record_path(out, bundle.bundle_hash)
    if is_file(path):
        return True
    stem = next((stem for stem in (STEM, _DIGESTS) if (bundle.folder / f"{stem}.npz").is_file()), None)
    if stem is None:
        return False
    arrays = bundle.read_arrays(stem)
    kept = {name: arrays[name] for name in ("digests", "sketches", "probabilities") if name in arrays}
    content = BytesIO()
    np.savez_compressed(content, allow_pickle=False, **kept)
    if not isinstance(path, Path):
        write_to_store(path, content.getvalue())
        return True
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as temporary, new_file(temporary) as stream:
        stream.write(content.getvalue())
    return True


def read_training_record(out: Location, bundle_hash: str, n_frames: int) -> TrainingRecord | None:
    """The record of a model that scored here; None where none was kept.

    Raises:
        DataError: it is damaged.
    """
    path = _record_path(out, bundle_hash)
    if not is_file(path):
        return None
    try:
        source = path if isinstance(path, Path) else BytesIO(read_from_store(path))
        return TrainingRecord.from_arrays(read_arrays(source), n_frames)
    except Exception as error:  # noqa: BLE001 - damaged archives raise anything inside the reader
        raise DataError(
            f"{path}: cannot be read: {error}; remove it and give --model BUNDLE, which writes it again"
        ) from None


def copy_record(out: Path, bundle_hash: str, folder: Path) -> None:
    """Copy what a model that scored here keeps into a folder, if there is anything, as BUNDLE_HASH.npz."""
    path = _record_path(out, bundle_hash)
    if isinstance(path, Path) and is_file(path):
        folder.mkdir(exist_ok=True)
        shutil.copyfile(path, folder / path.name)


def place_record(record: Path, out: Path) -> None:
    """The reverse of `copy_record`."""
    path = Path(out, _FOLDER, record.name)
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(record, path)


def _record_path(out: Location, bundle_hash: str) -> Location:
    """Refuses a name that would lead out of the folder: hashes come from a table that may be a stranger's."""
    if not bundle_hash.isalnum():
        raise DataError(f"{out}: a bundle hash in the scores is none: {bundle_hash!r:.80}")
    return join_location(out, f"{_FOLDER}/{bundle_hash}.npz")
