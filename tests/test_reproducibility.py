"""The same config, data and seed give the same model: in another process, with another hash seed.

With another number of threads the baseline stays the same to the bit; sums in a transformer's matrix products
are then taken in another order, and its probabilities agree within a tolerance instead.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from builders import codebook, toy_rows, write_tiny_encoder

from pipeline.bundle import ModelBundle, load_bundle

TOLERANCE = 0.005  # of a probability, between thread counts
TRAIN = """
import sys
from pathlib import Path
from pipeline.config.run_config import load_run_config
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import run_training

for kind in ("tfidf", "transformer"):
    config = load_run_config(Path(f"{kind}.yaml"), [f"output={sys.argv[1]}"])
    run_training(config, NullTracker(), lambda *_: None)
"""
VARIANTS = {
    "first": {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
    "again": {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "7"},
    "two threads": {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "0"},
}


def write_project(folder: Path) -> None:
    (folder / "codebook.yaml").write_text(
        yaml.safe_dump(codebook().model_dump(mode="json")), encoding="utf-8"
    )
    table = toy_rows(90).table
    rows = [
        {"text": text, "labels": list(labels)}
        for text, labels in zip(table["text"], table["labels"], strict=True)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    encoder = write_tiny_encoder(folder / "encoder")
    models: dict[str, dict[str, Any]] = {
        "tfidf": {"min_df": 1, "c_grid": [1.0, 10.0], "inner_folds": 2},
        "transformer": {
            "encoder": str(encoder),
            "epochs": 2,
            "max_tokens": 32,
            "device": "cpu",
            "decide_on": "dev",
        },
    }
    for kind, model in models.items():
        config = {
            "name": kind,
            "data": {"codebook": "codebook.yaml", "labelled": "rows.jsonl"},
            "folds": {"method": "cluster"},
            "model": {"kind": kind, **model},
            "decisions": {"rare_frames": "warn"},
            "evaluation": {"bootstrap_samples": 100},
        }
        (folder / f"{kind}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, ModelBundle]]:
    """By variant and kind; each variant was trained by a process of its own."""
    folder = tmp_path_factory.mktemp("project")
    write_project(folder)
    processes = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", TRAIN, variant],
            cwd=folder,
            env=os.environ | setting | {"PYTHONPATH": str(Path(__file__).parent.parent)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for variant, setting in VARIANTS.items()
    ]
    for process in processes:
        errors = process.communicate(timeout=300)[1]
        assert process.returncode == 0, errors
    return {
        variant: {
            kind: load_bundle(next((folder / variant).glob(f"{kind}-*"))) for kind in ("tfidf", "transformer")
        }
        for variant in VARIANTS
    }


@pytest.mark.parametrize("kind", ["tfidf", "transformer"])
def test_another_process_trains_the_same_model(trained: dict[str, dict[str, ModelBundle]], kind: str) -> None:
    first, again = trained["first"][kind], trained["again"][kind]
    assert again.bundle_hash == first.bundle_hash
    assert again.manifest["dataset_fingerprint"] == first.manifest["dataset_fingerprint"]
    assert again.metrics == first.metrics


def test_threads_change_nothing_in_the_baseline(trained: dict[str, dict[str, ModelBundle]]) -> None:
    assert trained["two threads"]["tfidf"].bundle_hash == trained["first"]["tfidf"].bundle_hash


def test_threads_change_a_transformer_by_less_than_the_tolerance(
    trained: dict[str, dict[str, ModelBundle]],
) -> None:
    texts = list(toy_rows(40, seed=9).table["text"])
    first, other = (trained[variant]["transformer"].classifier for variant in ("first", "two threads"))
    expected = first.predict_proba(texts)
    assert np.ptp(expected, axis=0).min() > TOLERANCE
    np.testing.assert_allclose(other.predict_proba(texts), expected, atol=TOLERANCE)


def test_loading_and_scoring_gives_the_same_probabilities_with_any_number_of_threads(
    trained: dict[str, dict[str, ModelBundle]], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = list(toy_rows(40, seed=9).table["text"])
    for bundle in trained["first"].values():
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        expected = load_bundle(bundle.folder).predict(texts)[0]
        monkeypatch.setenv("OMP_NUM_THREADS", "3")
        np.testing.assert_array_equal(load_bundle(bundle.folder).predict(texts)[0], expected)
