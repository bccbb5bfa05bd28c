"""What a teacher's rows buy by how often it errs, and what leaving out doubted rows does: simulated on the example.

    python -m pipeline.benchmarks.teacher_noise --people 400 --draws 2

Of the embedded example's training rows some are the people's; the others are "coded" by a teacher that finds a frame
with the probability `hit` and gives one that is not there with `false alarm`, each frame alone. A real model errs in
ways of its own, the same for like texts, which this does not show. Printed: mean average precision of the baseline on
the test fold, and how many rows of the teacher it learnt from.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from pipeline.classifiers.protocols import FitContext
from pipeline.config.run_config import SAMPLE_FOLDER, RunConfig
from pipeline.data.codebooks.codebook import Codebook, load_codebook
from pipeline.data.labels.splits import Folds
from pipeline.measures.metrics import mean_average_precision
from pipeline.training.fit_model import fit_with_decisions, predict_test, read_folds
from pipeline.training.learning_curve import nested_parts

TEACHERS: Final = ((0.85, 0.03), (0.7, 0.05), (0.5, 0.08))  # hit, false alarm
DOUBTS: Final = (None, 0.01, 0.02, 0.05)


def teach(folds: Folds, people: int, hit: float, false_alarm: float, seed: int) -> Folds:
    """Folds with so many rows of people, and the other training rows as the teacher codes them."""
    part = nested_parts(folds, (people,), seed)[0]
    kept = {*part.train.table["id"], *part.dev.table["id"]}
    others = folds.train.subset(np.flatnonzero(~folds.train.table["id"].isin(kept)))
    generator = np.random.default_rng(seed)
    truth = others.indicator() > 0
    coded = generator.random(truth.shape) < np.where(truth, hit, false_alarm)
    labels = [tuple(frame for frame, has in zip(others.frame_ids, row, strict=True) if has) for row in coded]
    table = others.table.assign(labels=pd.Series(labels, dtype=object))
    return replace(part, taught=replace(others, table=table))


def measure(config: RunConfig, codebook: Codebook, folds: Folds, doubt: float | None) -> tuple[float, int]:
    """Mean average precision on test, and rows of the teacher that were learnt from."""
    data = config.data.model_copy(update={"teacher_doubt": doubt})
    with tempfile.TemporaryDirectory() as work:
        context = FitContext(config.seed, Path(work), lambda *_: None, lambda *_: None)
        fitted = fit_with_decisions(config.model_copy(update={"data": data}), codebook, folds, context)
    classifier, decisions, summary = fitted
    found = predict_test(classifier, decisions, folds)
    quality = mean_average_precision(found.truth, np.asarray(found.calibrated, np.float32))
    return float(quality or 0.0), int(summary.figures.get("taught_rows", 0))


def main() -> None:
    """Entry point of `python -m pipeline.benchmarks.teacher_noise`."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.benchmarks.teacher_noise")
    parser.add_argument("--people", type=int, default=400, help="rows that people coded (default: 400)")
    parser.add_argument(
        "--draws", type=int, default=2, help="of these rows and of the teacher's errors (default: 2)"
    )
    options = parser.parse_args()
    config = RunConfig.model_validate(
        {
            "name": "teacher",
            "data": {
                "codebook": str(SAMPLE_FOLDER / "codebook.yaml"),
                "labelled": str(SAMPLE_FOLDER / "labelled_sentences.jsonl"),
            },
            "model": {"kind": "tfidf", "c_grid": [3.0]},
        }
    )
    codebook = load_codebook(Path(config.data.codebook))
    whole = read_folds(config, codebook)
    sys.stdout.write("hit  false alarm  people alone  " + "  ".join(_name(doubt) for doubt in DOUBTS) + "\n")
    for hit, false_alarm in TEACHERS:
        found: list[list[tuple[float, int]]] = []
        for seed in range(options.draws):
            folds = teach(whole, options.people, hit, false_alarm, seed)
            alone = measure(config, codebook, replace(folds, taught=None), None)
            found.append([alone, *(measure(config, codebook, folds, doubt) for doubt in DOUBTS)])
        means = np.mean(found, axis=0)
        cells = "  ".join(f"{quality:.3f} ({rows:,.0f})" for quality, rows in means)
        sys.stdout.write(f"{hit:.2f} {false_alarm:.2f}  {cells}\n")
        sys.stdout.flush()


def _name(doubt: float | None) -> str:
    return "all rows" if doubt is None else f"doubt {doubt:g}"


if __name__ == "__main__":
    main()
