"""A small project whose models learn at once: a codebook of two frames, labelled rows, and a config."""

import json
from pathlib import Path

import numpy as np

from pipeline.data.codebook import Codebook, dump_codebook

FRAMES = ("storm", "harvest")


def write_rows(path: Path, first: int, n: int, wrong: float = 0.0) -> None:
    """Rows whose words are their labels, but for a share of labels that are not."""
    generator = np.random.default_rng(first)
    rows = []
    for i in range(first, first + n):
        words = [frame for frame in FRAMES if generator.random() < 0.4]
        labels = [frame for frame in FRAMES if (frame in words) != (generator.random() < wrong)]
        noise = [f"word{number}" for number in generator.integers(0, 4000, 9)]
        rows.append({"id": f"r{i}", "text": " ".join([*noise, *words]), "labels": labels, "group": f"p{i}"})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_project(folder: Path, wrong: float = 0.0) -> Path:
    """Codebook, 160 labelled rows and a config, whose path is returned."""
    frames = [{"id": f, "name": f, "definition": f"Speaks of {f}.", "examples": [f]} for f in FRAMES]
    book = Codebook.model_validate({"name": "weather", "frames": frames})
    (folder / "codebook.yaml").write_text(dump_codebook(book), encoding="utf-8")
    write_rows(folder / "labelled.jsonl", 0, 160, wrong)
    config = {
        "name": "weather",
        "data": {"codebook": "codebook.yaml", "labelled": "labelled.jsonl"},
        "folds": {"method": "cluster", "test_share": 0.4},
        "model": {"kind": "tfidf", "c_grid": [10.0], "char_ngrams": None, "min_df": 1, "inner_folds": 2},
        "evaluation": {"bootstrap_samples": 100},
        "tracking": {"register_as": "weather"},
        "output": str(folder / "runs"),
    }
    path = folder / "run.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path
