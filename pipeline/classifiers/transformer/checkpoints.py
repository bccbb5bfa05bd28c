"""Files of unfinished and finished training: which checkpoint to go on from, and weights as safetensors."""

import json
import os
import re
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

_SHARED_BY = "shared-by-{}"  # processes; a file in a checkpoint to which each has written its part


def newest_whole_checkpoint(folder: Path, n_processes: int = 1) -> Path | None:
    """The latest checkpoint that was completely written; half-written ones are removed.

    The trainer state is the last file that a checkpoint gets from one process; of several, see `mark_whole`.
    """
    whole = []
    for path in folder.glob("checkpoint-*"):
        if _is_whole(path, n_processes):
            whole.append(path)
        else:
            shutil.rmtree(path)
    return max(whole, key=step_of, default=None)


def mark_whole(checkpoint: Path, n_processes: int) -> None:
    """Say that each of several processes has written its random state into the checkpoint."""
    (checkpoint / _SHARED_BY.format(n_processes)).touch()


def step_of(checkpoint: Path) -> int:
    """The optimiser step after which a checkpoint was written."""
    found = re.search(r"(\d+)$", checkpoint.name)
    return int(found[1]) if found else 0


def save_weights(network: torch.nn.Module, path: Path) -> None:
    """Write weights as safetensors, whole or not at all; in half precision where that loses nothing.

    Frozen embeddings of an encoder that came in half precision are most of its weights.
    """
    temporary = path.with_name(path.name + ".tmp")
    save_file({name: _narrow(t.detach().cpu()) for name, t in network.state_dict().items()}, temporary)
    os.replace(temporary, path)  # noqa: PTH105 - atomic on every platform


def _narrow(tensor: torch.Tensor) -> torch.Tensor:
    half = tensor.half()
    return (half if torch.equal(half.to(tensor.dtype), tensor) else tensor).contiguous()


def load_weights(network: torch.nn.Module, path: Path) -> None:
    """Read what `save_weights` wrote."""
    network.load_state_dict(load_file(path))


def _is_whole(checkpoint: Path, n_processes: int) -> bool:
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there yet, or cut off
        return False
    if n_processes > 1 and not (checkpoint / _SHARED_BY.format(n_processes)).exists():
        return False
    return (checkpoint / "optimizer.pt").is_file()
