"""What few labels are worth: our classifiers and rivals on growing parts of public sets, several draws each.

    python -m pipeline.benchmarks.few_labels FOLDER --sets frac_sentences --positives 8,16,32,64 --draws 3

FOLDER is as for `pipeline.benchmarks.quality`. Of the training rows, in an order of chance, as many are taken as give
each frame so many positives, or all that it has; a row that only adds to frames that have enough is passed over, and of
rows without a frame as large a share is taken as of the others. The same rows go to every method; the codebook and the
test rows stay. Printed: macro-F1 on test, the mean of the draws and its standard error.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.benchmarks.labelled_sets import PreparedSet, find_sets, prepare_set
from pipeline.benchmarks.methods import check_methods
from pipeline.benchmarks.quality import evaluate, run_in_process
from pipeline.errors import PipelineError


@dataclass(frozen=True, slots=True)
class Drawn:
    """Rows of one draw as a set of their own, and how many there are."""

    prepared: PreparedSet
    n_rows: int


def draw_rows(rows: Sequence[dict[str, Any]], positives: int, seed: int) -> list[dict[str, Any]]:
    """Rows, in their order, that give each frame so many positives where it has them.

    Args:
        rows: with a list of "labels" each.
        positives: of a frame.
        seed: of the order.
    """
    order = random.Random(seed).sample(range(len(rows)), len(rows))  # noqa: S311 - a sample, no secret
    carrying = [i for i in order if rows[i]["labels"]]
    count, taken = Counter[str](), set[int]()
    for i in carrying:
        if any(count[label] < positives for label in rows[i]["labels"]):
            taken.add(i)
            count.update(rows[i]["labels"])
    others = [i for i in order if not rows[i]["labels"]]
    taken.update(others[: round(len(others) * len(taken) / max(1, len(carrying)))])
    return [rows[i] for i in sorted(taken)]


def draw_set(whole: PreparedSet, positives: int, seed: int, folder: Path) -> Drawn:
    """A set with such rows to learn from."""
    folder.mkdir(parents=True)
    rows = [json.loads(line) for line in whole.train.read_text(encoding="utf-8").splitlines() if line.strip()]
    drawn = draw_rows(rows, positives, seed)
    train = folder / "train.jsonl"
    train.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in drawn), encoding="utf-8")
    return Drawn(replace(whole, train=train), len(drawn))


def measure(
    whole: PreparedSet, positives: int, methods: Sequence[str], draws: int, work: Path
) -> Iterator[str]:
    """Lines of the table: one for each method."""
    parts = [draw_set(whole, positives, seed, work / f"draw-{seed}") for seed in range(draws)]
    rows = round(sum(part.n_rows for part in parts) / draws)
    for method in methods:
        found = []
        for seed, part in enumerate(parts):
            outcome = run_in_process(part.prepared, method, work / f"{method}-{seed}", seed)
            if isinstance(outcome, str):
                raise PipelineError(f"{whole.name}: {method}: {outcome}")
            score = evaluate(part.prepared, outcome[0], seed).macro_f1.value
            found.append(float("nan") if score is None else score)
        error = np.std(found, ddof=1) / np.sqrt(draws) if draws > 1 else float("nan")
        yield f"{whole.name:28} {positives:9} {rows:6} {method:14} {np.mean(found):8.3f} {error:6.3f}"


def _numbers(text: str) -> Iterable[int]:
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Entry point of `python -m pipeline.benchmarks.few_labels`."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.benchmarks.few_labels")
    parser.add_argument("folder", type=Path, help="holds a sub-folder for each set")
    parser.add_argument("--sets", default="", help="names of sets, separated by commas; all without it")
    parser.add_argument("--positives", type=_numbers, default=[8, 16, 32, 64], help="of a frame: 8,16,32,64")
    parser.add_argument("--draws", type=int, default=3, help="of the rows (default: 3)")
    parser.add_argument(
        "--methods", default="tfidf,transformer,blend,frozen", help="see the quality benchmark"
    )
    options = parser.parse_args()
    methods = options.methods.split(",")
    check_methods(methods)
    sys.stdout.write(f"{'set':28} positives   rows {'method':14} macro-F1  error\n")
    for source in find_sets(options.folder, [name for name in options.sets.split(",") if name]):
        with tempfile.TemporaryDirectory(prefix="frames-few-labels-") as folder:
            whole = prepare_set(source, Path(folder) / "whole", limit=None, seed=0)
            for positives in options.positives:
                for line in measure(whole, positives, methods, options.draws, Path(folder) / str(positives)):
                    sys.stdout.write(line + "\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
