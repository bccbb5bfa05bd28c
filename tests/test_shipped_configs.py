"""Every config in the repository loads; the quick ones are run."""

from pathlib import Path

import pytest

from pipeline.config.run_config import load_run_config
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import run_training

CONFIGS = sorted((Path(__file__).parent.parent / "configs").rglob("*.yaml"))
QUICK = [path for path in CONFIGS if load_run_config(path).model.kind == "tfidf"]


def test_there_are_configs_of_every_kind() -> None:
    assert {load_run_config(path).model.kind for path in CONFIGS} == {
        "tfidf",
        "transformer",
        "blend",
        "cascade",
        "llm",
    }


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_quick_configs_train(path: Path, tmp_path: Path) -> None:
    overrides = [f"output={tmp_path}", "model.c_grid=[3.0]", "evaluation.bootstrap_samples=100"]
    result = run_training(load_run_config(path, overrides), NullTracker(), lambda *_: None)
    assert result.report.n > 100
    # The example is neither trivial nor hopeless; beyond .90 it would be too easy to show anything.
    assert 0.3 < (result.report.macro_f1.value or 0) < 0.9
