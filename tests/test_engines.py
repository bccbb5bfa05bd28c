"""Every way of scoring gives the scores of the plain loop, also when workers and machines are lost on the way."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import make_tiny_bundle
from test_predict import assert_same_content, make_row, write_table
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.posts import POSTS_SCHEMA
from pipeline.errors import ConfigError, ModelError, PipelineError
from pipeline.scoring.engines.local_workers import LocalWorker
from pipeline.scoring.engines.open_engine import EngineSettings, InProcessEngine, open_engine
from pipeline.scoring.engines.worker_pool import WorkerLostError, WorkerPool
from pipeline.scoring.prediction import predict
from pipeline.scoring.score_posts import ScoredBatch, score_batch

STAMP = datetime(2024, 6, 1, tzinfo=UTC)
N_WINDOWS, WINDOW_POSTS = 24, 15
TWO_PROCESSES = EngineSettings("local", workers=2)


def make_window(number: int) -> pa.RecordBatch:
    rows = [make_row(number * WINDOW_POSTS + i) for i in range(WINDOW_POSTS)]
    return pa.RecordBatch.from_pylist(rows, schema=POSTS_SCHEMA)


WINDOWS = [make_window(number) for number in range(N_WINDOWS)]


@pytest.fixture(scope="session")
def expected(tiny_bundle: ModelBundle) -> list[ScoredBatch]:
    return list(InProcessEngine(tiny_bundle, STAMP).score(WINDOWS))


def assert_equal(found: list[ScoredBatch], expected: list[ScoredBatch]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.posts.equals(other.posts)
        assert one.sentences.equals(other.sentences)
        assert one.posts.schema == other.posts.schema


# The pool, with workers that fail as told.


class ThreadWorker:
    """Scores in the driver; windows that begin with a post of `deadly` end it, `lives` times."""

    def __init__(self, bundle: ModelBundle, deadly: dict[str, int], *, is_stillborn: bool = False) -> None:
        self._bundle, self._deadly, self._is_stillborn = bundle, deadly, is_stillborn
        self._is_dead = False

    def wait_until_ready(self) -> None:
        if self._is_stillborn:
            raise WorkerLostError("stillborn")

    def score(self, posts: pa.RecordBatch) -> ScoredBatch:
        key = posts.column("post_key")[0].as_py()
        if self._deadly.get(key, 0):
            self._deadly[key] -= 1
            self._is_dead = True
        if self._is_dead:
            raise WorkerLostError("as told")
        return score_batch(posts, self._bundle, scored_at=STAMP)

    def stop(self) -> None:
        self._is_dead = True


def first_key(window: int) -> str:
    return str(WINDOWS[window].column("post_key")[0])


def test_windows_of_lost_workers_are_scored_again(
    tiny_bundle: ModelBundle, expected: list[ScoredBatch]
) -> None:
    deadly = {first_key(0): 2, first_key(7): 1, first_key(8): 1, first_key(N_WINDOWS - 1): 2}
    with WorkerPool(lambda: ThreadWorker(tiny_bundle, deadly), 3) as pool:
        found = list(pool.score(WINDOWS))
    assert_equal(found, expected)
    assert not any(deadly.values())


def test_a_window_that_ends_every_worker_is_a_message(tiny_bundle: ModelBundle) -> None:
    deadly, found = {first_key(5): 100}, []
    with (
        WorkerPool(lambda: ThreadWorker(tiny_bundle, deadly), 2) as pool,
        pytest.raises(PipelineError, match=rf"same {WINDOW_POSTS} posts \(as told\).*--batch-posts"),
    ):
        found.extend(pool.score(WINDOWS))
    assert len(found) == 5  # what came before it was given, in order
    assert deadly[first_key(5)] == 97


def test_workers_that_cannot_start_are_a_message(tiny_bundle: ModelBundle) -> None:
    with (
        WorkerPool(lambda: ThreadWorker(tiny_bundle, {}, is_stillborn=True), 2) as pool,
        pytest.raises(PipelineError, match=r"3 workers in a row.*stillborn.*--workers"),
    ):
        list(pool.score(WINDOWS))


def test_the_driver_does_not_wait_for_ever_for_a_place(tiny_bundle: ModelBundle) -> None:
    class Homeless(ThreadWorker):
        ended = threading.Event()

        def wait_until_ready(self) -> None:
            self.ended.wait()
            raise WorkerLostError

        def stop(self) -> None:
            self.ended.set()

    with (
        WorkerPool(lambda: Homeless(tiny_bundle, {}), 2, start_patience=0.1) as pool,
        pytest.raises(PipelineError, match="no worker could be started"),
    ):
        list(pool.score(WINDOWS))


def test_the_driver_reads_ahead_but_not_far(tiny_bundle: ModelBundle) -> None:
    n_read = 0

    def read() -> Iterator[pa.RecordBatch]:
        nonlocal n_read
        for window in WINDOWS:
            n_read += 1
            yield window

    with WorkerPool(lambda: ThreadWorker(tiny_bundle, {}), 2) as pool:
        for n_given, _ in enumerate(pool.score(read()), start=1):
            assert n_read <= n_given + 4


# Processes of this machine.


def test_local_processes_give_the_same_scores(tiny_bundle: ModelBundle, expected: list[ScoredBatch]) -> None:
    with open_engine(TWO_PROCESSES, tiny_bundle, STAMP) as engine:
        assert_equal(list(engine.score(WINDOWS)), expected)


def processes_of(engine: Any) -> list["subprocess.Popen[bytes]"]:
    return [worker._process for worker in list(engine._workers)]


def test_killed_local_processes_are_replaced(tiny_bundle: ModelBundle, expected: list[ScoredBatch]) -> None:
    killed, found = set(), []
    with open_engine(TWO_PROCESSES, tiny_bundle, STAMP) as engine:
        for scored in engine.score(WINDOWS):
            found.append(scored)
            if len(found) in {2, 9}:
                for process in processes_of(engine):
                    process.kill()
                    killed.add(process.pid)
        last = processes_of(engine)
    assert_equal(found, expected)
    assert len(killed) >= 3
    assert not killed & {process.pid for process in last}
    assert all(process.poll() is not None for process in last), "workers outlive their engine"


def test_a_worker_that_is_stopped_at_work_is_lost(tiny_bundle: ModelBundle) -> None:
    worker, lost = LocalWorker(tiny_bundle, STAMP, 1), []
    worker.wait_until_ready()
    worker._process.send_signal(signal.SIGSTOP)  # it will not answer

    def ask() -> None:
        try:
            worker.score(WINDOWS[0])
        except WorkerLostError as error:
            lost.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    worker.stop()
    asking.join(30)
    assert lost == ["exit status -9"]


def test_a_model_that_was_replaced_is_refused(tmp_path: Path) -> None:
    bundle, other = make_tiny_bundle(tmp_path / "one"), make_tiny_bundle(tmp_path / "other", threshold=0.7)
    shutil.rmtree(bundle.folder)
    other.folder.rename(bundle.folder)
    with (
        open_engine(TWO_PROCESSES, bundle, STAMP) as engine,
        pytest.raises(ModelError, match="replaced in the meantime"),
    ):
        list(engine.score(WINDOWS))


def test_an_error_of_the_work_is_raised_where_the_loop_runs(tiny_bundle: ModelBundle) -> None:
    with open_engine(TWO_PROCESSES, tiny_bundle, STAMP) as engine, pytest.raises(KeyError) as caught:
        list(engine.score([WINDOWS[0], WINDOWS[1].drop_columns(["text"])]))
    assert "score_posts.py" in caught.value.__notes__[0]


def test_workers_end_with_a_killed_driver(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(1000)])
    arguments = ["--model", str(tiny_bundle.folder), "--batch-posts", "10", "--workers", "2"]
    command = [sys.executable, "-m", "pipeline.predict", str(table), *arguments, "-o", str(tmp_path / "out")]
    log = tmp_path / "out" / "posts" / "_delta_log"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as driver:
        while driver.poll() is None and len(list(log.glob("*.json"))) < 2:
            time.sleep(0.001)
        workers = children_of(driver.pid)
        driver.kill()
    assert driver.returncode == -9, "the run ended before it could be killed"
    assert len(workers) == 2
    deadline = time.monotonic() + 30
    while any(is_running(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [worker for worker in workers if is_running(worker)]
    predict([table], tiny_bundle, tmp_path / "out", batch_posts=10, engine=TWO_PROCESSES)
    predict([table], tiny_bundle, tmp_path / "whole", batch_posts=10)
    assert_same_content(tmp_path / "out", tmp_path / "whole")


def children_of(process: int) -> list[int]:
    files = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


# The command.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--gpus-per-worker", "1"], "needs --engine ray"),
    ],
)
def test_wishes_that_cannot_be_granted_are_messages(
    tiny_bundle: ModelBundle, tmp_path: Path, options: list[str], message: str
) -> None:
    table = write_table(tmp_path / "posts.parquet", [make_row(0)])
    arguments = [str(table), "--model", str(tiny_bundle.folder), "-o", str(tmp_path / "out"), *options]
    result = CliRunner().invoke(app, ["predict", *arguments])
    assert result.exit_code == 1
    assert message in result.stderr


@pytest.mark.parametrize("settings", [EngineSettings(workers=0), EngineSettings("ray", gpus_per_worker=-1)])
def test_numbers_out_of_range_are_refused(tiny_bundle: ModelBundle, settings: EngineSettings) -> None:
    with (
        pytest.raises(ConfigError, match="at least 1 worker"),
        open_engine(settings, tiny_bundle, STAMP),
    ):
        pass
