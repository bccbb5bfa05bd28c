"""Rows from which a transformer's decisions are learnt: out of fold, or dev."""

import json
from pathlib import Path

import pytest
from builders import FRAMES, toy_rows, write_tiny_encoder

from pipeline.config.run_config import RunConfig
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import TrainingResult, run_training

EPOCHS = 2
CODEBOOK = "name: toy\nframes:\n" + "".join(
    f"  - {{id: {frame}, name: {frame}, definition: Speaks of it., examples: [a]}}\n" for frame in FRAMES
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    write_tiny_encoder(folder / "encoder")
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    for name, n, seed in (("train", 60, 0), ("dev", 30, 1), ("test", 30, 2)):
        table = toy_rows(n, seed=seed).table
        rows = [
            {"id": f"{name}-{i}", "text": f"{text} {name}{i}", "labels": list(labels)}
            for i, (text, labels) in enumerate(zip(table["text"], table["labels"], strict=True))
        ]
        lines = "\n".join(json.dumps(row) for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def train(project: Path, decide_on: str) -> TrainingResult:
    files = {name: str(project / f"{name}.jsonl") for name in ("train", "dev", "test")}
    model = {
        "kind": "transformer",
        "encoder": str(project / "encoder"),
        "epochs": EPOCHS,
        "max_tokens": 32,
        "tokens_per_batch": 128,
        "decide_on": decide_on,
        "device": "cpu",
    }
    config = RunConfig.model_validate(
        {
            "name": decide_on,
            "data": {"codebook": str(project / "codebook.yaml"), **files},
            "model": model,
            "evaluation": {"bootstrap_samples": 100},
            "output": str(project / decide_on),
        }
    )
    return run_training(config, NullTracker(), lambda *_: None)


def test_decisions_out_of_fold_let_the_model_learn_from_dev_too(project: Path) -> None:
    on_dev, out_of_fold = train(project, "dev"), train(project, "out_of_fold")
    steps_on_train = on_dev.figures["fit_steps"]
    assert out_of_fold.figures["fit_steps"] > steps_on_train
    assert out_of_fold.figures["fit_best_epoch"] == EPOCHS
    assert on_dev.figures["fit_best_epoch"] <= EPOCHS
