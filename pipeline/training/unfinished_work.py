"""The folder in which a training keeps what a killed run of it goes on from."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.bundle import BUILDING
from pipeline.config.run_config import RunConfig
from pipeline.errors import PipelineError
from pipeline.files.folder_lock import lock_folder

_FOLDER = ".work"


@contextmanager
def hold_work_folder(config: RunConfig, fingerprint: str) -> Iterator[Path]:
    """Lend the folder of exactly this config on exactly this data, to one process at a time.

    It is removed when the block succeeds; else what is in it serves the next run.

    Args:
        config: of the run.
        fingerprint: of the data.

    Raises:
        DataError: another process is at work there.
    """
    with hold_folder(_work_folder(config, fingerprint)) as folder:
        yield folder


@contextmanager
def hold_folder(folder: Path) -> Iterator[Path]:
    """Lend a folder for unfinished work to one process at a time; it is removed when the block succeeds.

    Raises:
        DataError: another process is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with lock_folder(folder):
        for half_written in folder.glob(f"{BUILDING}*"):
            shutil.rmtree(half_written)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mention_kept(bundles: Sequence[Path]) -> Iterator[None]:
    """Say where the trained model is when only its record failed.

    Args:
        bundles: folders of complete models; may be filled within the block.

    Raises:
        PipelineError: that of the block, with the place of the model.
    """
    try:
        yield
    except PipelineError as error:
        if not bundles:
            raise
        raise PipelineError(
            f"{error}. The model itself is complete and kept in {bundles[-1]}; to have one recorded, run the same "
            "command again when the store can be used: it goes on from the last checkpoint, if there is one"
        ) from error


def _work_folder(config: RunConfig, fingerprint: str) -> Path:
    deciding = config.model_dump(mode="json", exclude={"name", "output", "tracking", "promotion", "sweep"})
    del deciding["data"]["licence"]
    key = json.dumps([deciding, fingerprint], sort_keys=True)
    return work_folder(Path(config.output), key)


def work_folder(output: Path, key: str) -> Path:
    """Where work of this description is kept until it is finished."""
    return output / _FOLDER / hashlib.sha256(key.encode()).hexdigest()[:16]
