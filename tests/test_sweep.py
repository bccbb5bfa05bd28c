import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
from builders import FRAMES, codebook, toy_rows, write_tiny_encoder
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config.run_config import RunConfig, load_run_config
from pipeline.data.codebooks.codebook import dump_codebook
from pipeline.errors import ConfigError, DataError
from pipeline.files.folder_lock import lock_folder
from pipeline.tracking.mlflow_store import open_store
from pipeline.training.sweep.records import SweepResult
from pipeline.training.sweep.run_sweep import run_sweep
from pipeline.training.sweep.study import DEV_SCORE, Pruned, SweepStudy
from pipeline.training.tracked_training import train_and_record

MODEL = {"kind": "tfidf", "max_features": 3000, "c_grid": [10.0], "char_ngrams": None, "inner_folds": 2}
SPACE = {
    "model.min_df": {"low": 1, "high": 3},
    "model.class_weight_power": {"low": 0, "high": 1},
    "model.word_ngrams": {"choices": [[1, 1], [1, 2]]},
}


def write_rows(path: Path, n: int, seed: int, *, flip: bool = False) -> str:
    rows = toy_rows(n, seed=seed).table
    with path.open("w", encoding="utf-8") as stream:
        for i, (text, labels) in enumerate(zip(rows["text"], rows["labels"], strict=True)):
            kept = [frame for frame in FRAMES if (frame in labels) != flip]
            stream.write(json.dumps({"id": f"{path.stem}-{i}", "text": text, "labels": kept}) + "\n")
    return str(path)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow takes seconds to make the tables of a store: they are made once."""
    path = tmp_path_factory.mktemp("store") / "store.db"
    open_store(f"sqlite:///{path}")
    return path


def write_config(folder: Path, store: Path | None = None, *, flip_test: bool = False, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "codebook.yaml").write_text(dump_codebook(codebook()), encoding="utf-8")
    raw = {
        "name": "search",
        "data": {
            "codebook": str(folder / "codebook.yaml"),
            "train": write_rows(folder / "train.jsonl", 120, 5),
            "test": write_rows(folder / "test.jsonl", 40, 6, flip=flip_test),
        },
        "model": MODEL,
        "evaluation": {"bootstrap_samples": 100},
        "tracking": {"uri": f"sqlite:///{folder / 'store.db'}"},
        "sweep": {"trials": 4, "space": SPACE},
        "output": str(folder / "runs ? 100%#"),  # characters that mean something in a URL
        **changes,
    }
    if store is not None:
        shutil.copy(store, folder / "store.db")
    path = folder / "sweep.yaml"
    path.write_text(json.dumps(raw), encoding="utf-8")  # JSON is YAML
    return path


def sweep(path: Path, *overrides: str) -> SweepResult:
    return run_sweep(load_run_config(path, overrides), path, lambda *_: None)


def figures_of(result: SweepResult) -> list[Any]:
    return [(record.tried, record.value, record.state) for record in result.records]


def stored_children(folder: Path) -> list[dict[str, str]]:
    """Tags and status of the runs below the sweep's, oldest first."""
    with sqlite3.connect(folder / "store.db") as database:
        runs = database.execute("select run_uuid, status from runs order by start_time").fetchall()
        found = []
        for run_id, status in runs:
            tags = dict(database.execute("select key, value from tags where run_uuid = ?", (run_id,)))
            if "mlflow.parentRunId" in tags:
                found.append({**tags, "status": status, "run_id": run_id})
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def result(folder: Path, empty_store: Path) -> SweepResult:
    return sweep(write_config(folder, empty_store))


def test_every_trial_is_a_child_run_with_its_figures(folder: Path, result: SweepResult) -> None:
    assert [record.state for record in result.records] == ["complete"] * 4
    children = stored_children(folder)
    assert {child["mlflow.parentRunId"] for child in children} == {result.run_id}
    assert [child["run_id"] for child in children] == [record.run_id for record in result.records]
    assert {(child["state"], child["status"]) for child in children} == {("complete", "FINISHED")}
    with sqlite3.connect(folder / "store.db") as database:
        for record in result.records:
            of_run = (record.run_id,)
            params = dict(database.execute("select key, value from params where run_uuid = ?", of_run))
            assert json.loads(params["model.min_df"]) == record.tried["model.min_df"]
            assert json.loads(params["model.word_ngrams"]) == record.tried["model.word_ngrams"]
            metrics = dict(database.execute("select key, value from metrics where run_uuid = ?", of_run))
            assert metrics["mean_average_precision"] == record.value
            assert 0 < metrics["macro_f1"] <= 1


def test_values_are_of_the_space(result: SweepResult) -> None:
    for record in result.records:
        assert record.tried["model.min_df"] in {1, 2, 3}
        assert 0 <= record.tried["model.class_weight_power"] <= 1
        assert record.tried["model.word_ngrams"] in [[1, 1], [1, 2]]


def test_the_best_is_a_plain_config_that_trains(result: SweepResult) -> None:
    best = load_run_config(result.best_config)
    assert best.sweep is None
    assert best.model.min_df == result.ranked[0].tried["model.min_df"]
    assert best.name == "search-best"
    assert result.ranked[0].value == max(record.value for record in result.records)
    trained = train_and_record(best, lambda *_: None)
    assert trained.report.n == 40  # the test fold, for the first time


def test_more_trials_go_on_and_another_space_does_not(folder: Path, result: SweepResult) -> None:
    path = folder / "sweep.yaml"
    longer = sweep(path, "sweep.trials=5")
    assert figures_of(longer)[:4] == figures_of(result)
    assert len(longer.records) == 5
    assert longer.run_id == result.run_id
    other = sweep(path, "sweep.trials=1", "sweep.space={model.min_df: {low: 1, high: 2}}")
    assert len(other.records) == 1
    assert other.run_id != result.run_id


def test_labels_of_the_test_fold_change_nothing(
    tmp_path: Path, empty_store: Path, result: SweepResult
) -> None:
    changed = sweep(write_config(tmp_path, empty_store, flip_test=True))
    assert figures_of(changed) == figures_of(result)
    assert changed.best_config.parent.name == result.best_config.parent.name


def test_a_killed_sweep_goes_on_to_the_same_trials(
    tmp_path: Path, empty_store: Path, result: SweepResult
) -> None:
    path = write_config(tmp_path, empty_store)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pipeline.config.run_config import load_run_config\n"
        "from pipeline.training.sweep.run_sweep import run_sweep\n"
        "def progress(what, done, total):\n"
        "    if what != 'sweep': print('working', flush=True)\n"
        "def report(record, best, finished): print('finished', finished, flush=True)\n"
        "path = Path(sys.argv[1])\n"
        "run_sweep(load_run_config(path), path, progress, report)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        seen = []
        for line in process.stdout:
            seen.append(line.strip())
            if seen[-2:] == ["finished 1", "working"]:  # in the middle of the second trial
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert [child["status"] for child in stored_children(tmp_path)] == ["FINISHED", "RUNNING"]
    resumed = sweep(path)
    assert figures_of(resumed) == figures_of(result)
    children = stored_children(tmp_path)
    assert len(children) == 5
    assert {child["mlflow.parentRunId"] for child in children} == {resumed.run_id}
    assert [(child["state"], child["status"]) for child in children].count(("interrupted", "KILLED")) == 1
    assert not any(child["status"] == "RUNNING" for child in children)
    assert not any((resumed.best_config.parent / "work").iterdir())


def test_a_trial_that_fails_has_its_reason_and_the_sweep_goes_on(tmp_path: Path, empty_store: Path) -> None:
    space = {"model.min_df": {"choices": [1, 100000]}}  # no word is in so many texts
    result = sweep(write_config(tmp_path, empty_store, sweep={"trials": 6, "space": space}))
    states = {record.state for record in result.records}
    assert states == {"complete", "failed"}
    for record, child in zip(result.records, stored_children(tmp_path), strict=True):
        assert (record.state == "failed") == (record.tried["model.min_df"] == 100000)
        assert (record.reason is not None) == (record.state == "failed")
        assert child["status"] == ("FAILED" if record.state == "failed" else "FINISHED")
        assert child.get("reason") == record.reason


def test_thresholds_are_judged_on_other_rows(tmp_path: Path, empty_store: Path) -> None:
    space = {"decisions.threshold": {"choices": ["tuned", 0.99]}}
    result = sweep(
        write_config(tmp_path, empty_store, sweep={"trials": 4, "metric": "macro_f1", "space": space})
    )
    by_choice = {record.tried["decisions.threshold"]: record.value for record in result.records}
    assert by_choice["tuned"] > by_choice[0.99]
    assert load_run_config(result.best_config).decisions.threshold == "tuned"


def test_time_that_is_up_is_told(tmp_path: Path, empty_store: Path) -> None:
    path = write_config(tmp_path, empty_store)
    result = sweep(path, "sweep.timeout_minutes=1.0e-9")
    assert result.records == ()
    assert result.best_config is None
    assert "time was up after 0 of 4 trials" in result.notes[-1]


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"model.min_dff": {"low": 1, "high": 3}}, "sweep.space.model.min_dff: no such key: 'min_dff'"),
        ({"model.min_df": {"low": 0, "high": 3}}, "sweep.space.model.min_df, low: model.min_df: "),
        ({"model.min_df": {"low": 1, "high": 2.5}}, "sweep.space.model.min_df, high: model.min_df: "),
        ({"model.char_ngrams": {"choices": [None, "x"]}}, r"sweep.space.model.char_ngrams, choices\[1\]: "),
        ({"model.min_df": {"low": 3, "high": 1}}, "'low' must be below 'high'"),
        ({"model.min_df": {"low": 1}}, "give 'low' and 'high', or 'choices'"),
        ({"model.min_df": {"low": 1, "high": 3, "choices": [1]}}, "not both"),
        ({"model.class_weight_power": {"low": 0, "high": 1, "log": True}}, "'log' needs 'low' above 0"),
        ({"model.kind": {"choices": ["tfidf", "blend"]}}, "one kind of model"),
        ({"model.inner_folds": {"low": 2, "high": 5}}, "how kindly"),
        ({"model.word_ngrams.0": {"choices": [1]}}, "no such key: '0'"),
        ({"data.test": {"choices": ["a"]}}, "only keys of the model"),
        ({"folds.seed": {"low": 1, "high": 9}}, "only keys of the model"),
        ({"decisions.threshold": {"low": 0.1, "high": 0.9}}, "does not depend on it"),
        ({}, "at least 1"),
    ],
)
def test_a_space_that_cannot_be_tried_is_refused_before_the_first_trial(
    tmp_path: Path, space: dict[str, Any], said: str
) -> None:
    path = write_config(tmp_path, sweep={"space": space})
    with pytest.raises(ConfigError, match=said) as refused:
        sweep(path)
    assert str(path) in str(refused.value)
    assert not (tmp_path / "store.db").exists()


def test_a_config_without_a_sweep_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no section 'sweep'"):
        sweep(write_config(tmp_path, sweep=None))


def test_a_trial_below_the_median_is_pruned_and_epochs_are_counted_not_steps(
    tmp_path: Path, folder: Path
) -> None:
    config: RunConfig = load_run_config(folder / "sweep.yaml")
    study = SweepStudy(tmp_path, config, config.sweep)
    for number in range(5):
        trial, _ = study.ask()
        report = study.watch(trial)
        for epoch in (1, 2, 3):
            report(DEV_SCORE, 0.5 + 0.1 * epoch, epoch * (7 + number))
        report("train_loss", 0.0, 1)  # is no score
        details = {"state": "complete", "figures": {}, "reason": None, "run_id": None}
        study.tell(trial, 0.8, pruned=False, details=details)
    trial, _ = study.ask()
    report = study.watch(trial)
    report(DEV_SCORE, 0.1, 50)  # the first epoch is never too bad
    with pytest.raises(Pruned, match=r"after epoch 2 its dev score, 0\.200"):
        report(DEV_SCORE, 0.2, 100)


def test_an_interrupted_trial_keeps_its_values_and_the_number_of_its_epochs(
    tmp_path: Path, folder: Path
) -> None:
    config = load_run_config(folder / "sweep.yaml")
    before = SweepStudy(tmp_path, config, config.sweep)
    trial, tried = before.ask()
    report = before.watch(trial)
    report(DEV_SCORE, 0.5, 10)
    report(DEV_SCORE, 0.6, 20)
    after = SweepStudy(tmp_path, config, config.sweep)
    assert after.requeue_interrupted() == [trial.number]
    assert after.finished() == []
    again, same = after.ask()
    assert same == tried
    after.watch(again)(DEV_SCORE, 0.6, 20)  # from a checkpoint of the second epoch
    assert list(again.storage.get_trial(again._trial_id).intermediate_values) == [2]


def test_the_command_tells_trials_and_trains_the_best(tmp_path: Path, empty_store: Path) -> None:
    path = write_config(tmp_path, empty_store)
    done = CliRunner().invoke(app, ["sweep", str(path), "--train", "--json", "--set", "sweep.trials=1"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert len(said["trials"]) == 1
    assert said["trained"]["evaluation"]["n"] == 40
    assert Path(said["trained"]["bundle"]).is_dir()
    more = CliRunner().invoke(app, ["sweep", str(path), "--set", "sweep.trials=2"])
    assert more.exit_code == 0, more.output
    assert "trial 1 (2 of 2): mean_average_precision" in more.stderr
    n = len(said["trained"]["evaluation"]["per_frame"])
    assert said["metric_name"] == f"mean average precision over {n} of {n} frames"
    assert said["metric_name"] in more.stdout
    assert re.search(r"best settings: frames train .*best.yaml", more.stdout.replace("\n", ""))


def test_two_processes_do_not_work_on_one_sweep(folder: Path, result: SweepResult) -> None:
    with lock_folder(result.best_config.parent), pytest.raises(DataError, match="is writing there"):
        sweep(folder / "sweep.yaml")


def test_a_transformer_is_judged_on_dev_and_stops_where_it_is_pruned(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = {
        "kind": "transformer",
        "encoder": str(write_tiny_encoder(tmp_path / "encoder")),
        "decide_on": "dev",
        "scoring": "torch",
        "epochs": 2,
        "max_tokens": 32,
    }
    space = {"model.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}
    path = write_config(tmp_path, empty_store, model=model, sweep={"trials": 1, "space": space})
    (whole,) = sweep(path).records
    assert whole.state == "complete"
    unreachable = optuna.pruners.ThresholdPruner(lower=1.1)
    monkeypatch.setattr(optuna.pruners, "MedianPruner", lambda **_: unreachable)
    result = sweep(path, "sweep.trials=2")
    pruned = result.records[1]
    assert (pruned.state, pruned.value) == ("pruned", None)
    assert "after epoch 1" in str(pruned.reason)
    assert [(c["state"], c["status"]) for c in stored_children(tmp_path)] == [
        ("complete", "FINISHED"),
        ("pruned", "FINISHED"),
    ]
    assert not any((result.best_config.parent / "work").iterdir())
    with sqlite3.connect(tmp_path / "store.db") as database:
        scores = [
            [
                value
                for (value,) in database.execute(
                    "select value from metrics where key = ? and run_uuid = ?", (DEV_SCORE, record.run_id)
                )
            ]
            for record in (whole, pruned)
        ]
    assert [len(values) for values in scores] == [2, 1]
    assert whole.value == pytest.approx(max(scores[0]), abs=1e-6)


def test_without_optuna_the_extra_is_named(folder: Path, result: SweepResult) -> None:
    assert result.records
    code = "import sys; sys.modules['optuna'] = None; from pipeline.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "sweep", str(folder / "sweep.yaml")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'narrative-frames[sweep]'" in done.stderr
