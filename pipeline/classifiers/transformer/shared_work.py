"""What several processes settle before they train one network: the same work, one folder, one checkpoint."""

import hashlib
import platform
import uuid
from pathlib import Path

import pipeline.no_telemetry  # noqa: F401 - libraries read their settings while they are imported

# isort: split

import numpy as np
import torch
from datasets import Dataset
from transformers import TrainingArguments

from pipeline.classifiers.processes import Processes
from pipeline.classifiers.transformer.checkpoints import newest_whole_checkpoint
from pipeline.config.model import TransformerSettings
from pipeline.errors import ConfigError

_SHOWN_CHARACTERS = 200


def require_same_work(
    rows: Dataset, settings: TransformerSettings, arguments: TrainingArguments, processes: Processes
) -> None:
    """Refuse to train where a machine has other rows, settings, versions or devices than that of the first process.

    Raises:
        ConfigError: names what differs.
    """
    if processes.size == 1:
        return
    mine = {
        "rows": _digest(rows),
        "settings": settings.model_dump_json(),
        "version of torch": torch.__version__,
        "model.device": "cpu" if arguments.use_cpu else "cuda",
        "model.precision": "bf16" if arguments.bf16 else "fp32",
    }
    (first_node, expected), *others = processes.gather([platform.node(), mine])
    for rank, (node, found) in enumerate(others, start=1):
        for what in expected:
            if found[what] != expected[what]:
                raise ConfigError(
                    f"processes that train together must have the same {what}: process 0 on {first_node} has "
                    f"{expected[what][:_SHOWN_CHARACTERS]}, process {rank} on {node} has "
                    f"{found[what][:_SHOWN_CHARACTERS]}"
                )


def share_folder(folder: Path, processes: Processes) -> Path:
    """The folder of the first process, made by it, in all of them.

    Raises:
        ConfigError: another machine does not see it.
    """
    mark = folder.absolute() / f"seen-{uuid.uuid4().hex}"
    if not processes.rank:
        folder.mkdir(parents=True, exist_ok=True)
    if processes.size == 1:
        return folder
    if not processes.rank:
        mark.touch()
    mark = Path(processes.gather(str(mark))[0])
    if not mark.exists():
        raise ConfigError(
            f"{mark.parent}: process 0 made this folder, but {platform.node()} does not see it: put `output` on a disk "
            "that all machines share, under the same path on each"
        )
    processes.gather(None)
    if not processes.rank:
        mark.unlink()
    return mark.parent


def share_checkpoint(folder: Path, processes: Processes) -> Path | None:
    """The checkpoint to go on from, as the first process finds it."""
    found = None if processes.rank else newest_whole_checkpoint(folder, processes.size)
    name = processes.gather(found.name if found else None)[0]
    return folder / name if name else None


def _digest(rows: Dataset) -> str:
    content = hashlib.sha256()
    for column in ("input_ids", "labels"):
        for values in rows[column]:
            content.update(np.asarray(values, np.float64).tobytes() + b";")
    return content.hexdigest()
