"""A small project whose models learn at once: a codebook of two frames, labelled rows, and a config."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.codebooks.codebook import Codebook, dump_codebook

FRAMES = ("storm", "harvest")


def write_files(folder: Path, book: Codebook, rows: Sequence[Mapping[str, Any]], **config: Any) -> Path:
    """A project of this codebook and these labelled rows; the path of its config, where `config` takes precedence."""
    (folder / "codebook.yaml").write_text(dump_codebook(book), encoding="utf-8")
    write_lines(folder / "labelled.jsonl", rows)
    common = {
        "name": "weather",
        "data": {"codebook": "codebook.yaml", "labelled": "labelled.jsonl"},
        "model": {"kind": "tfidf", "c_grid": [10.0], "char_ngrams": None, "min_df": 1, "inner_folds": 2},
        "evaluation": {"bootstrap_samples": 100},
        "output": str(folder / "runs"),
    }
    path = folder / "run.yaml"
    path.write_text(json.dumps(common | config), encoding="utf-8")
    return path


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def make_rows(first: int, n: int, wrong: float = 0.0) -> list[dict[str, Any]]:
    """Rows whose words are their labels, but for a share of labels that are not."""
    generator = np.random.default_rng(first)
    rows = []
    for i in range(first, first + n):
        words = [frame for frame in FRAMES if generator.random() < 0.4]
        labels = [frame for frame in FRAMES if (frame in words) != (generator.random() < wrong)]
        noise = [f"word{number}" for number in generator.integers(0, 4000, 9)]
        rows.append({"id": f"r{i}", "text": " ".join([*noise, *words]), "labels": labels, "group": f"p{i}"})
    return rows


def write_project(folder: Path, wrong: float = 0.0) -> Path:
    """Codebook, 160 labelled rows and a config, whose path is returned."""
    frames = [{"id": f, "name": f, "definition": f"Speaks of {f}.", "examples": [f]} for f in FRAMES]
    book = Codebook.model_validate({"name": "weather", "frames": frames})
    return write_files(
        folder,
        book,
        make_rows(0, 160, wrong),
        folds={"method": "cluster", "test_share": 0.4},
        tracking={"register_as": "weather"},
    )
