"""Every way of scoring gives the scores of the plain loop, also when workers and machines are lost on the way."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import ray
from conftest import make_tiny_bundle
from ray.cluster_utils import Cluster
from test_predict import assert_same_content, make_row, write_table
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.cli import app
from pipeline.data.posts import POSTS_SCHEMA
from pipeline.errors import ConfigError, MissingExtraError, ModelError, PipelineError
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
        (["--engine", "ray", "--gpus-per-worker", "1"], "scored on processors"),
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


def test_a_missing_ray_is_a_message(tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pipeline.scoring.engines.ray_workers", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(MissingExtraError, match=r"narrative-frames\[ray\]"),
        open_engine(EngineSettings("ray"), tiny_bundle, STAMP),
    ):
        pass


# A cluster of several nodes on this machine.


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    small = {"object_store_memory": 80 * 2**20}
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **small}
    )
    for _ in range(2):
        cluster.add_node(num_cpus=1, wait=False, **small)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, logging_level="ERROR", log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def test_the_command_scores_on_a_cluster(cluster: Cluster, tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(100)])
    options = [
        "--engine",
        "ray",
        "--ray-address",
        cluster.address,
        "--workers",
        "2",
        "--batch-posts",
        "9",
        "--json",
    ]
    arguments = [str(table), "--model", str(tiny_bundle.folder), "-o", str(tmp_path / "out"), *options]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.predict", *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["newly_scored"] == 100
    predict([table], tiny_bundle, tmp_path / "whole", batch_posts=9)
    assert_same_content(tmp_path / "out", tmp_path / "whole")


def test_a_cluster_may_lose_workers_and_nodes(
    cluster: Cluster, tiny_bundle: ModelBundle, expected: list[ScoredBatch]
) -> None:
    def processes_of(engine: Any) -> set[int]:
        asked = [worker._actor.__ray_call__.remote(lambda _: os.getpid()) for worker in list(engine._ready)]
        return set(ray.get(asked))

    found, killed = [], set()
    with open_engine(EngineSettings("ray", workers=2), tiny_bundle, STAMP) as engine:
        for scored in engine.score(WINDOWS):
            found.append(scored)
            if len(found) == 3:
                killed = processes_of(engine)
                for process in killed:
                    os.kill(process, signal.SIGKILL)
            if len(found) == 10:
                cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
                cluster.wait_for_nodes()  # until the others know that it is gone
        last = processes_of(engine)
    assert_equal(found, expected)
    assert killed
    assert len(last) == 1  # for the other one there is no place any more
    assert not killed & last


def test_a_bundle_that_differs_is_refused_on_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    bundle, other = make_tiny_bundle(tmp_path / "one"), make_tiny_bundle(tmp_path / "other", threshold=0.7)
    shutil.rmtree(bundle.folder)
    other.folder.rename(bundle.folder)
    with (
        open_engine(EngineSettings("ray", ray_address=cluster.address), bundle, STAMP) as engine,
        pytest.raises(ModelError, match="replaced in the meantime"),
    ):
        list(engine.score(WINDOWS))
    assert load_bundle(bundle.folder).bundle_hash == other.bundle_hash


class OnTorch:
    """A classifier that has what a GPU could compute."""

    def __init__(self, classifier: Any) -> None:
        self._classifier = classifier

    def __getattr__(self, name: str) -> Any:
        return getattr(self._classifier, name)

    def score_with_torch(self, device: str = "cpu") -> None:
        raise AssertionError(device)


def test_gpus_that_no_node_has_are_a_message(cluster: Cluster, tiny_bundle: ModelBundle) -> None:
    bundle = replace(tiny_bundle, classifier=OnTorch(tiny_bundle.classifier))
    settings = EngineSettings("ray", ray_address=cluster.address, gpus_per_worker=0.5)
    with pytest.raises(ConfigError, match=r"0\.5: no machine"), open_engine(settings, bundle, STAMP):
        pass


OWN_CLUSTER = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
import psutil
from pipeline.bundle import load_bundle
from pipeline.scoring.engines.open_engine import EngineSettings, open_engine
bundle = load_bundle(Path(sys.argv[1]))
with open_engine(EngineSettings("ray", ray_address="local"), bundle, datetime.now(UTC)):
    me = psutil.Process()
    listening = [
        connection.laddr.ip
        for process in [me, *me.children(recursive=True)]
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    print(json.dumps(listening))
"""


def test_a_cluster_of_our_own_is_closed_to_other_machines(tiny_bundle: ModelBundle) -> None:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", OWN_CLUSTER, str(tiny_bundle.folder)],
        env=mine,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    listening = json.loads(done.stdout)
    assert listening
    assert all(ip_address(address.removeprefix("::ffff:")).is_loopback for address in listening), listening


def test_no_cluster_of_our_own_under_a_ray_that_is_open_to_others(
    tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray.util, "get_node_ip_address", lambda: "192.0.2.7")
    settings = EngineSettings("ray", ray_address="local")
    with (
        pytest.raises(ConfigError, match="RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0"),
        open_engine(settings, tiny_bundle, STAMP),
    ):
        pass


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:x", "nowhere"])
def test_no_cluster_is_a_message(
    tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    settings = EngineSettings("ray", ray_address=address)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(ConfigError, match="ray start --head"), open_engine(settings, tiny_bundle, STAMP):
        pass
