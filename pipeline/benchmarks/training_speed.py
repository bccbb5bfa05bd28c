"""How many sentences a second does fine-tuning learn from, beside transformers' Trainer as it comes?

    python -m pipeline.benchmarks.training_speed --labels train.jsonl --codebook codebook.yaml

Both train the embedded encoder for one epoch on the same texts, in turns, in one process. The rival is what the
quality benchmark calls `stock`: batches of 8, each padded to its longest text. Without options the embedded sample is
used.
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
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

from pipeline.classifiers.encoders import find_encoder
from pipeline.classifiers.pretrained import read_network
from pipeline.classifiers.transformer_network import FrameNetwork, freeze_unused
from pipeline.classifiers.transformer_training import fine_tune
from pipeline.config import TransformerSettings
from pipeline.data.codebook import load_codebook
from pipeline.data.labels import LabelledData, read_labelled
from pipeline.printing import plain_table
from pipeline.protocols import FitContext
from pipeline.terminal import console, run_command

_SAMPLE = Path(__file__).parent.parent / "sample"
STOCK = "stock Trainer"
PRECISIONS = ("fp32", "bf16")


class Contestants:
    """The same rows, tokenised once for everyone.

    Args:
        data: labelled rows.
        n_rows: the first so many of them.
        seed: of every training.
    """

    def __init__(self, data: LabelledData, n_rows: int, seed: int) -> None:
        encoder = find_encoder("embedded", revision=None, allow_download=False)
        self._encoder, self._seed = encoder, seed
        self._tokenizer = AutoTokenizer.from_pretrained(encoder.folder)
        self.truth = data.indicator()[:n_rows].astype(np.float32)
        texts = list(data.table["text"])[:n_rows]
        self.token_ids = self._tokenizer(texts, truncation=True, max_length=256)["input_ids"]

    def train_stock(self, folder: Path) -> None:
        """One epoch with the library's defaults."""
        torch.manual_seed(self._seed)
        model = AutoModelForSequenceClassification.from_pretrained(
            self._encoder.folder,
            num_labels=self.truth.shape[1],
            problem_type="multi_label_classification",
        )
        Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=str(folder),
                num_train_epochs=1,
                seed=self._seed,
                report_to="none",
                disable_tqdm=True,
                dataloader_pin_memory=False,
                save_strategy="no",
                logging_strategy="no",
            ),
            train_dataset=self._rows(),
            data_collator=DataCollatorWithPadding(self._tokenizer),
        ).train()

    def train_ours(self, precision: str, folder: Path) -> None:
        """One epoch with the settings of a configuration that says nothing."""
        settings = TransformerSettings.model_validate({"epochs": 1, "precision": precision, "device": "cpu"})
        network = FrameNetwork(
            read_network(self._encoder),
            self.truth.shape[1],
            vector_scale=settings.vector_scale,
            dropout=settings.dropout,
            positive_weights=[1.0] * self.truth.shape[1],
            single_label=False,
        )
        freeze_unused(network, embeddings=settings.freeze_embeddings)
        context = FitContext(self._seed, folder, lambda *_: None, lambda *_: None)
        fine_tune(
            network,
            self._rows(),
            padding_id=self._tokenizer.pad_token_id,
            settings=settings,
            context=context,
        )

    def _rows(self) -> Dataset:
        return Dataset.from_dict({"input_ids": self.token_ids, "labels": self.truth.tolist()})


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
        contestants = Contestants(read_labelled(labels, load_codebook(codebook)), rows, seed)
        lengths = [len(ids) for ids in contestants.token_ids]
        rates: dict[str, list[float]] = {name: [] for name in (STOCK, *PRECISIONS)}
        for _ in range(rounds):
            rates[STOCK].append(measure(contestants.train_stock, len(lengths)))
            for precision in PRECISIONS:
                rates[precision].append(measure(partial(contestants.train_ours, precision), len(lengths)))
        median = {name: float(np.median(found)) for name, found in rates.items()}
        shown = [(name, f"{rate:.1f}", f"{rate / median[STOCK]:.2f}") for name, rate in median.items()]
        mean, threads = np.mean(lengths), torch.get_num_threads()
        title = f"one epoch of {len(lengths):,} sentences of {mean:.0f} tokens, {threads} threads"
        console().print(plain_table(title, ("method", "sentences/s", "x stock"), shown))

    run_command(work, debug)


if __name__ == "__main__":
    typer.run(main)
