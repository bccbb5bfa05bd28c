"""How many sentences a second does fine-tuning learn from, beside transformers' Trainer as it comes?

    python -m pipeline.benchmarks.training_speed --labels train.jsonl --codebook codebook.yaml

Both train the embedded encoder for one epoch on the same texts, in turns, in one process; reading the encoder and
cutting texts into tokens is part of it. The rival is what the quality benchmark calls `stock`: batches of 8, each
padded to its longest text. Without options the embedded sample is used.
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
from datasets import Dataset

from pipeline.benchmarks.stock_rival import StockTrainer
from pipeline.classifiers.encoder.encoders import EMBEDDED, find_encoder
from pipeline.classifiers.encoder.token_windows import WindowLimits, make_windows
from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.transformer.pretrained import read_network, read_tokenizer
from pipeline.classifiers.transformer.transformer_network import FrameNetwork, freeze_unused
from pipeline.classifiers.transformer.transformer_training import fine_tune
from pipeline.commands.result_tables import plain_table
from pipeline.commands.terminal import console, run_command
from pipeline.config.model import TransformerSettings
from pipeline.data.codebook import load_codebook
from pipeline.data.labelled_rows import LabelledData, read_labelled

_SAMPLE = Path(__file__).parent.parent / "sample"
STOCK = "stock Trainer"
PRECISIONS = ("fp32", "bf16")


def train_stock(data: LabelledData, seed: int, folder: Path) -> None:
    """One epoch with the library's defaults."""
    encoder = find_encoder(EMBEDDED)
    rival = StockTrainer(encoder.folder, single_label=False, tuned=False, seed=seed, work=folder, epochs=1)
    rival.fit_rows(data)


def train_ours(data: LabelledData, seed: int, precision: str, folder: Path) -> None:
    """One epoch with the settings of a configuration that says nothing."""
    settings = TransformerSettings.model_validate({"epochs": 1, "precision": precision, "device": "cpu"})
    encoder = find_encoder(EMBEDDED)
    read, truth = read_tokenizer(encoder), data.indicator()
    network = FrameNetwork(
        read_network(encoder),
        truth.shape[1],
        vector_scale=settings.vector_scale,
        dropout=settings.dropout,
        positive_weights=[1.0] * truth.shape[1],
        single_label=False,
    )
    freeze_unused(network, embeddings=settings.freeze_embeddings)
    limits = WindowLimits(settings.max_tokens, settings.max_windows)
    windows = make_windows(read.tokenizer, list(data.table["text"]), limits)
    fine_tune(
        network,
        Dataset.from_dict(
            {"input_ids": windows.token_ids, "labels": truth[windows.owners].astype(float).tolist()}
        ),
        padding_id=read.padding_id,
        settings=settings,
        context=FitContext(seed, folder, lambda *_: None, lambda *_: None),
    )


def measure(train: Callable[[Path], None], n_rows: int) -> float:
    """Sentences a second of the clock, checkpoints and all."""
    with tempfile.TemporaryDirectory(prefix="frames-training-") as folder:
        began = time.perf_counter()
        train(Path(folder))
        return n_rows / (time.perf_counter() - began)


def main(  # noqa: PLR0917 - a command has many options
    labels: Annotated[Path, typer.Option(help="Labelled rows.")] = _SAMPLE / "labelled_sentences.jsonl",
    codebook: Annotated[Path, typer.Option(help="Their codebook.")] = _SAMPLE / "codebook.yaml",
    rows: Annotated[int, typer.Option(min=50, help="At most so many rows.")] = 1000,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each; the median counts.")] = 2,
    seed: Annotated[int, typer.Option(help="Of every training.")] = 0,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Measure fine-tuning beside the stock Trainer; a table comes out."""

    def work() -> None:
        whole = read_labelled(labels, load_codebook(codebook))
        data = whole.subset(np.arange(min(rows, len(whole))))
        rates: dict[str, list[float]] = {name: [] for name in (STOCK, *PRECISIONS)}
        for _ in range(rounds):
            rates[STOCK].append(measure(partial(train_stock, data, seed), len(data)))
            for precision in PRECISIONS:
                rates[precision].append(measure(partial(train_ours, data, seed, precision), len(data)))
        median = {name: float(np.median(found)) for name, found in rates.items()}
        shown = [(name, f"{rate:.1f}", f"{rate / median[STOCK]:.2f}") for name, rate in median.items()]
        title = f"one epoch of {len(data):,} sentences, {torch.get_num_threads()} threads"
        console().print(plain_table(title, ("method", "sentences/s", "x stock"), shown))

    run_command(work, debug)


if __name__ == "__main__":
    typer.run(main)
