"""Several processes that train one model, as torchrun starts them: what they need of each other, and who may be one.

Every process runs the same command. The first reads, trains, evaluates, records and prints; the others take their
share of the training and leave nothing of their own.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.errors import ConfigError

if TYPE_CHECKING:  # every command imports this module, and most need no arrays
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

FIRST_WORD_SECONDS = 15.0  # in which the first process tells of a failure that all share


class Processes(Protocol):
    """Those that train one model together. All must call the same methods in the same order."""

    @property
    def rank(self) -> int:
        """Number of this process; 0 is the first."""
        ...

    @property
    def size(self) -> int:
        """How many they are."""
        ...

    def gather(self, value: Any) -> list[Any]:
        """The value (JSON) that each process gave, in the order of ranks; waits until all have given theirs."""
        ...

    def sum(self, part: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sum of an array of the same shape in each process; only while or after the first network is trained."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """One process, with nobody to talk to."""

    rank: int = 0
    size: int = 1

    def gather(self, value: Any) -> list[Any]:
        """The value, which is the only one."""
        return [value]

    def sum(self, part: NDArray[np.float32]) -> NDArray[np.float32]:
        """The part, of any shape, which is the whole."""
        return part


ALONE = Alone()


def count_launched() -> int:
    """Processes that torchrun, or a launcher that sets the same variables, started for this run."""
    size = os.environ.get("WORLD_SIZE", "1")
    return int(size) if size.isdecimal() else 1


def refuse_several_processes(what: str) -> None:
    """Each process would do the whole of it: read, write and record the same.

    Raises:
        ConfigError: torchrun started this process beside others.
    """
    size = count_launched()
    if size == 1:
        return
    if os.environ.get("RANK", "0") != "0":
        # All have the same to say; once the first has said it, the launcher ends the others.
        time.sleep(FIRST_WORD_SECONDS)
    raise ConfigError(
        f"{what} is work for one process, but this is one of {size} (WORLD_SIZE): start it without torchrun. Only "
        "`frames train` runs in several, for a transformer or a model that holds one"
    )


@contextmanager
def join_processes() -> Iterator[Processes]:
    """The processes that train together, for as long as they do; this one alone where nobody started others.

    Raises:
        ConfigError: the launcher left out what processes need to find each other.
        SaidElsewhereError: another process failed, and says why.
        PipelineError: another process was lost.
    """
    if count_launched() == 1:
        yield ALONE
        return
    from pipeline.classifiers.transformer.process_group import join_group  # noqa: PLC0415 - loads torch

    with join_group() as group:
        yield group
