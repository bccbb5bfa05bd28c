"""How often test rows are used to compare and to promote, and what that does to interval, p and verdict."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner
from weather_project import make_rows, write_lines, write_project

from pipeline.bundle import load_bundle, read_manifest
from pipeline.cli import app
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.run_config import load_run_config
from pipeline.errors import DataError, ModelError
from pipeline.evaluation.comparison import Comparison, compare_decisions
from pipeline.evaluation.reused_test_rows import TestUse, expected_luck
from pipeline.measures import paired_swaps
from pipeline.measures.intervals import Estimate
from pipeline.tracking.mlflow_store import open_store
from pipeline.tracking.recorded_comparison import compare_and_record, count_uses
from pipeline.training.tracked_training import TrainedModel, train_and_record


@dataclass(frozen=True)
class Study:
    """A store with three models that were tested on the same rows."""

    folder: Path
    models: list[TrainedModel]

    @property
    def comparisons(self) -> int:
        """That the store knows of."""
        one, other = (model.bundle_hash for model in self.models[:2])
        fingerprint = str(read_manifest(self.models[0].bundle)["test_fingerprint"])
        return count_uses(fingerprint, (one, other), "no run").comparisons

    def compare(self, first: int, second: int, *more: str) -> dict[str, Any]:
        names = [f"runs:/{self.models[number].run_id}" for number in (first, second)]
        done = CliRunner().invoke(app, ["compare", *names, "--json", *more])
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    tmp_path = tmp_path_factory.mktemp("ledger")
    path = write_project(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
        models = [
            train_and_record(load_run_config(path, [change]), lambda *_: None)
            for change in ("seed=1", "decisions.threshold=0.5", "decisions.threshold=0.9")
        ]
        yield Study(tmp_path, models)


def test_every_use_of_the_rows_is_counted_before_it_is_answered(study: Study) -> None:
    first = study.compare(0, 1)["test_use"]
    assert first == {"comparisons_before": 0, "pairs_before": 0, "models": 3, "possible_pairs": 3}
    again = study.compare(1, 0)["test_use"]
    assert (again["comparisons_before"], again["pairs_before"]) == (1, 1)
    for version in (1, 2):  # the first needs no comparison, the second is compared
        CliRunner().invoke(app, ["promote", "weather", str(version), "--why", "a trial"])
    third = study.compare(0, 2)
    assert (third["test_use"]["comparisons_before"], third["test_use"]["pairs_before"]) == (3, 1)
    client, _ = open_store()
    client.delete_run(third["run_id"])
    assert (
        study.compare(0, 1)["test_use"]["comparisons_before"] == 4
    )  # a run that was deleted was seen all the same


def test_what_failed_before_its_result_is_not_counted(study: Study) -> None:
    before = study.comparisons
    one, other = (load_bundle(model.bundle) for model in study.models[:2])
    lost = study.folder / "lost"
    shutil.copytree(other.folder, lost)
    (lost / "test_predictions.npz").unlink()
    with pytest.raises(ModelError, match="test_predictions"):
        compare_and_record(one, replace(other, folder=lost), EvaluationSettings())
    assert study.comparisons == before


def test_fresh_rows_need_no_correction_and_the_output_says_so(study: Study) -> None:
    write_lines(study.folder / "fresh.jsonl", make_rows(1000, 60))
    fresh = study.compare(0, 1, "--data", str(study.folder / "fresh.jsonl"))
    assert fresh["test_use"] == {"comparisons_before": 0, "pairs_before": 0, "models": 2, "possible_pairs": 1}
    names = [f"runs:/{study.models[number].run_id}" for number in (0, 2)]
    n, before = study.compare(0, 1)["n"], study.comparisons
    said = " ".join(CliRunner().invoke(app, ["compare", *names]).output.split())
    assert f"These {n} test rows have been used for {before} comparison" in said
    assert "these 3 pairs together" in said
    assert "--data FILE" in said


def test_models_that_were_evaluated_on_rows_are_known_there(study: Study) -> None:
    rows = str(study.folder / "judged.jsonl")
    write_lines(Path(rows), make_rows(2000, 60))
    names = [f"runs:/{model.run_id}" for model in study.models]
    said = []
    for name in (*names, names[0]):
        done = CliRunner().invoke(app, ["evaluate", name, rows, "--json"])
        assert done.exit_code == 0, done.output
        said.append(json.loads(done.stdout)["notes"])
    assert said[0] == []
    assert [
        "figures of 2 models" in said[1][0],
        *("figures of 3 models" in notes[0] for notes in said[2:]),
    ] == [True] * 3
    assert study.compare(0, 1, "--data", rows)["test_use"]["models"] == 3


def test_an_evaluation_makes_no_store(study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    write_lines(rows, make_rows(3000, 60))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'none.db'}")
    done = CliRunner().invoke(app, ["evaluate", str(study.models[0].bundle), str(rows)])
    assert done.exit_code == 0, done.output
    assert not (tmp_path / "none.db").exists()


def test_a_comparison_without_a_store_says_that_it_is_not_counted(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [str(model.bundle) for model in study.models[:2]]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    done = CliRunner().invoke(app, ["compare", *folders, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["run_id"], found["test_use"]) == (None, None)
    assert any("neither recorded nor counted" in note for note in found["notes"])


def test_another_store_says_that_it_may_not_know_all(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [str(model.bundle) for model in study.models[:2]]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{study.folder / 'other.db'}")
    found = json.loads(CliRunner().invoke(app, ["compare", *folders, "--json"]).stdout)
    assert found["test_use"]["models"] == 2
    assert any("neither model was trained in this MLflow store" in note for note in found["notes"])


def test_models_of_other_rows_are_refused_and_leave_no_run(study: Study) -> None:
    config = load_run_config(study.folder / "run.yaml", ["folds.seed=7"])
    elsewhere = load_bundle(train_and_record(config, lambda *_: None).bundle)
    client, _ = open_store()
    places = [experiment.experiment_id for experiment in client.search_experiments()]
    before = len(client.search_runs(places))
    with pytest.raises(DataError, match="different rows"):
        compare_and_record(load_bundle(study.models[0].bundle), elsewhere, EvaluationSettings())
    assert len(client.search_runs(places)) == before


def compare(use: TestUse | None, seed: int = 0, wrong: float = 0.2) -> Comparison:
    generator = np.random.default_rng(seed)
    truth = generator.random((300, 4)) < 0.3
    one, other = (np.where(generator.random(truth.shape) < error, ~truth, truth) for error in (0.25, wrong))
    return compare_decisions(
        truth,
        one,
        other,
        clusters=np.arange(300),
        frame_ids=("a", "b", "c", "d"),
        settings=EvaluationSettings(),
        use=use,
    )


@pytest.mark.parametrize("models", [2, 3, 20])
def test_interval_p_and_verdict_of_a_corrected_comparison_agree(models: int) -> None:
    use = TestUse(comparisons=5, pairs=4, models=models)
    for seed, wrong in enumerate(np.linspace(0.12, 0.25, 4)):
        plain, found = compare(None, seed, float(wrong)), compare(use, seed, float(wrong))
        for mine in found.per_frame:
            is_out = not (mine.gain.low or 0) <= 0 <= (mine.gain.high or 0)
            assert (mine.p_value is not None and mine.p_value <= 0.05) == is_out
        gain, wide = plain.macro_f1.gain, found.macro_f1.gain
        assert gain.low is not None
        assert wide.low is not None
        assert wide.low < gain.low if models > 2 else wide.low == gain.low
        assert found.verdict.startswith("no difference") == (wide.low <= 0 <= (wide.high or 0))


def test_a_tail_that_no_swap_reaches_goes_on_like_a_normal_one(monkeypatch: pytest.MonkeyPatch) -> None:
    use = TestUse(comparisons=0, pairs=0, models=9)  # 36 pairs: 3599 swaps
    whole = compare(use).macro_f1.gain
    monkeypatch.setattr(paired_swaps, "MOST_SWAPS", 1999)
    cut = compare(use).macro_f1.gain
    assert width(cut) == pytest.approx(width(whole), rel=0.12)


def width(estimate: Estimate) -> float:
    return float(estimate.high or 0) - float(estimate.low or 0)


def test_the_luck_of_the_best_is_that_of_independent_errors() -> None:
    generator = np.random.default_rng(0)
    drawn = 0.02 * generator.normal(size=(20_000, 20))
    assert expected_luck(20, 0.02 * np.sqrt(2)) == pytest.approx(drawn.max(axis=1).mean(), abs=0.0005)
    assert expected_luck(1, 0.02) == pytest.approx(0, abs=1e-9)
