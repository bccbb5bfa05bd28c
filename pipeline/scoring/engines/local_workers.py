"""Workers that are processes of this machine."""

import os
import subprocess
import sys
from datetime import datetime
from multiprocessing import Pipe
from typing import Any

import pyarrow as pa

from pipeline.bundle import ModelBundle
from pipeline.scoring.engines.worker_pool import WorkerLostError
from pipeline.scoring.score_posts import ScoredBatch

_THREADS = "OMP_NUM_THREADS"


class LocalWorker:
    """A process that runs `pipeline.scoring.engines.worker_process`.

    It is a program of its own and not a fork or spawn of the driver: a fork would copy the threads of numerical
    libraries in whatever state they are, a spawn would run the user's main script again.

    Args:
        bundle: the model; its folder must stay where it is.
        scored_at: stamp of the run.
        n_threads: cores that it may use, unless OMP_NUM_THREADS says so already.
    """

    def __init__(self, bundle: ModelBundle, scored_at: datetime, n_threads: int) -> None:
        ours, theirs = Pipe()
        self._connection: Any = ours
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", "pipeline.scoring.engines.worker_process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_make_environment(n_threads),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # ours may be JSON for a program
            )
        self._greeting = (bundle.folder.resolve(), bundle.bundle_hash, scored_at)

    def wait_until_ready(self) -> None:
        """See `Worker`."""
        self._ask(self._greeting)

    def score(self, posts: pa.RecordBatch) -> ScoredBatch:
        """See `Worker`."""
        scored: ScoredBatch = self._ask(posts)
        return scored

    def stop(self) -> None:
        """See `Worker`."""
        self._process.kill()
        self._process.wait()

    def _ask(self, message: object) -> Any:
        """The answer to a message; the process's end closes the pipe and so ends the wait."""
        try:
            self._connection.send(message)
            answer = self._connection.recv()
        except (EOFError, OSError):
            self.stop()  # it cannot go on without its pipe
            raise WorkerLostError(f"exit status {self._process.returncode}") from None
        if isinstance(answer, Exception):
            raise answer
        return answer


def _make_environment(n_threads: int) -> dict[str, str]:
    """Ours, with the same places to import from and a share of the cores."""
    places = os.pathsep.join(place or os.getcwd() for place in sys.path)  # noqa: PTH109 - a text is wanted
    return {_THREADS: str(n_threads), **os.environ, "PYTHONPATH": places}
