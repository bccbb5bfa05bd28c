"""How far one fit is from the next, and that macro-F1 is named with its frames in the registry."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t
from typer.testing import CliRunner
from weather_project import write_project

from pipeline.cli import app
from pipeline.errors import ConfigError
from pipeline.tracking.mlflow_store import open_store
from pipeline.training.repeated_fits import FigureSpread, check_repeats


def test_other_seeds_are_fitted_on_the_same_rows_and_only_their_figures_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    path = str(write_project(tmp_path, wrong=0.15))
    done = CliRunner().invoke(app, ["train", path, "--repeats", "3", "--json", "--set", "seed=7"])
    assert done.exit_code == 0, done.output
    trained = json.loads(done.stdout)
    assert trained["repeats"]["seeds"] == [7, 8, 9]
    assert trained["repeats"]["macro_name"] == "macro-F1 over 2 of 2 frames"
    macro = next(entry for entry in trained["repeats"]["figures"] if entry["name"] == "macro_f1")
    assert macro["fits"][0] == trained["evaluation"]["macro_f1"]
    assert macro["low"] == trained["evaluation"]["intervals"]["macro_f1"]["low"]
    assert macro["deviation"] == pytest.approx(np.std(macro["fits"], ddof=1))
    assert len(list((tmp_path / "runs").glob("*/bundle.json"))) == 1
    client, _ = open_store()
    kept = client.get_metric_history(trained["run_id"], "repeats/macro_f1")
    assert [point.value for point in sorted(kept, key=lambda point: point.step)] == macro["fits"]

    alone = json.loads(CliRunner().invoke(app, ["train", path, "--json", "--set", "seed=9"]).stdout)
    assert alone["repeats"] is None
    assert alone["evaluation"]["macro_f1"] == macro["fits"][2]  # a repeat is what that seed alone gives

    listed = CliRunner().invoke(app, ["models", "--json"])
    names = {version["macro_name"] for version in json.loads(listed.stdout)["models"]}
    assert names == {"macro-F1 over 2 of 2 frames"}


def test_two_fits_lie_as_far_apart_as_is_said() -> None:
    generator = np.random.default_rng(1)
    held = []
    for _ in range(4000):
        fits = generator.normal(0.7, 0.02, 6)
        spread = FigureSpread("macro_f1", tuple(fits[:5]), None, None, 0.95)
        held.append(abs(fits[5] - generator.normal(0.7, 0.02)) <= spread.reach)
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)
    assert spread.reach == pytest.approx(t.ppf(0.975, 4) * np.sqrt(2) * np.std(fits[:5], ddof=1))


def test_repeats_that_cannot_be_made_are_refused() -> None:
    with pytest.raises(ConfigError, match="without torchrun"):
        check_repeats(2, processes=2)
    with pytest.raises(ConfigError, match="expected 1 fit or more"):
        check_repeats(0, processes=1)
    check_repeats(1, processes=4)
