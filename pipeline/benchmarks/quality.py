"""How good are our classifiers beside what else one would use, on public labelled sets?

    python -m pipeline.benchmarks.quality FOLDER --output results.json

FOLDER holds a sub-folder for each set, with `train.jsonl` and `test.jsonl` (id, text, labels; source, date, lang where
known). Every method gets the same rows, the same drawn dev fold and the encoder that `encoder: auto` takes for them; it
learns and tunes on train alone and predicts the test texts once, after that. Before it, the test texts serve one
purpose: near-duplicates of them are taken out of train, for all methods alike. Each runs in a process of its own, one
after the other.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from pipeline.benchmarks.labelled_sets import PreparedSet, find_sets, prepare_set
from pipeline.benchmarks.methods import METHODS, NEEDED, RIVALS, check_methods
from pipeline.benchmarks.quality_results import MethodResult, SetResult, is_ours, print_results, write_results
from pipeline.benchmarks.run_method import OUTCOME, Task, read_outcome
from pipeline.commands.terminal import console, run_command
from pipeline.config.evaluation import EvaluationSettings
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.errors import DataError, PipelineError
from pipeline.evaluation.comparison import compare_decisions
from pipeline.evaluation.evaluation_report import EvaluationReport, evaluate_decisions
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.files.safe_text import safe_text
from pipeline.tracking.provenance import collect_provenance, installed_version

_LOG_TAIL = 400  # characters of a failed method's log that are shown

OnStart = Callable[[str, str], None]  # set, method
OnResult = Callable[[list[SetResult]], None]


def run_quality(
    sets: Sequence[Path],
    methods: Sequence[str],
    work: Path,
    *,
    limit: int | None = None,
    seed: int = 42,
    rivals_in_bf16: bool = False,
    on_start: OnStart = lambda _set, _method: None,
    on_result: OnResult = lambda _results: None,
) -> list[SetResult]:
    """Run every method on every set; a method that fails is reported as failed, and the others go on.

    Args:
        sets: folders of the sets.
        methods: names from `METHODS`.
        work: folder for codebooks, models and logs.
        limit: at most so many rows of train and of test, for trying things out.
        seed: of folds, methods and bootstrap.
        rivals_in_bf16: rivals that are fine-tuned round the operands of matrix products to bfloat16.
        on_start: told of each set and method before it runs.
        on_result: given all results so far after each method.

    Raises:
        DataError: labels that cannot be read, or methods that were not tested on the same rows.
    """
    results: list[SetResult] = []
    for source in sets:
        prepared = prepare_set(source, work / source.name, limit=limit, seed=seed)
        result = SetResult(prepared.name, prepared.single_label)
        results.append(result)
        predictions: dict[str, TestPredictions] = {}
        for method in methods:
            on_start(prepared.name, method)
            folder = work / source.name / method
            outcome = run_in_process(prepared, method, folder, seed, rivals_in_bf16=rivals_in_bf16)
            if isinstance(outcome, str):
                result.methods.append(MethodResult(method, failure=outcome))
            else:
                predictions[method], cost = outcome
                report = evaluate(prepared, predictions[method], seed)
                result.methods.append(MethodResult(method, report, cost))
                _add_gains(result, prepared, predictions, method, seed)
            on_result(results)
    return results


def run_in_process(
    prepared: PreparedSet, method: str, folder: Path, seed: int, *, rivals_in_bf16: bool = False
) -> Any:
    """Predictions and cost of one method, or the end of its log if it failed."""
    folder.mkdir(parents=True)
    task = Task(
        method,
        str(prepared.codebook.resolve()),
        str(prepared.train.resolve()),
        str(prepared.test.resolve()),
        str(folder.resolve()),
        seed,
        rivals_in_bf16,
    )
    file, log = folder / "task.json", folder / "log.txt"
    file.write_text(json.dumps(asdict(task)), encoding="utf-8")
    with log.open("wb") as stream:
        done = subprocess.run(  # noqa: S603 - this interpreter, our own module
            [sys.executable, "-m", "pipeline.benchmarks.run_method", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode or not (folder / OUTCOME).is_file():
        tail = log.read_text(encoding="utf-8", errors="replace").strip()[-_LOG_TAIL:]
        return f"exit status {done.returncode}; {tail or 'nothing in its log'}"
    return read_outcome(folder)


def evaluate(prepared: PreparedSet, found: TestPredictions, seed: int) -> EvaluationReport:
    """Figures of one method on the test rows."""
    return evaluate_decisions(
        found.truth,
        found.calibrated,
        found.decided,
        clusters=found.clusters,
        frame_ids=load_codebook(prepared.codebook).frame_ids,
        settings=EvaluationSettings(),
        seed=seed,
    )


def _add_gains(
    result: SetResult,
    prepared: PreparedSet,
    predictions: dict[str, TestPredictions],
    newest: str,
    seed: int,
) -> None:
    """Compare the newest method with those before it; the difference is always ours minus the other."""
    for earlier in predictions:
        pair = (newest, earlier) if is_ours(newest) and not is_ours(earlier) else (earlier, newest)
        if earlier == newest or not is_ours(pair[0]):
            continue
        ours, other = (predictions[name] for name in pair)
        if not np.array_equal(ours.ids, other.ids) or not np.array_equal(ours.truth, other.truth):
            raise DataError(f"{prepared.name}: {pair[0]} and {pair[1]} were tested on different rows")
        result.gains[pair] = compare_decisions(
            ours.truth,
            other.decided,
            ours.decided,
            clusters=ours.clusters,
            frame_ids=load_codebook(prepared.codebook).frame_ids,
            settings=EvaluationSettings(),
            seed=seed,
        )


def describe_run(
    methods: Sequence[str], limit: int | None, seed: int, *, rivals_in_bf16: bool
) -> dict[str, Any]:
    """What a reader of the figures needs to repeat them."""
    return {
        **collect_provenance(),
        "extra_packages": {
            name: installed_version(name) for name in ("sentence-transformers", *sorted(set(NEEDED.values())))
        },
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "seed": seed,
        "limit": limit,
        "rivals_in_bf16": rivals_in_bf16,
        "rivals": {name: RIVALS[name] for name in methods if name in RIVALS},
    }


def main(  # noqa: PLR0917 - a command has many options
    folder: Annotated[Path, typer.Argument(help="Holds a sub-folder for each set.")],
    sets: Annotated[str, typer.Option(help="Names of sets, separated by commas; all without it.")] = "",
    methods: Annotated[str, typer.Option(help="Names of methods, separated by commas.")] = ",".join(METHODS),
    output: Annotated[Path, typer.Option(help="JSON file for the results.")] = Path("quality.json"),
    limit: Annotated[
        int | None, typer.Option(min=20, help="At most so many rows of train and test: to try it out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of folds, methods and bootstrap.")] = 42,
    rivals_in_bf16: Annotated[
        bool,
        typer.Option(
            "--rivals-in-bf16",
            help="Fine-tune rivals with bf16 matrix products too, as ours is where the processor has them.",
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Compare our classifiers with other methods on labelled sets; a table and a JSON file come out."""

    def work() -> None:
        chosen = _names(methods)
        check_methods(chosen)
        found = find_sets(folder, _names(sets))
        header = describe_run(chosen, limit, seed, rivals_in_bf16=rivals_in_bf16)
        notes = console(stderr=True)
        with tempfile.TemporaryDirectory(prefix="frames-quality-") as temporary:
            results = run_quality(
                found,
                chosen,
                Path(temporary),
                limit=limit,
                seed=seed,
                rivals_in_bf16=rivals_in_bf16,
                on_start=lambda name, method: notes.print(f"{safe_text(name)}: {method} ..."),
                on_result=lambda results: write_results(output, results, header),
            )
        screen = console()
        print_results(screen, results)
        if limit is not None:
            screen.print(f"Only {limit} rows of each file were used: these are no results to report.")
        screen.print(f"written to {safe_text(str(output))}", soft_wrap=True)
        failed = sum(method.failure is not None for result in results for method in result.methods)
        if failed:
            raise PipelineError(f"{failed} methods gave no result; the reasons stand above")

    run_command(work, debug)


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


if __name__ == "__main__":
    typer.run(main)
