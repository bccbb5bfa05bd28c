"""`mlflow models serve` over HTTP: the real server, started from a registry, asked as any client would."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.bundle import ModelBundle
from pipeline.config.tracking import TrackingSettings
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.model_registry import promote, register_bundle

TEXTS = [
    "the world order is changing today",
    "they threaten our borders",
    "the weather is fine",
    "погода",
    "",
]
STARTS_WITHIN = 120.0  # seconds; it takes five on an idle machine


@dataclass(frozen=True)
class Server:
    url: str
    process: subprocess.Popen[bytes]

    def post(self, body: Any) -> tuple[int, Any]:
        """Status and answer; a str is sent as it is."""
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        request = urllib.request.Request(
            f"{self.url}/invocations", data, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read().decode()
            return error.code, json.loads(said) if said.startswith("{") else said


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_until_it_answers(server: Server, log: Path) -> None:
    ends = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < ends:
        assert server.process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{server.url}/ping", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(log.read_text())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: ModelBundle) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serving")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with MlflowTracker.start(TrackingSettings(uri=uri), "run") as tracker:
        tracker.log_bundle(tiny_bundle.folder)
    path = (
        f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # as where .venv is activated: it runs uvicorn
    )
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri, "PATH": path}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        register_bundle(tracker.run_id, "frames", tiny_bundle.manifest, macro_f1=None)
        promote("frames", 1, "the only one")
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/frames@champion"]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    log = folder / "server.log"
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            command, env=environment, stdout=stream, stderr=stream, start_new_session=True
        ) as process,
    ):
        started = Server(f"http://127.0.0.1:{port}", process)
        try:
            wait_until_it_answers(started, log)
            yield started
        finally:
            with contextlib.suppress(ProcessLookupError):  # it could not start
                os.killpg(process.pid, signal.SIGTERM)  # the server runs in a child of the command


def check_answer(answer: Any, bundle: ModelBundle, threshold: float | None = None) -> None:
    probabilities, decided = bundle.predict(TEXTS)
    if threshold is not None:
        decided = probabilities >= threshold
    rows = answer["predictions"]
    found = [[row[f"p_{frame}"] for frame in bundle.frame_ids] for row in rows]
    np.testing.assert_allclose(found, probabilities, rtol=1e-12)
    named = [
        ";".join(frame for frame, is_carried in zip(bundle.frame_ids, row, strict=True) if is_carried)
        for row in decided
    ]
    assert [row["frames"] for row in rows] == named


def test_scores_are_those_of_the_bundle(server: Server, tiny_bundle: ModelBundle) -> None:
    for body in (
        {"dataframe_split": {"columns": ["text"], "data": [[text] for text in TEXTS]}},
        {"dataframe_records": [{"text": text} for text in TEXTS]},
        {"inputs": {"text": TEXTS}},
    ):
        status, answer = server.post(body)
        assert status == 200, answer
        check_answer(answer, tiny_bundle)
    assert answer["predictions"][0]["frames"] == "order"


def test_a_threshold_as_parameter_replaces_those_of_the_bundle(
    server: Server, tiny_bundle: ModelBundle
) -> None:
    records = [{"text": text} for text in TEXTS]
    for threshold in (0.01, 0.999):
        status, answer = server.post({"dataframe_records": records, "params": {"threshold": threshold}})
        assert status == 200, answer
        check_answer(answer, tiny_bundle, threshold)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{not json", "JSON"),
        ({"text": TEXTS}, "dataframe_split"),
        ({"dataframe_records": [{"sentence": "a"}]}, "text"),
        ({"dataframe_records": [{"text": 7}]}, "row 0: expected a text, got int: 7"),
        ({"dataframe_records": [{"text": "x" * 100_001}]}, "a text of 100,001 characters; at most 100,000"),
        ({"dataframe_records": [{"text": None}]}, "row 0: expected a text"),
        ({"dataframe_records": [{"text": "a"}], "params": {"threshold": 2.0}}, "between 0 and 1, got 2.0"),
        ({"dataframe_records": [{"text": "a"}], "params": {"threshold": "high"}}, "threshold"),
    ],
)
def test_bad_input_gets_a_helpful_answer_and_the_server_goes_on(
    server: Server, tiny_bundle: ModelBundle, body: Any, message: str
) -> None:
    status, answer = server.post(body)
    assert status == 400, answer
    assert message in answer["message"]
    status, answer = server.post({"inputs": {"text": TEXTS}})
    assert status == 200
    check_answer(answer, tiny_bundle)


def test_what_nobody_can_parse_does_not_end_the_server(server: Server, tiny_bundle: ModelBundle) -> None:
    for body in ("[" * 100_000, '{"inputs": {"text": ' + "9" * 6000 + "}}"):
        status, _ = server.post(body)
        assert status >= 400
    status, answer = server.post({"inputs": {"text": TEXTS}})
    assert status == 200
    check_answer(answer, tiny_bundle)
