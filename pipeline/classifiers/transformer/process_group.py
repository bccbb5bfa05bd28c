"""What processes that torchrun started tell each other besides gradients, and how they end together.

Gradients go through torch's process group, which the Trainer opens. All else is a few numbers and words. They go
through the key-value store of the launcher, where a process may wait as long as the first one works alone.
"""

import json
import os
import platform
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# Torch's own warnings would come from every process; its errors still do. Read while torch is imported.
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")

# isort: split

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from pipeline.classifiers.processes import FIRST_WORD_SECONDS
from pipeline.errors import ConfigError, PipelineError, SaidElsewhereError

_NEEDED = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_FAILED, _DONE = "failed", "done"
_LONGEST_PAUSE = 0.1
_FIRST_WORD_OF_END_SECONDS = 2.0  # a signal or a lost process is noticed by all at once
_LAST_WORD_SECONDS = 2.0
_LATE_SECONDS = 1800.0
_GO_ON = "the same command goes on from the last checkpoint"


class _Terminated(BaseException):
    """SIGTERM came; no `except Exception` on the way is to take it for an error of its own."""


class ProcessGroup:
    """This process among those of the launcher.

    Args:
        rank: its number; 0 is the first.
        size: of all.
        store: of the launcher, used by nothing else.
    """

    def __init__(self, rank: int, size: int, store: Store) -> None:
        self.rank = rank
        self.size = size
        self._store = store
        self._gathered = 0

    def gather(self, value: Any) -> list[Any]:
        """The value (JSON) that each process gave, in the order of ranks; waits until all have given theirs.

        Raises:
            SaidElsewhereError: another process failed meanwhile.
            PipelineError: another has not come for half an hour.
        """
        self._gathered += 1
        self._store.set(f"{self._gathered}/{self.rank}", json.dumps(value))
        return [json.loads(self._read(f"{self._gathered}/{rank}", rank)) for rank in range(self.size)]

    def sum(self, part: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sum of an array of the same shape in each process; only while or after the first network is trained."""
        summed = torch.from_numpy(part).to("cuda" if dist.get_backend() == "nccl" else "cpu")
        dist.all_reduce(summed)
        return summed.cpu().numpy()

    def leave(self) -> None:
        """End when the first process has ended its work, which leaves last: it may be the host of the store."""
        if self.rank:
            self._read(_DONE, 0)
            self._store.set(f"{_DONE}/{self.rank}", "")
        else:
            self._store.set(_DONE, "")
            for rank in range(1, self.size):
                self._read(f"{_DONE}/{rank}", rank)

    def may_tell(self, error: BaseException) -> bool:
        """Whether this process is the one that tells the user of the failure; the first has the first word."""
        try:
            if self.rank:
                is_end = _is_lost_contact(error) or not isinstance(error, Exception)
                self._wait_for_first_word(_FIRST_WORD_OF_END_SECONDS if is_end else FIRST_WORD_SECONDS)
            return bool(self._store.compare_set(_FAILED, "", str(self.rank)) == str(self.rank).encode())
        except RuntimeError:  # the store is gone, and its host with it
            return self.rank == 0

    def name(self, rank: int) -> str:
        """A process as messages call it."""
        return f"process {rank} (of {self.size}, counted from 0)"

    def _wait_for_first_word(self, seconds: float) -> None:
        """Until the first process has failed as well, or waits for this one and so has not."""
        patience = time.monotonic() + seconds
        while time.monotonic() < patience:
            if self._store.check([_FAILED]) or self._store.check([f"{self._gathered + 1}/0"]):
                return
            time.sleep(_LONGEST_PAUSE)

    def _read(self, key: str, rank: int) -> str:
        """What process `rank` put there, as soon as it has."""
        pause, late = 0.001, time.monotonic() + _LATE_SECONDS
        while not self._store.check([key]):
            if self._store.check([_FAILED]):
                raise SaidElsewhereError
            if rank and time.monotonic() > late:  # for the first, which has more to do, all wait
                raise PipelineError(
                    f"{self.name(rank)} has not come in half an hour: look at its machine; {_GO_ON}"
                )
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return str(self._store.get(key).decode())


@contextmanager
def join_group() -> Iterator[ProcessGroup]:
    """Meet the other processes, and end with them: of all errors one process tells one.

    Raises:
        ConfigError: the launcher left out what processes need to find each other.
        SaidElsewhereError: another process failed, and says why.
        PipelineError: another process was lost, or the launcher ends this one.
    """
    group = _find_group()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        yield group
        group.leave()
    except BaseException as error:
        if isinstance(error, SaidElsewhereError) or not group.may_tell(error):
            # The launcher ends the one that speaks as soon as another has ended: let it finish.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            time.sleep(_LAST_WORD_SECONDS)
            raise SaidElsewhereError from error
        _raise_one(error, group)
    if dist.is_initialized():
        dist.destroy_process_group()


def _find_group() -> ProcessGroup:
    missing = [name for name in _NEEDED if not os.environ.get(name)]
    if missing:
        raise ConfigError(
            f"WORLD_SIZE is {os.environ['WORLD_SIZE']}, but {', '.join(missing)} not set: start with torchrun, which "
            "sets them all, or for one process unset WORLD_SIZE"
        )
    store, rank, size = next(rendezvous("env://"))
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")  # a launcher that restarts may keep its store
    return ProcessGroup(rank, size, PrefixStore(f"frames/{attempt}", store))


def _stop(number: int, _frame: FrameType | None) -> None:
    if sys.exception() is not None:
        return  # on its way out already: what is closed on that way is to be closed whole
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise _Terminated


def _raise_one(error: BaseException, group: ProcessGroup) -> None:
    """Raise what the user is to read."""
    place = f"{group.name(group.rank)} on {platform.node()}: " if group.rank else ""
    if isinstance(error, _Terminated):
        raise PipelineError(
            f"{place}ended by the launcher (SIGTERM), which was stopped or has seen another process end; {_GO_ON}"
        ) from error
    if _is_lost_contact(error):
        raise PipelineError(
            f"{place}lost another process: it was killed, ran out of memory, or its machine cannot be reached. The "
            f"launcher's report below says which; {_GO_ON}"
        ) from error
    if place and isinstance(error, PipelineError):
        raise PipelineError(f"{place}{error}") from error
    raise error


def _is_lost_contact(error: BaseException) -> bool:
    """Whether the error is of the connection; gloo's are plain runtime errors that begin with a place in its source."""
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo/" in str(error))
