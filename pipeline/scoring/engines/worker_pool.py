"""Windows of posts to scored batches by several workers: in order, a bounded number at a time, and none lost.

What a worker is, a process on this machine or an actor on a cluster, is the business of its class; here is what
happens when one is lost: a new one takes its place, and what it was scoring is scored again. Scoring changes
nothing but its result, so doing it twice does no harm; only the driver writes.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from queue import PriorityQueue
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

from pipeline.errors import PipelineError
from pipeline.scoring.score_posts import ScoredBatch

MAX_LOSSES = 3  # workers that one window may take with it, and workers in a row that may fail to start
START_PATIENCE = 600.0  # seconds without any worker; a cluster may have to start machines first
_WINDOWS_PER_WORKER = 2  # one in work and one waiting, so that a commit leaves nobody idle
_POLL_SECONDS = 1.0
_STOP_SECONDS = 10.0


class WorkerLostError(Exception):
    """A worker ended without an answer: killed, out of memory, or its machine is gone."""


class Worker(Protocol):
    """One process that holds the model; created at once, ready later."""

    def wait_until_ready(self) -> None:
        """Return when the model is loaded.

        Raises:
            WorkerLostError: it ended before.
            ModelError: it cannot load the model.
        """
        ...

    def score(self, posts: pa.RecordBatch) -> ScoredBatch:
        """What `score_batch` gives for these posts.

        Raises:
            WorkerLostError: it ended, now or before.
            ModelError: the model gave something that is no number.
        """
        ...

    def stop(self) -> None:
        """End it now, whatever it is doing; may be called from another thread and more than once."""
        ...


@dataclass(order=True, slots=True)
class _Task:
    """A window on its way; those that come first in the input are done first, so also those of lost workers."""

    position: int
    posts: pa.RecordBatch | None = field(compare=False)  # None: no more work
    result: Future[ScoredBatch] = field(compare=False, default_factory=Future)
    losses: int = field(compare=False, default=0)


class WorkerPool:
    """An engine of several workers, each served by a thread of this process; they start with the first windows.

    Args:
        new_worker: creates a worker without waiting for it.
        n_workers: how many at a time.
        start_patience: seconds to wait while there is no worker at all.
    """

    def __init__(
        self, new_worker: Callable[[], Worker], n_workers: int, start_patience: float = START_PATIENCE
    ) -> None:
        self._new_worker = new_worker
        self._n_workers = n_workers
        self._start_patience = start_patience
        self._tasks: PriorityQueue[_Task] = PriorityQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._workers: list[Worker] = []
        self._ready: list[Worker] = []
        self._last_ready = time.monotonic()
        self._is_stopping = False
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all workers at once."""
        with self._lock:
            self._is_stopping = True
            workers = list(self._workers)
        for i in range(len(self._threads)):
            self._tasks.put(_Task(-1 - i, None))
        for worker in workers:
            worker.stop()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)

    def score(self, windows: Iterable[pa.RecordBatch]) -> Iterator[ScoredBatch]:
        """Score windows; what comes out has the order of what goes in.

        Raises:
            PipelineError: a window ended its worker again and again, or no worker can be had.
        """
        pending: deque[_Task] = deque()
        for position, posts in enumerate(windows):
            pending.append(_Task(position, posts))
            self._tasks.put(pending[-1])
            self._add_thread()
            if len(pending) >= _WINDOWS_PER_WORKER * self._n_workers:
                yield self._wait_for(pending.popleft())
        while pending:
            yield self._wait_for(pending.popleft())

    def _add_thread(self) -> None:
        if len(self._threads) < self._n_workers:
            self._last_ready = time.monotonic()
            self._threads.append(threading.Thread(target=self._serve, daemon=True))
            self._threads[-1].start()

    def _wait_for(self, task: _Task) -> ScoredBatch:
        while True:
            if self._failure is not None:
                raise self._failure
            if wait([task.result], _POLL_SECONDS).done:
                return task.result.result()
            if not self._ready and time.monotonic() - self._last_ready > self._start_patience:
                raise PipelineError(
                    f"no worker could be started within {self._start_patience:,.0f} s: is there room for one? "
                    "What was committed stays; run the same command again later, or with fewer demands"
                )

    def _serve(self) -> None:
        """Life of a thread: keep one worker going and give it what is to do."""
        try:
            while not self._is_stopping:
                worker = self._start_worker()
                try:
                    self._feed(worker)
                finally:
                    self._drop(worker)
        except BaseException as error:  # noqa: BLE001 - the driver raises it
            self._failure = error

    def _start_worker(self) -> Worker:
        reason = ""
        for _ in range(MAX_LOSSES):
            with self._lock:
                worker = self._new_worker()
                self._workers.append(worker)
                if self._is_stopping:
                    worker.stop()
            try:
                worker.wait_until_ready()
            except WorkerLostError as lost:
                self._drop(worker)
                reason = str(lost)
            except BaseException:
                self._drop(worker)
                raise
            else:
                self._ready.append(worker)
                return worker
        raise PipelineError(
            f"{MAX_LOSSES} workers in a row ended before they had loaded the model ({reason}); is there "
            f"memory for {self._n_workers} of them? What was committed stays; try fewer with --workers"
        )

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            self._workers.remove(worker)
            if worker in self._ready:
                self._ready.remove(worker)
                self._last_ready = time.monotonic()
        worker.stop()

    def _feed(self, worker: Worker) -> None:
        """Return when the worker is lost or there is no more work."""
        while (task := self._tasks.get()).posts is not None:
            try:
                task.result.set_result(worker.score(task.posts))
            except WorkerLostError as lost:
                self._take_back(task, lost)
                return
            except Exception as error:  # noqa: BLE001 - the driver raises it when the window's turn comes
                task.result.set_exception(error)

    def _take_back(self, task: _Task, lost: WorkerLostError) -> None:
        task.losses += 1
        if task.losses < MAX_LOSSES:
            self._tasks.put(task)
            return
        n_posts = task.posts.num_rows if task.posts is not None else 0
        error = PipelineError(
            f"{MAX_LOSSES} workers ended while they scored the same {n_posts:,} posts ({lost}), most likely for "
            "want of memory. What was committed stays; run the same command again with fewer --workers or smaller "
            "--batch-posts"
        )
        task.result.set_exception(error)
