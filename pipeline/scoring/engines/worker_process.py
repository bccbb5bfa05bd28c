"""The other end of a local worker: a process that loads the model and scores what comes through its pipe.

It is started as `python -m pipeline.scoring.engines.worker_process DESCRIPTOR` and ends when the pipe does, so
also when the driver was killed. The pipe joins two processes of the same user and program; no file is read
with pickle.
"""

import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any


def serve(connection: "Connection[Any, Any]") -> None:
    """Answer the first message (bundle folder, bundle hash, stamp) with None, and each window with its scores."""
    from pipeline.scoring.engines.model_loading import load_same_bundle  # noqa: PLC0415 - an error is an answer
    from pipeline.scoring.score_posts import score_batch  # noqa: PLC0415 - likewise

    folder, bundle_hash, scored_at = connection.recv()
    bundle = _answer(connection, partial(load_same_bundle, folder, bundle_hash), is_sent=False)
    while bundle is not None:
        _answer(connection, partial(score_batch, connection.recv(), bundle, scored_at=scored_at))


def _answer(connection: "Connection[Any, Any]", work: Callable[[], Any], *, is_sent: bool = True) -> Any:
    """Send what `work` gives (or None in its place), or the error that it raises."""
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - the driver raises it
        connection.send(_make_portable(error))
        return None
    connection.send(result if is_sent else None)
    return result


def _make_portable(error: Exception) -> Exception:
    """The error with its traceback as a note; in words, where it cannot be sent."""
    trace = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - whatever its constructor does
        return RuntimeError(trace)
    error.add_note(f"in a worker process:\n{trace}")
    return error


def main() -> None:
    """Serve the pipe whose descriptor is the only argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver is interrupted, and ends us
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the driver is gone
        serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
