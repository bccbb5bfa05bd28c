"""Scoring in several processes of this machine, by `concurrent.futures`.

The executor gives each window of posts to a process that is free. It knows nothing of workers that end while they
work, killed or out of memory: all that is under way is lost then. So a new executor takes the place of one that broke,
and what has no result is given to it again; scoring changes nothing but its result, and only the driver writes. A
window that is lost again and again is scored alone, to tell posts that end their worker from a want of memory.

The processes are spawned, since a fork would copy the threads of numerical libraries in whatever state they are. A
spawn would run the user's main script again, so it is hidden from it.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache, partial
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from pipeline.bundle import ModelBundle
from pipeline.errors import PipelineError, shorten
from pipeline.files.cores import count_cores
from pipeline.scoring.engines.model_loading import load_same_bundle
from pipeline.scoring.score_posts import ScoredBatch, score_batch
from pipeline.scoring.work_pieces import Work

_MAX_LOSSES = 2  # of a window, before it is scored alone
_WINDOWS_PER_WORKER = 2  # one in work and one waiting, so that a commit leaves nobody idle
_THREADS = "OMP_NUM_THREADS"
_LOSS = "workers ended at work, killed or for want of memory; what they had not done was done again, nothing is missing"


class ProcessesEngine:
    """Scores in processes of this machine; get one from `open_processes`."""

    def __init__(self, bundle: ModelBundle, scored_at: datetime, workers: int) -> None:
        self.warnings: list[str] = []
        self._model = bundle.folder.resolve(), bundle.bundle_hash
        self._score = partial(_score, *self._model, scored_at)
        self._workers = workers
        self._executor = _open_executor(workers)

    def score(self, work: Work) -> Iterator[ScoredBatch]:
        """See `Engine`."""
        return self.score_windows(work.iter_windows())

    def score_windows(self, windows: Iterable[pa.RecordBatch]) -> Iterator[ScoredBatch]:
        """Scores of windows, in their order.

        Raises:
            PipelineError: workers ended again and again.
        """
        pending: deque[tuple[pa.RecordBatch, Future[ScoredBatch]]] = deque()
        for posts in windows:
            pending.append((posts, self._submit(posts)))
            if len(pending) >= _WINDOWS_PER_WORKER * self._workers:
                yield self._take(pending)
        while pending:
            yield self._take(pending)

    def close(self) -> None:
        """End all workers, whatever they are doing."""
        for process in multiprocessing.active_children():
            if isinstance(process, _Worker):
                process.kill()
        self._executor.shutdown(cancel_futures=True)

    def _submit(self, posts: pa.RecordBatch) -> Future[ScoredBatch]:
        try:
            return self._executor.submit(self._score, posts)
        except BrokenProcessPool as error:
            lost: Future[ScoredBatch] = Future()
            lost.set_exception(error)
            return lost

    def _take(self, pending: deque[tuple[pa.RecordBatch, Future[ScoredBatch]]]) -> ScoredBatch:
        """The scores of the first window that is pending."""
        for _ in range(_MAX_LOSSES):
            posts, future = pending[0]
            try:
                scored = future.result()
            except BrokenProcessPool:
                self._replace_executor()
                for i, (other, under_way) in enumerate(pending):
                    if not under_way.done() or _is_lost(under_way):
                        pending[i] = other, self._submit(other)
            else:
                pending.popleft()
                return scored
        pending.popleft()
        scored = self._score_alone(posts)
        for i, (other, _) in enumerate(pending):
            pending[i] = other, self._submit(other)
        return scored

    def _replace_executor(self) -> None:
        self.close()
        self._executor = _open_executor(self._workers)
        self.warnings = [_LOSS]

    def _score_alone(self, posts: pa.RecordBatch) -> ScoredBatch:
        """Score a window that was lost too often with one worker, and go on with one.

        Raises:
            PipelineError: the worker ends again; the message says over what.
        """
        self._workers = 1
        self._replace_executor()
        if _is_lost(self._executor.submit(_warm_up, *self._model)):
            raise PipelineError(
                "workers end before they have loaded the model; is there memory for it? What was committed stays; run "
                "the same command again, with fewer --workers"
            )
        future = self._submit(posts)
        if not _is_lost(future):
            return future.result()
        self._replace_executor()
        keys = posts.column("post_key")
        for i in range(posts.num_rows):
            if _is_lost(self._submit(posts.slice(i, 1))):
                raise PipelineError(
                    f"post {shorten(str(keys[i]))}: the process that scores it ends, also when it scores nothing else, "
                    "killed or for want of memory. What was committed stays; leave this post out, or find more memory"
                )
        raise PipelineError(
            f"the process that scores {posts.num_rows:,} posts at once, from {shorten(str(keys[0]))} on, ends, though "
            "it scores each of them alone: most likely for want of memory. What was committed stays; run the same "
            "command again with a smaller --batch-posts"
        )


@contextmanager
def open_processes(bundle: ModelBundle, scored_at: datetime, workers: int) -> Iterator[ProcessesEngine]:
    """An engine of several processes, which load the model with their first window and end with the block.

    Each has its share of the cores, unless OMP_NUM_THREADS says otherwise.
    """
    engine = ProcessesEngine(bundle, scored_at, workers)
    before = os.environ.get(_THREADS)
    os.environ.setdefault(_THREADS, str(max(1, count_cores() // workers)))
    try:
        yield engine
    finally:
        engine.close()
        if before is None:
            os.environ.pop(_THREADS, None)


def _is_lost(future: "Future[Any]") -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


def _open_executor(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=_Spawn(), initializer=_begin)


class _Worker(SpawnProcess):
    """A process that Ctrl-C does not reach: the driver ends it."""

    def start(self) -> None:
        """Start it without the user's main script, and with interrupts blocked from its first moment on."""
        main = sys.modules["__main__"]
        unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = main
            signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)


class _Spawn(SpawnContext):
    Process = _Worker


def _begin() -> None:
    """What a worker does first."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the driver's output may be JSON for a program
    threading.Thread(target=_end_with_driver, daemon=True).start()


def _end_with_driver() -> None:
    """An executor's workers would outlive a driver that was killed."""
    driver = multiprocessing.parent_process()
    if driver is not None:
        driver.join()
    os._exit(1)


@lru_cache(maxsize=1)
def _load(folder: Path, bundle_hash: str) -> ModelBundle:
    return load_same_bundle(folder, bundle_hash)


def _warm_up(folder: Path, bundle_hash: str) -> None:
    """Load the model; it is not sent back."""
    _load(folder, bundle_hash)


def _score(folder: Path, bundle_hash: str, scored_at: datetime, posts: pa.RecordBatch) -> ScoredBatch:
    return score_batch(posts, _load(folder, bundle_hash), scored_at=scored_at)
