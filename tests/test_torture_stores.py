"""The MLflow store goes away, comes back or is locked: the model is kept, and what to do is said.

A real `mlflow server` on a real port is killed in mid-training; an sqlite store is locked by another process.
"""

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults import environment, finish, run, start, transformer, write_project, write_registry
from mlflow import MlflowClient

from pipeline.bundle import load_bundle

pytestmark = pytest.mark.fault

STATED_SECONDS = 120  # within which a command gives a locked store up, on a busy machine


class Server:
    """An MLflow server that can be killed and started again at the same port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.uri = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{self._folder}/server.db"]
        command += ["--artifacts-destination", str(self._folder / "artifacts")]
        env = environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=env, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        pytest.fail((self._folder / "server.log").read_text(encoding="utf-8", errors="replace")[-2000:])

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, 9)  # the group that was made for it above
            self._process.wait()
            self._process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    made = Server(folder)
    made.start()
    yield made
    made.kill()


def wait_until(condition: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    while not condition() and process.poll() is None:
        time.sleep(0.02)


@pytest.mark.long("a server and minutes of training; test_tracking has the short case")
@pytest.mark.parametrize("returns", [True, False], ids=["comes back", "stays away"])
def test_the_server_goes_away_in_mid_training(
    server: Server, tmp_path: Path, print_figure: Callable[[str], None], returns: bool
) -> None:
    folder = tmp_path / "project"
    model = {**transformer(tmp_path / "encoder"), "epochs": 12, "patience": 12}
    write_project(folder, model)
    env = environment(MLFLOW_TRACKING_URI=server.uri, NARRATIVE_FRAMES_CACHE=str(tmp_path / "cache"))
    training = start(folder, "train", "run.yaml", "--json", env=env)
    wait_until(lambda: any((folder / "runs").glob(".work/*/checkpoint-*")), training)
    server.kill()
    if returns:
        wait_until(lambda: any((folder / "runs").glob(".work/*/checkpoint-1[2-9]*")), training)
        server.start()
    first = finish(training)
    if returns and first.code == 0:
        run_id = first.json()["run_id"]
        points = MlflowClient(server.uri).get_metric_history(run_id, "train_loss")
        steps = [point.step for point in points]
        assert len(steps) == len(set(steps)) >= 2, "points of the curve are missing or twice"
        print_figure(
            f"server away in mid-training and back: the run finished, {len(steps)} points of its loss curve kept"
        )
        return
    message = first.message()
    assert "does not answer" in message, message
    bundles = list((folder / "runs").glob("toy-*"))
    for bundle in bundles:
        load_bundle(bundle)
        assert str(bundle.relative_to(folder)) in message, f"where the model is kept is not said: {message}"
    if not returns:
        assert bundles, "the trained model was lost"
        server.start()
    again = run(folder, "train", "run.yaml", "--json", env=env).json()
    client = MlflowClient(server.uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    statuses = [found.info.status for found in client.search_runs(experiments)]
    assert statuses.count("FINISHED") == 1
    assert "RUNNING" not in statuses
    assert again["version"] is not None
    print_figure(
        f"server away in mid-training{' for too long' if returns else ''}: told so, {len(bundles)} bundle kept on the "
        "disk, the same command recorded the model later"
    )


def lock(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def test_a_locked_store_for_a_short_time(
    tmp_path: Path, is_long: bool, print_figure: Callable[[str], None]
) -> None:
    folder, seconds = tmp_path / "project", 18 if is_long else 8
    write_registry(folder, (0.4, 0.3))
    connection = lock(folder / "mlflow.db")
    process = start(folder, "promote", "toy", "2", "--why", "better", "--force")
    began = time.monotonic()
    time.sleep(seconds)  # the time that is being tested, not a wait for something
    assert process.poll() is None, process.communicate()
    connection.execute("ROLLBACK")
    connection.close()
    ended = finish(process)
    assert ended.code == 0, ended.stderr
    assert ended.stderr == ""
    waited = time.monotonic() - began
    print_figure(f"sqlite store locked for {seconds} s: promote waited and succeeded after {waited:.0f} s")


@pytest.mark.long("waits for the end of patience")
def test_a_locked_store_for_ever(tmp_path: Path, print_figure: Callable[[str], None]) -> None:
    write_project(tmp_path)
    assert run(tmp_path, "train", "run.yaml").code == 0
    connection = lock(tmp_path / "mlflow.db")
    waited = []
    for command in (("train", "run.yaml"), ("promote", "toy", "1", "--why", "first"), ("models",)):
        began = time.monotonic()
        message = run(tmp_path, *command).message()
        waited.append(time.monotonic() - began)
        assert "mlflow.db" in message
        assert "locked" in message
        assert waited[-1] < STATED_SECONDS, f"{command[0]} took {waited[-1]:.0f} s"
    connection.close()
    assert run(tmp_path, "promote", "toy", "1", "--why", "first").code == 0
    print_figure(
        f"sqlite store locked for ever: {len(waited)} commands said so, after {max(waited):.0f} s at most "
        f"(limit {STATED_SECONDS} s)"
    )
