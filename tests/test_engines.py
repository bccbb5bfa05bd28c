"""Every way of scoring gives the scores of the plain loop, also when workers and machines are lost on the way."""

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import make_tiny_bundle
from deadly_scoring import score_or_die
from test_predict import assert_same_content, make_row, write_table
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.errors import ConfigError, ModelError, PipelineError
from pipeline.scoring.engines import local_processes
from pipeline.scoring.engines.local_processes import open_processes
from pipeline.scoring.engines.open_engine import EngineSettings, open_engine
from pipeline.scoring.prediction import predict
from pipeline.scoring.score_posts import ScoredBatch, score_batch

pytestmark = pytest.mark.fault

STAMP = datetime(2024, 6, 1, tzinfo=UTC)
N_WINDOWS, WINDOW_POSTS = 24, 15


def make_window(number: int) -> pa.RecordBatch:
    rows = [make_row(number * WINDOW_POSTS + i) for i in range(WINDOW_POSTS)]
    return pa.RecordBatch.from_pylist(rows, schema=POSTS_SCHEMA)


WINDOWS = [make_window(number) for number in range(N_WINDOWS)]


@pytest.fixture(scope="session")
def expected(tiny_bundle: ModelBundle) -> list[ScoredBatch]:
    return [score_batch(window, tiny_bundle, scored_at=STAMP) for window in WINDOWS]


def assert_equal(found: list[ScoredBatch], expected: list[ScoredBatch]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.posts.equals(other.posts)
        assert one.sentences.equals(other.sentences)
        assert one.posts.schema == other.posts.schema


# Processes of this machine.


def score(bundle: ModelBundle, windows: Iterable[pa.RecordBatch] = WINDOWS) -> Iterator[ScoredBatch]:
    with open_processes(bundle, STAMP, 2) as engine:
        yield from engine.score_windows(windows)


def test_local_processes_give_the_same_scores(tiny_bundle: ModelBundle, expected: list[ScoredBatch]) -> None:
    assert_equal(list(score(tiny_bundle)), expected)


def test_killed_local_processes_are_replaced(tiny_bundle: ModelBundle, expected: list[ScoredBatch]) -> None:
    killed, found = set(), []
    with open_processes(tiny_bundle, STAMP, 2) as engine:
        for scored in engine.score_windows(WINDOWS):
            found.append(scored)
            if len(found) == 5:
                for process in multiprocessing.active_children():
                    process.kill()
                    killed.add(process.pid)
        last = multiprocessing.active_children()
        assert "done again" in engine.warnings[0]
    assert_equal(found, expected)
    assert len(killed) == 2
    assert not killed & {process.pid for process in last}
    assert not any(process.is_alive() for process in last), "workers outlive their engine"


def test_the_driver_reads_ahead_but_not_far(tiny_bundle: ModelBundle) -> None:
    n_read = 0

    def read() -> Iterator[pa.RecordBatch]:
        nonlocal n_read
        for window in WINDOWS:
            n_read += 1
            yield window

    for n_given, _ in enumerate(score(tiny_bundle, read()), start=1):
        assert n_read <= n_given + 4


@pytest.mark.parametrize(
    ("deadly", "most", "message"),
    [
        (str(WINDOWS[5].column("post_key")[7]), 100, r"post {key}: .* also when it scores nothing else"),
        ("none", WINDOW_POSTS - 1, r"15 posts at once, from {first} on.*each of them alone.*--batch-posts"),
    ],
)
def test_posts_that_end_every_worker_are_named(
    tiny_bundle: ModelBundle, deadly: str, most: int, message: str
) -> None:
    windows, found = [WINDOWS[0].slice(0, 5), *WINDOWS[5:8]], []
    message = message.format(key=re.escape(deadly), first=re.escape(str(WINDOWS[5].column("post_key")[0])))
    with open_processes(tiny_bundle, STAMP, 1) as engine:
        engine._score = partial(score_or_die, deadly, most, engine._score)  # type: ignore[assignment]
        with pytest.raises(PipelineError, match=message):
            found.extend(engine.score_windows(windows))
    assert len(found) == 1  # what came before is given


def test_workers_that_cannot_start_are_a_message(
    tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_stillborn(workers: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, local_processes._Spawn(), os._exit, (1,))

    monkeypatch.setattr(local_processes, "_open_executor", open_stillborn)
    with pytest.raises(PipelineError, match=r"before they have loaded the model.*--workers"):
        list(score(tiny_bundle))


UNGUARDED = """
import sys
from pathlib import Path
from pipeline.bundle import load_bundle
from pipeline.scoring.engines.open_engine import EngineSettings
from pipeline.scoring.prediction import predict
table, bundle, out = map(Path, sys.argv[1:])
report = predict([table], load_bundle(bundle), out, batch_posts=10, engine=EngineSettings(workers=2))
print(report.newly_scored, report.warnings)
"""


def test_a_script_of_the_users_is_not_run_again_by_workers(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(40)])
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    command = [sys.executable, str(script), str(table), str(tiny_bundle.folder), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "40 ()\n", "")


def test_a_model_that_was_replaced_is_refused(tmp_path: Path) -> None:
    bundle, other = make_tiny_bundle(tmp_path / "one"), make_tiny_bundle(tmp_path / "other", threshold=0.7)
    shutil.rmtree(bundle.folder)
    other.folder.rename(bundle.folder)
    with pytest.raises(ModelError, match="replaced in the meantime"):
        list(score(bundle))


def test_an_error_of_the_work_is_raised_where_the_loop_runs(tiny_bundle: ModelBundle) -> None:
    with pytest.raises(KeyError) as caught:
        list(score(tiny_bundle, [WINDOWS[0], WINDOWS[1].drop_columns(["text"])]))
    assert "score_posts.py" in str(caught.value.__cause__)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_a_killed_or_interrupted_driver(
    tiny_bundle: ModelBundle, tmp_path: Path, how: signal.Signals
) -> None:
    """A key on the terminal reaches the workers as well."""
    table = write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(5000)])
    arguments = ["--model", str(tiny_bundle.folder), "--batch-posts", "10", "--workers", "2"]
    command = [sys.executable, "-m", "pipeline.predict", str(table), *arguments, "-o", str(tmp_path / "out")]
    log = tmp_path / "out" / "posts" / "_delta_log"
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    ) as driver:
        while driver.poll() is None and len(list(log.glob("*.json"))) < 2:
            time.sleep(0.001)
        workers = children_of(driver.pid)
        if how is signal.SIGKILL:
            driver.kill()
        else:
            os.killpg(driver.pid, how)
        _, stderr = driver.communicate()
    assert driver.returncode == (-9 if how is signal.SIGKILL else 130), "the run ended before that"
    assert "Traceback" not in stderr
    assert len(workers) >= 2
    deadline = time.monotonic() + 30
    while any(is_running(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [worker for worker in workers if is_running(worker)]
    predict([table], tiny_bundle, tmp_path / "out", batch_posts=10)
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
