import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from mlflow import MlflowClient
from mlflow.utils.validation import _validate_metric_name

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.config.tracking import TrackingSettings
from pipeline.data.codebooks.codebook import draft_codebook
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.errors import DataError, ModelError, PipelineError
from pipeline.tracking.mlflow_store import ensure_experiment, open_store
from pipeline.tracking.mlflow_tracker import MlflowTracker, flatten_config, safe_name
from pipeline.tracking.model_registry import promote, register_bundle, resolve_model
from pipeline.tracking.pyfunc_model import PyfuncModel
from pipeline.tracking.store_uri import without_password
from pipeline.tracking.tracker import NullTracker, Tracker

TEXTS = ["the world order is changing today", "they threaten our borders again", "the weather is fine"]
CONFIG = {
    "name": "run",
    "model": {"kind": "tfidf", "c_grid": [0.3, 1.0], "char_ngrams": None},
    "data": {"columns": {}, "labelled": "x" * 7000},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """URI of an sqlite store; tests use experiments of their own in it."""
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"


@pytest.fixture
def labelled(tmp_path: Path) -> LabelledData:
    path = tmp_path / "метки.jsonl"
    rows = [{"text": text, "labels": ["order"] if "world order" in text else []} for text in TEXTS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_labelled(path, draft_codebook("book", ["order", "unity"], mode="multi_label"))


def record_everything(tracker: Tracker, labelled: LabelledData, bundle: ModelBundle) -> str | None:
    tracker.log_config(CONFIG)
    tracker.log_dataset(labelled, "train")
    tracker.log_dataset(labelled.subset([1]), "test")
    for step in range(1200):
        tracker.log_metric("train_loss", 1.0 / (step + 1), step)
    tracker.log_metrics({"macro_f1": 0.5, "frame/threat: from outside/f1": 0.25, "frame/мир?/f1": 0.75})
    tracker.log_dict({"вывод": "да"}, "evaluation.json")
    tracker.log_table(pd.DataFrame({"text": ["да"], "p": [0.5]}), "errors.csv")
    tracker.log_figure(Figure(figsize=(2, 2)), "curve.png")
    tracker.set_tags({"note": "kept"})
    return tracker.log_bundle(bundle.folder)


def check_record(client: MlflowClient, run_id: str, labelled: LabelledData) -> None:
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics[safe_name("frame/threat: from outside/f1")] == 0.25
    assert run.data.metrics[safe_name("frame/мир?/f1")] == 0.75
    curve = client.get_metric_history(run_id, "train_loss")
    assert [point.step for point in sorted(curve, key=lambda point: point.step)] == list(range(1200))
    assert run.data.params["model.c_grid"] == "[0.3, 1.0]"
    assert run.data.params["model.char_ngrams"] == "null"
    assert run.data.params["data.labelled"].endswith("(whole in config.json)")
    assert run.data.tags["note"] == "kept"
    inputs = {tag.value: given.dataset for given in run.inputs.dataset_inputs for tag in given.tags}
    assert set(inputs) == {"train", "test"}
    assert labelled.fingerprint.startswith(inputs["train"].digest)
    profile = json.loads(inputs["train"].profile)
    assert profile == {
        "num_rows": 3,
        "fingerprint": labelled.fingerprint,
        "positives": {"order": 1, "unity": 0},
    }
    assert TEXTS[0] not in json.dumps(inputs["train"].to_dictionary())
    names = {item.path for item in client.list_artifacts(run_id)}
    assert names == {"config.json", "evaluation.json", "errors.csv", "figures"}


def read_artifact(client: MlflowClient, run_id: str, name: str, folder: Path) -> str:
    return Path(client.download_artifacts(run_id, name, str(folder))).read_text(encoding="utf-8")


def test_a_run_keeps_config_data_curves_figures_and_model(
    store: str, labelled: LabelledData, tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    with MlflowTracker.start(TrackingSettings(uri=store, experiment="all"), "run") as tracker:
        uri = record_everything(tracker, labelled, tiny_bundle)
    client, _ = open_store(store)
    check_record(client, tracker.run_id, labelled)
    assert json.loads(read_artifact(client, tracker.run_id, "config.json", tmp_path)) == CONFIG
    assert "вывод" in read_artifact(client, tracker.run_id, "evaluation.json", tmp_path)
    assert uri == tracker.model_uri
    assert client.get_run(tracker.run_id).outputs.model_outputs[0].model_id == str(uri).split("/")[1]


def test_the_logged_model_is_data_without_pickle_and_predicts_through_mlflow(
    store: str, tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MlflowTracker.start(TrackingSettings(uri=store, experiment="model"), "run") as tracker:
        uri = tracker.log_bundle(tiny_bundle.folder)
    client, _ = open_store(store)
    folder = resolve_model(uri, store).parent.parent
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert not suffixes & {".pkl", ".pickle", ".joblib", ".pt", ".py"}
    requirements = (folder / "requirements.txt").read_text(encoding="utf-8").split()
    assert f"numpy=={np.__version__}" in requirements
    assert not [name for name in requirements if name.startswith("torch")]
    assert client.get_logged_model(uri.split("/")[1]).status == "READY"

    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    loaded = mlflow.pyfunc.load_model(uri)
    result = loaded.predict(pd.DataFrame({"text": TEXTS}))
    probabilities, decided = tiny_bundle.predict(TEXTS)
    assert list(result.columns) == [*(f"p_{frame}" for frame in tiny_bundle.frame_ids), "frames"]
    assert np.allclose(result.iloc[:, :-1], probabilities)
    assert list(result["frames"]) == [
        ";".join(np.array(tiny_bundle.frame_ids)[row].tolist()) for row in decided
    ]
    everything = loaded.predict(pd.DataFrame({"text": TEXTS}), params={"threshold": 0.001})
    assert list(everything["frames"]) == [";".join(tiny_bundle.frame_ids)] * 3


def test_pyfunc_model_takes_lists_and_refuses_what_is_not_text(tiny_bundle: ModelBundle) -> None:
    model = PyfuncModel(tiny_bundle)
    assert len(model.predict(TEXTS)) == len(model.predict(pd.Series(TEXTS, index=[7, 8, 9]))) == 3
    assert model.predict([]).empty
    with pytest.raises(DataError, match="expected a column 'text', got the columns: body"):
        model.predict(pd.DataFrame({"body": TEXTS}))
    with pytest.raises(DataError, match="row 1: expected a text, got float"):
        model.predict(pd.DataFrame({"text": ["fine", float("nan")]}))
    with pytest.raises(DataError, match="put it in a list"):
        model.predict("one text")
    with pytest.raises(ModelError, match=r"between 0 and 1, got 1\.5"):
        model.predict(TEXTS, {"threshold": 1.5})
    single = replace(tiny_bundle, decisions=replace(tiny_bundle.decisions, single_label=True))
    assert set(PyfuncModel(single).predict(TEXTS)["frames"]) <= set(tiny_bundle.frame_ids)
    with pytest.raises(ModelError, match="no threshold"):
        PyfuncModel(single).predict(TEXTS, {"threshold": 0.5})


@pytest.mark.parametrize(("raised", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_run_that_breaks_keeps_its_points_and_says_so(
    store: str, raised: type[BaseException], status: str
) -> None:
    def fail(tracker: MlflowTracker) -> None:
        with tracker:
            for step in range(3):
                tracker.log_metric("loss", 1.0, step)
            raise raised("stop")

    tracker = MlflowTracker.start(TrackingSettings(uri=store, experiment="broken"), "run")
    with pytest.raises(raised, match="stop"):
        fail(tracker)
    client, _ = open_store(store)
    assert client.get_run(tracker.run_id).info.status == status
    assert len(client.get_metric_history(tracker.run_id, "loss")) == 3


def test_runs_nest_and_leave_the_active_run_of_a_notebook_alone(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    settings_ = TrackingSettings(uri=store, experiment="nested")
    with MlflowTracker.start(settings_, "parent", tags={"kind": "comparison"}) as parent:
        with MlflowTracker.start(settings_, "child", parent_run_id=parent.run_id) as child:
            assert mlflow.active_run() is None
        assert "MLFLOW_TRACKING_URI" not in os.environ
    client, _ = open_store(store)
    tags = client.get_run(child.run_id).data.tags
    assert tags["mlflow.parentRunId"] == parent.run_id
    assert client.get_run(parent.run_id).data.tags["kind"] == "comparison"


def test_first_use_is_silent_and_artifacts_stay_in_the_folder_of_the_store(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    folder = tmp_path / "проект #1 100%"
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir(parents=True)
    code = (
        "import os, pathlib, sys\n"
        "from pipeline.config.tracking import TrackingSettings\n"
        "from pipeline.tracking.mlflow_tracker import MlflowTracker\n"
        "with MlflowTracker.start(TrackingSettings(), 'run') as tracker:\n"
        "    os.chdir('elsewhere')\n"
        "    tracker.log_dict({'a': 1}, 'a.json')\n"
        "    tracker.log_bundle(pathlib.Path(sys.argv[1]))\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tiny_bundle.folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (answer.stdout, answer.stderr) == ("", "")
    assert {path.name for path in folder.iterdir()} == {"mlflow.db", "mlruns", "elsewhere"}
    assert len(list((folder / "mlruns").rglob("a.json"))) == 1
    assert not list(elsewhere.iterdir())


LEFT_OPEN = """
import os, signal
from pipeline.config.tracking import TrackingSettings
from pipeline.tracking.mlflow_tracker import MlflowTracker
tracker = MlflowTracker.start(TrackingSettings(), "killed")
tracker._client.create_logged_model(tracker._experiment_id, name="model", source_run_id=tracker.run_id)
print(tracker.run_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_whose_process_was_killed_is_ended_by_the_next_run_and_no_other(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri}
    with MlflowTracker.start(TrackingSettings(uri=uri), "living") as living:
        killed = subprocess.run(
            [sys.executable, "-c", LEFT_OPEN], env=environment, capture_output=True, text=True, check=False
        )
        run_id = killed.stdout.strip()
        client, _ = open_store(uri)
        assert client.get_run(run_id).info.status == "RUNNING"
        with MlflowTracker.start(TrackingSettings(uri=uri), "next") as tracker:
            assert tracker.closed_runs == (run_id,)
        ended = client.get_run(run_id)
        assert (ended.info.status, ended.data.tags["state"]) == ("KILLED", "interrupted")
        [model] = client.search_logged_models([ended.info.experiment_id])
        assert model.status == "FAILED"
        assert client.get_run(living.run_id).info.status == "RUNNING"
    assert client.get_run(living.run_id).info.status == "FINISHED"
    assert not list(tmp_path.glob(".mlflow*"))


def test_a_store_that_was_half_made_when_its_process_died_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "_mlflow.db.new").write_bytes(b"half a database")
    (tmp_path / "_mlflow.db.new-journal").write_bytes(b"half a journal")
    client, _ = open_store(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert client.search_experiments()
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_environment_names_the_store_and_settings_go_before_it(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    assert open_store()[1] == store
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "bogus://elsewhere")
    assert open_store(store)[1] == store
    assert not list(tmp_path.iterdir())


def test_a_deleted_experiment_is_explained(store: str) -> None:
    client, uri = open_store(store)
    client.delete_experiment(ensure_experiment(client, uri, "gone"))
    with pytest.raises(PipelineError, match="'gone' was deleted: restore it"):
        MlflowTracker.start(TrackingSettings(uri=store, experiment="gone"), "run")


def test_nothing_is_logged_from_a_folder_that_is_no_bundle(store: str, tmp_path: Path) -> None:
    with MlflowTracker.start(TrackingSettings(uri=store, experiment="no bundle"), "run") as tracker:
        with pytest.raises(ModelError, match="not a model bundle"):
            tracker.log_bundle(tmp_path)
        assert tracker.model_uri is None


@settings(deadline=None, max_examples=150)
@given(st.lists(st.text(max_size=300) | st.text("./ a", max_size=6), min_size=2, max_size=2, unique=True))
@example(["", "..0"])
def test_metric_names_are_taken_by_mlflow_and_never_become_one(names: list[str]) -> None:
    made = [safe_name(f"frame/{name}/f1") for name in names] + [safe_name(name) for name in names]
    for name in made:
        _validate_metric_name(name)
        assert len(name) <= 250
    assert made[0] != made[1]
    assert made[2] != made[3]


def test_plain_names_stay_as_they_are() -> None:
    for name in ("macro_f1", "frame/мир и порядок/f1", "inner_c_0.3"):
        assert safe_name(name) == name


def test_config_is_flattened_by_dots() -> None:
    flat = flatten_config(
        {"a": {"b": {"c": 1}, "empty": {}}, "d": [1, "я"], "e": None, "f": True, "g": "text"}
    )
    assert flat == {"a.b.c": "1", "a.empty": "{}", "d": '[1, "я"]', "e": "null", "f": "true", "g": "text"}


def test_null_tracker_does_as_the_protocol_says_and_never_imports_mlflow(
    labelled: LabelledData, tiny_bundle: ModelBundle
) -> None:
    assert record_everything(NullTracker(), labelled, tiny_bundle) is None
    code = "import sys; import pipeline.tracking.tracker; print('mlflow' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "False"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("uri", ["http://127.0.0.1:{port}", "http://someone:secret@127.0.0.1:{port}"])
def test_an_unreachable_server_is_told_within_seconds(uri: str) -> None:
    began = time.monotonic()
    with pytest.raises(PipelineError, match=r"does not answer.*mlflow server") as error:
        MlflowTracker.start(TrackingSettings(uri=uri.format(port=free_port())), "run")
    assert time.monotonic() - began < 20
    assert "secret" not in str(error.value)


def test_a_store_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with pytest.raises(PipelineError, match="cannot be used"):
        open_store(f"sqlite:///{tmp_path}/file/mlflow.db")
    (tmp_path / "broken.db").write_text("no database" * 100, encoding="utf-8")
    with pytest.raises(PipelineError, match=r"broken\.db"):
        open_store(f"sqlite:///{tmp_path}/broken.db")
    with pytest.raises(PipelineError, match="there is no MLflow store"):
        open_store(f"sqlite:///{tmp_path}/none.db", create=False)
    with pytest.raises(PipelineError, match="bogus"):
        open_store("bogus://somewhere")


def test_passwords_are_not_shown() -> None:
    assert without_password("https://me:pw@host:80/path") == "https://host:80/path"
    assert without_password("sqlite:////a/b@c.db") == "sqlite:////a/b@c.db"


@dataclass
class Server:
    uri: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    log = folder / "log.txt"
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # starts faster without
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=stream, stderr=stream)
        started = Server(f"http://127.0.0.1:{port}", process)
        try:
            wait_until_healthy(started, log)
            yield started
        finally:
            started.stop()


def wait_until_healthy(server: Server, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.uri}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the server did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def test_a_run_through_a_server_is_complete_and_its_model_can_be_fetched(
    server: Server,
    labelled: LabelledData,
    tiny_bundle: ModelBundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NARRATIVE_FRAMES_CACHE", str(tmp_path / "cache"))
    with MlflowTracker.start(TrackingSettings(uri=server.uri, experiment="http"), "run") as tracker:
        record_everything(tracker, labelled, tiny_bundle)
    client, _ = open_store(server.uri)
    check_record(client, tracker.run_id, labelled)

    version = register_bundle(tracker.run_id, "кадры", tiny_bundle.manifest, macro_f1=0.5, uri=server.uri)
    promote("кадры", version, "the first", uri=server.uri)
    folder = resolve_model("models:/кадры@champion", server.uri)
    assert folder.is_relative_to(tmp_path / "cache")
    assert load_bundle(folder).bundle_hash == tiny_bundle.bundle_hash
    assert resolve_model(f"runs:/{tracker.run_id}", server.uri) == folder

    (folder / "decisions.json").write_text("{}", encoding="utf-8")  # a damaged copy is fetched again
    assert load_bundle(resolve_model(f"models:/кадры/{version}", server.uri)).bundle_hash
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [folder.parent.name]


def test_a_server_that_dies_during_training_is_an_error_only_at_the_end(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    tracker = MlflowTracker.start(TrackingSettings(uri=server.uri, experiment="dies"), "run")
    server.stop()
    for step in range(50):
        tracker.log_metric("loss", 1.0, step)
    with pytest.raises(PipelineError, match="does not answer"):
        tracker.__exit__(None, None, None)
