"""How long does fine-tuning take to a finished model, beside transformers' Trainer as it comes?

    python -m pipeline.benchmarks.training_speed --labels train.jsonl --codebook codebook.yaml

Both train the encoder that `encoder: auto` takes, or the one named by `--encoder`, on the same texts, in turns, in one
process, until a model is finished: reading the encoder and cutting texts into tokens is part of it, ours trains all its
networks and makes the graph that scores. The rival is what the quality benchmark calls `stock`: 3 epochs, batches of 8,
each padded to its longest text. Sentences a second count a sentence once for each epoch of each network. Without
options the embedded sample is used.
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import pipeline.no_telemetry  # noqa: F401 - libraries read their settings while they are imported

# isort: split

import numpy as np
import torch
import typer

from pipeline.benchmarks.stock_rival import StockTrainer
from pipeline.classifiers.encoder.encoder_choice import choose_encoder
from pipeline.classifiers.encoder.encoders import AUTO, find_encoder
from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.transformer.crossed_networks import EPOCHS
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.commands.result_tables import plain_table
from pipeline.commands.terminal import console, run_command
from pipeline.config.model import TransformerSettings
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled

_SAMPLE = Path(__file__).parent.parent / "sample"
STOCK = "stock Trainer"
STOCK_EPOCHS = 3  # the library's default
PRECISIONS = ("fp32", "bf16")


def train_stock(data: LabelledData, seed: int, encoder: Path, folder: Path) -> None:
    """With the library's defaults, from an encoder in a folder."""
    rival = StockTrainer(encoder, single_label=False, tuned=False, seed=seed, work=folder)
    rival.fit_rows(data)


def train_ours(data: LabelledData, seed: int, settings: TransformerSettings, folder: Path) -> None:
    """All networks of one model, and the graph that scores."""
    model = FineTunedTransformer(settings, data.frame_ids, single_label=False)
    context = FitContext(seed, folder, lambda *_: None, lambda *_: None)
    model.fit(data, None, np.arange(len(data)), context)


def measure(train: Callable[[Path], None]) -> float:
    """Seconds of the clock, checkpoints and all."""
    with tempfile.TemporaryDirectory(prefix="frames-training-") as folder:
        began = time.perf_counter()
        train(Path(folder))
        return time.perf_counter() - began


def main(  # noqa: PLR0917 - a command has many options
    labels: Annotated[Path, typer.Option(help="Labelled rows.")] = _SAMPLE / "labelled_sentences.jsonl",
    codebook: Annotated[Path, typer.Option(help="Their codebook.")] = _SAMPLE / "codebook.yaml",
    rows: Annotated[int, typer.Option(min=50, help="At most so many rows.")] = 1000,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each; the median counts.")] = 2,
    seed: Annotated[int, typer.Option(help="Of every training.")] = 0,
    encoder: Annotated[str, typer.Option(help="A name as in model.encoder.")] = AUTO,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Measure fine-tuning beside the stock Trainer; a table comes out."""

    def work() -> None:
        whole = read_labelled(labels, load_codebook(codebook))
        data = whole.subset(np.arange(min(rows, len(whole))))
        name = choose_encoder(encoder, data).name
        folder = find_encoder(name).folder
        ours = {
            precision: TransformerSettings.model_validate(
                {"encoder": name, "precision": precision, "device": "cpu", "epochs": EPOCHS}
            )
            for precision in PRECISIONS
        }
        seconds: dict[str, list[float]] = {name: [] for name in (STOCK, *PRECISIONS)}
        for _ in range(rounds):
            seconds[STOCK].append(measure(partial(train_stock, data, seed, folder)))
            for precision, settings in ours.items():
                seconds[precision].append(measure(partial(train_ours, data, seed, settings)))
        median = {name: float(np.median(found)) for name, found in seconds.items()}
        # Each of our networks but the last is trained without one fold.
        passes = {STOCK: STOCK_EPOCHS, **{name: EPOCHS * one.inner_folds for name, one in ours.items()}}
        rates = {name: passes[name] * len(data) / median[name] for name in median}
        shown = [
            (
                name,
                f"{median[name]:.0f}",
                f"{median[name] / median[STOCK]:.2f}",
                f"{rates[name]:.1f}",
                f"{rates[name] / rates[STOCK]:.2f}",
            )
            for name in median
        ]
        title = f"{name}, {len(data):,} sentences, {torch.get_num_threads()} threads"
        columns = ("method", "seconds to a finished model", "x stock", "sentences/s", "x stock")
        console().print(plain_table(title, columns, shown))

    run_command(work, debug)


if __name__ == "__main__":
    typer.run(main)
