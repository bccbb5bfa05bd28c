"""The folder in which a training keeps what a killed run of it goes on from."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.config import RunConfig
from pipeline.decisions.model_bundle import BUILDING
from pipeline.scoring.transactions import lock_folder

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
    folder = _work_folder(config, fingerprint)
    with lock_folder(folder):
        for half_written in folder.glob(f"{BUILDING}*"):
            shutil.rmtree(half_written)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)


def _work_folder(config: RunConfig, fingerprint: str) -> Path:
    deciding = config.model_dump(mode="json", exclude={"name", "output", "tracking", "promotion", "sweep"})
    del deciding["data"]["licence"]
    key = json.dumps([deciding, fingerprint], sort_keys=True)
    folder = Path(config.output) / _FOLDER / hashlib.sha256(key.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder
