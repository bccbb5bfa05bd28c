"""Work that waits for somebody else, in threads: so many pieces at a time, and none is begun after one has failed."""

import threading
from collections.abc import Callable
from typing import Final

_TICK: Final = 0.05  # seconds between looks at how far the threads are


def run_in_threads(
    work: Callable[[int], None], n_pieces: int, n_threads: int, report: Callable[[int], None]
) -> None:
    """Do pieces 0 to `n_pieces` - 1; each thread takes the next that nobody has taken.

    Memory does not grow with the number of pieces. Ctrl-C returns at once: threads end with the piece they are at, and
    with the program.

    Args:
        work: does a piece.
        n_pieces: how many there are.
        n_threads: how many are done at a time, at most.
        report: called with the number of pieces that are done, from the thread of the caller.

    Raises:
        Exception: the first that `work` raised; pieces that were begun are finished before.
    """
    shared = _Shared(work, n_pieces)
    threads = [threading.Thread(target=shared.work_on, daemon=True) for _ in range(min(n_threads, n_pieces))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(_TICK)
                report(shared.done)
    except BaseException as error:
        shared.stop(error)
        raise
    if shared.error is not None:
        raise shared.error


class _Shared:
    """What the threads have in common."""

    def __init__(self, work: Callable[[int], None], n_pieces: int) -> None:
        self.done = 0
        self.error: BaseException | None = None
        self._work, self._n_pieces, self._next = work, n_pieces, 0
        self._lock = threading.Lock()

    def stop(self, error: BaseException) -> None:
        """No piece is begun from now on."""
        with self._lock:
            self.error = self.error or error

    def work_on(self) -> None:
        """Until nothing is left, or something has failed."""
        while (i := self._take()) is not None:
            try:
                self._work(i)
            except BaseException as error:  # noqa: BLE001 - raised again in the thread of the caller
                self.stop(error)
                return
            with self._lock:
                self.done += 1

    def _take(self) -> int | None:
        with self._lock:
            if self.error is not None or self._next == self._n_pieces:
                return None
            self._next += 1
            return self._next - 1
