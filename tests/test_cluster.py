"""Scoring on a Ray cluster gives the scores of one process, also when workers, machines and drivers are lost."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
from conftest import make_tiny_bundle
from object_store import ObjectStore, serve_objects
from ray.cluster_utils import Cluster
from test_predict import assert_same_content, make_row, write_table
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.cli import app
from pipeline.errors import ConfigError, DataError, MissingExtraError, ModelError, PipelineError
from pipeline.scoring import scoring_run
from pipeline.scoring.engines import ray_data
from pipeline.scoring.engines.open_engine import EngineSettings, open_engine
from pipeline.scoring.prediction import predict
from pipeline.scoring.read_scores import read_scores

pytestmark = pytest.mark.fault

STAMP = datetime(2024, 6, 1, tzinfo=UTC)
TWO_ACTORS = EngineSettings("ray", workers=2)
N_POSTS, BATCH_POSTS = 600, 5  # 12 pieces


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    """What its clients need stands in the environment, where the cluster's workers find it too."""
    with serve_objects() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        server.make_bucket("bucket")
        yield server


@pytest.fixture(scope="module")
def cluster(store: ObjectStore) -> Iterator[Cluster]:
    """Several nodes on this machine."""
    assert store.port
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


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("input")
    return write_table(folder / "posts.parquet", [make_row(i) for i in range(N_POSTS)])


@pytest.fixture(scope="module")
def whole(table: Path, tiny_bundle: ModelBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process makes of it."""
    out = tmp_path_factory.mktemp("whole") / "scores"
    predict([table], tiny_bundle, out, batch_posts=BATCH_POSTS)
    return out


def workers() -> list[psutil.Process]:
    """Processes of ours that hold a model."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            command = process.cmdline()
        except psutil.Error:
            continue
        if command and command[0].startswith("ray::MapWorker"):
            found.append(process)
    return found


def command(cluster: Cluster, *arguments: object) -> list[str]:
    options = ["--engine", "ray", "--ray-address", cluster.address, "--workers", "2"]
    options += ["--batch-posts", str(BATCH_POSTS), "--json"]
    return [sys.executable, "-m", "pipeline.predict", *map(str, arguments), *options]


def test_the_command_scores_on_a_cluster_from_store_to_store(
    cluster: Cluster, store: ObjectStore, table: Path, whole: Path, tiny_bundle: ModelBundle
) -> None:
    store.upload(table, "s3://bucket/input/posts.parquet")
    store.upload(tiny_bundle.folder, "s3://bucket/model")
    arguments = ["s3://bucket/input", "--model", "s3://bucket/model", "-o", "s3://bucket/scores"]
    done = subprocess.run(command(cluster, *arguments), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    report = json.loads(done.stdout)
    assert (report["newly_scored"], report["output"]) == (N_POSTS, "s3://bucket/scores")
    posts = read_scores(whole)
    assert report["sentences"] == posts["n_sentences"].sum()
    frames = posts["frames"].explode().value_counts()
    assert report["posts_per_frame"] == {frame: frames[frame] for frame in tiny_bundle.frame_ids}
    assert_same_content("s3://bucket/scores", whole)
    again = predict(["s3://bucket/input"], tiny_bundle, "s3://bucket/scores", batch_posts=BATCH_POSTS)
    assert (again.already_scored, again.newly_scored) == (N_POSTS, 0)


@pytest.mark.long("takes most of a minute")
def test_a_cluster_may_lose_workers_and_machines(
    cluster: Cluster, table: Path, whole: Path, tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    killed: set[int] = set()
    removed = []

    def strike(_: str, done: int, __: int) -> None:
        if done >= 100 and not killed:
            for process in workers():
                process.kill()
                killed.add(process.pid)
        if done >= 300 and not removed:
            removed.append(cluster.list_all_nodes()[-1])
            cluster.remove_node(removed[0], allow_graceful=False)

    report = predict(
        [table],
        tiny_bundle,
        tmp_path / "out",
        batch_posts=BATCH_POSTS,
        engine=TWO_ACTORS,
        on_progress=strike,
    )
    cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    assert killed
    assert removed
    assert report.newly_scored == N_POSTS
    assert_same_content(tmp_path / "out", whole)


DRIVER = """
import sys
import ray
from pathlib import Path
from pipeline.bundle import load_bundle
from pipeline.scoring import scoring_run
from pipeline.scoring.engines.open_engine import EngineSettings
from pipeline.scoring.prediction import predict
scoring_run.SECONDS_PER_COMMIT = 0
table, bundle, out, address = sys.argv[1:]
engine = EngineSettings("ray", workers=2, ray_address=address)
predict([Path(table)], load_bundle(Path(bundle)), out, batch_posts=5, engine=engine)
"""


@pytest.mark.long("takes half a minute")
def test_a_killed_driver_goes_on_from_its_last_commit(
    cluster: Cluster, store: ObjectStore, table: Path, whole: Path, tiny_bundle: ModelBundle
) -> None:
    arguments = [str(table), str(tiny_bundle.folder), "s3://bucket/killed", cluster.address]
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as driver:
        while driver.poll() is None and count_commits(store, "killed/posts") < 3:
            time.sleep(0.05)
        driver.kill()
    assert driver.returncode == -9, "the run ended before it could be killed"
    report = predict([table], tiny_bundle, "s3://bucket/killed", batch_posts=BATCH_POSTS, engine=TWO_ACTORS)
    assert 0 < report.already_scored < N_POSTS
    assert_same_content("s3://bucket/killed", whole)


def count_commits(store: ObjectStore, folder: str) -> int:
    return len([key for key in store.list_keys("bucket") if key.startswith(f"{folder}/_delta_log/")])


# a table's own test of it: test_of_two_processes_that_commit_the_second_is_refused
@pytest.mark.long("takes half a minute")
@pytest.mark.usefixtures("cluster")
def test_two_drivers_at_once_lose_nothing_and_one_says_why(
    table: Path, whole: Path, tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_run, "SECONDS_PER_COMMIT", 0.0)
    out, others = "s3://bucket/two", []

    def let_another_write(_: str, done: int, __: int) -> None:
        if done >= 150 and not others:
            others.append(predict([table], tiny_bundle, out, batch_posts=100))

    with pytest.raises(DataError, match=r"another process wrote there meanwhile.*run the same command again"):
        predict(
            [table],
            tiny_bundle,
            out,
            batch_posts=BATCH_POSTS,
            engine=TWO_ACTORS,
            on_progress=let_another_write,
        )
    assert 0 < others[0].already_scored < N_POSTS
    assert_same_content(out, whole)
    assert predict([table], tiny_bundle, out, batch_posts=BATCH_POSTS, engine=TWO_ACTORS).newly_scored == 0


@pytest.mark.long("takes half a minute")
@pytest.mark.usefixtures("cluster")
def test_a_bundle_that_differs_is_refused_on_a_cluster(table: Path, tmp_path: Path) -> None:
    bundle, other = make_tiny_bundle(tmp_path / "one"), make_tiny_bundle(tmp_path / "other", threshold=0.7)
    shutil.rmtree(bundle.folder)
    other.folder.rename(bundle.folder)
    with pytest.raises(ModelError, match="replaced in the meantime"):
        predict([table], bundle, tmp_path / "out", engine=EngineSettings("ray"))
    assert load_bundle(bundle.folder).bundle_hash == other.bundle_hash


@pytest.mark.long("takes half a minute")
@pytest.mark.usefixtures("cluster")
def test_a_file_that_the_driver_does_not_see_is_not_committed(
    table: Path, tiny_bundle: ModelBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk of another machine, seen from this one, is a folder without the file."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(ray_data, "_from_anywhere", lambda _: type(_)(elsewhere))
    with pytest.raises(DataError, match=r"is not there.*an object store or on a disk that all of them share"):
        predict([table], tiny_bundle, tmp_path / "out", engine=EngineSettings("ray"))
    assert not (tmp_path / "out").exists()


@pytest.mark.long("takes a minute")
@pytest.mark.usefixtures("cluster")
def test_posts_that_end_every_worker_are_a_message(
    table: Path, tiny_bundle: ModelBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_data, "PATIENCE", 20.0)

    class Deadly(ray_data._Scorer):
        def __call__(self, _: dict[str, Any]) -> dict[str, Any]:
            os._exit(1)

    monkeypatch.setattr(ray_data, "_Scorer", Deadly)
    with pytest.raises(PipelineError, match=r"the cluster ended the work.*--workers"):
        predict([table], tiny_bundle, tmp_path / "out", batch_posts=100, engine=TWO_ACTORS)


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
    engine = EngineSettings("ray", ray_address=cluster.address, gpus_per_worker=0.5)
    with pytest.raises(ConfigError, match=r"0\.5: no machine"), open_engine(engine, bundle, STAMP):
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


def test_a_missing_ray_is_a_message(tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pipeline.scoring.engines.ray_data", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(MissingExtraError, match=r"narrative-frames\[ray\]"),
        open_engine(EngineSettings("ray"), tiny_bundle, STAMP),
    ):
        pass


def test_gpus_for_a_model_of_processors_are_refused(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_table(tmp_path / "posts.parquet", [make_row(0)])
    arguments = [str(table), "--model", str(tiny_bundle.folder), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["predict", *arguments, "--engine", "ray", "--gpus-per-worker", "1"])
    assert result.exit_code == 1
    assert "scored on processors" in result.stderr
