"""What does a student of `frames distil` lose against its teacher, and how much faster is it?

    python -m pipeline.benchmarks.student_speed MODEL POSTS ... [--layers 2 --layers 3]

For each number of layers a student is taught on the posts. What it loses is macro-F1 on the teacher's test fold, with
an interval. Then all score the same synthetic sentences in turns, in one run: sentences for each second of processor
time, which other work on the machine hardly changes. "graph" is the teacher's 8-bit transformer alone, which of a blend
is only a part.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from pipeline.benchmarks.synthetic_posts import make_posts
from pipeline.bundle import ModelBundle, load_bundle
from pipeline.classifiers.build import load_classifier
from pipeline.classifiers.graph.onnx_transformer import ENCODER_CONFIG_FILE
from pipeline.classifiers.transformer.student_network import Recipe
from pipeline.commands.options import find_input
from pipeline.commands.result_tables import format_interval, plain_table
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.config.evaluation import EvaluationSettings
from pipeline.data.text.sentences import split_sentences
from pipeline.evaluation.evaluate_bundle import compare_bundles
from pipeline.files.safe_text import safe_text
from pipeline.training.distillation import Distillation, distil

Score = Callable[[Sequence[str]], Any]


def measure_rates(methods: dict[str, Score], texts: Sequence[str], rounds: int) -> dict[str, float]:
    """Texts for each second of processor time, median over rounds in which all take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(rounds):
        for name, score in methods.items():
            began = time.process_time()
            score(texts)
            seconds[name].append(time.process_time() - began)
    return {name: len(texts) / float(np.median(taken)) for name, taken in seconds.items()}


def find_graph(teacher: ModelBundle) -> Score:
    """The teacher's transformer alone."""
    config = next((teacher.folder / "classifier").rglob(ENCODER_CONFIG_FILE))
    return load_classifier("transformer", config.parent).predict_proba


def main(  # noqa: PLR0917 - a command has many options
    model: Annotated[Path, typer.Argument(help="Bundle of a transformer or blend.")],
    posts: Annotated[list[Path], typer.Argument(help="Posts to learn from.")],
    layers: Annotated[list[int] | None, typer.Option(help="Of a student; may be repeated.")] = None,
    hidden_share: Annotated[
        float, typer.Option(help="Of each layer's hidden units.")
    ] = Recipe().hidden_share,
    epochs: Annotated[int, typer.Option(min=0, help="Passes over the sentences.")] = 0,
    sentences: Annotated[int, typer.Option(min=100, help="To learn from, at most.")] = 20_000,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each model.")] = 5,
    seed: Annotated[int, typer.Option(help="Of draw and training.")] = 42,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Teach students and measure what they lose and gain; a table comes out."""

    def work() -> None:
        teacher = load_bundle(model)
        with tempfile.TemporaryDirectory(prefix="frames-student-") as folder, progress_bar() as progress:
            taught = {
                f"student, {n or 'a third of the'} layers": distil(
                    teacher,
                    [find_input(path) for path in posts],
                    Path(folder) / str(n),
                    recipe=Recipe(layers=n, hidden_share=hidden_share, epochs=epochs),
                    most=sentences,
                    seed=seed,
                    progress=progress,
                )
                for n in layers or [Recipe().layers]
            }
            texts = list({s.text: None for post in make_posts(400, seed) for s in split_sentences(post)})
            methods: dict[str, Score] = {"teacher": teacher.predict, "graph": find_graph(teacher)}
            methods |= {name: done.bundle.predict for name, done in taught.items()}
            print_students(teacher, taught, measure_rates(methods, texts, rounds))

    run_command(work, debug)


def print_students(teacher: ModelBundle, taught: dict[str, Distillation], rates: dict[str, float]) -> None:
    """A row for each model."""

    def speed(name: str) -> tuple[str, ...]:
        times = (f"{rates[name] / rates[other]:.1f}" for other in ("teacher", "graph"))
        return f"{rates[name]:,.0f}", *times

    rows: list[tuple[str, ...]] = [
        ("teacher", "", "", "", *speed("teacher")),
        ("graph", "", "", "", *speed("graph")),
    ]
    for name, done in taught.items():
        gain = compare_bundles(teacher, done.bundle, EvaluationSettings()).macro_f1
        f1 = [frame.f1 for frame in done.agreement.frames if frame.f1 is not None]
        told = f"{gain.gain.value:+.3f} ({format_interval(gain.gain, 3, '+')})"
        agreement = f"{np.mean(f1):.2f}" if f1 else "too few"
        rows.append((name, f"{gain.second:.3f}", told, agreement, *speed(name)))
    columns = ("model", "macro-F1", "against teacher", "agreement", "per CPU s", "x teacher", "x graph")
    screen = console()
    screen.print(plain_table(f"Students of {safe_text(teacher.model_id)}", columns, rows))
    counts = next(iter(taught.values())).counts
    screen.print(
        f"learnt from {counts.learnt:,} sentences, {counts.seen_by_teacher:,} of them learnt from by the teacher too; "
        "agreement: mean F1 of the student against the teacher's decisions on held-out sentences"
    )


if __name__ == "__main__":
    typer.run(main)
