"""The rival that most people would write: a sequence classifier under transformers' Trainer, as it comes.

`stock` is the library's defaults: 3 epochs, learning rate 5e-5, batches of 8 padded to their longest text, texts
cut where the tokenizer's own limit is, threshold 0.5. `stock_tuned` is the same with what a careful user adds: the
dev fold chooses the learning rate (5e-5 or 2e-4), the epoch (of 5, or 10 for fewer than 1000 texts; two without
gain end it) and the thresholds.
"""

from pathlib import Path
from typing import Any, cast

import pipeline.no_telemetry  # noqa: F401 - libraries read their settings while they are imported

# isort: split

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    EvalPrediction,
    Trainer,
    TrainingArguments,
)

from pipeline.benchmarks.rivals import Decided, Thresholds, best_thresholds, decide
from pipeline.classifiers.protocols import Probabilities
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.splits import Folds, join_folds
from pipeline.measures.metrics import mean_average_precision

TUNED_RATES = (5e-5, 2e-4)
TUNED_EPOCHS, TUNED_EPOCHS_OF_FEW = 5, 10
FEW_TEXTS = 1000
PATIENCE = 2
_DEV_QUALITY = "mean_average_precision"


class StockTrainer:
    """Fine-tuning of a stock sequence classifier.

    Args:
        encoder: folder of the encoder.
        single_label: cross-entropy and argmax in place of one sigmoid a frame.
        tuned: choose rate, epoch and thresholds on dev; else defaults on train and dev together.
        seed: of the Trainer.
        work: folder for checkpoints.
        bf16: round the operands of matrix products to bfloat16, as ours does on processors that have instructions
            for it.
    """

    def __init__(
        self,
        encoder: Path,
        *,
        single_label: bool,
        tuned: bool,
        seed: int,
        work: Path,
        bf16: bool = False,
    ) -> None:
        self._encoder = encoder
        self._single_label = single_label
        self._tuned = tuned
        self._seed = seed
        self._work = work
        self._bf16 = bf16
        self._tokenizer = AutoTokenizer.from_pretrained(encoder)
        self._trainer: Trainer | None = None
        self._thresholds: Thresholds = 0.5

    def fit(self, folds: Folds) -> tuple[str, ...]:
        """Train once with the defaults, or once for each learning rate and keep the best on dev."""
        if not self._tuned:
            rows, _ = join_folds(folds, ("train", "dev"))
            self.fit_rows(rows)
            return ()
        truth, texts = folds.dev.indicator(), list(folds.dev.table["text"])
        chosen = (-1.0, 0.0)
        for rate in TUNED_RATES:
            trainer = self._train(folds.train, folds.dev, rate)
            dev = self._probabilities(trainer, texts)
            quality = mean_average_precision(truth, dev) or 0.0
            if quality > chosen[0]:
                chosen, self._trainer = (quality, rate), trainer
                self._thresholds = best_thresholds(truth, dev)
        return (f"learning rate {chosen[1]:g}, mean average precision on dev {chosen[0]:.3f}",)

    def fit_rows(self, rows: LabelledData) -> None:
        """Train once with the defaults on all the rows."""
        self._trainer = self._train(rows, None)

    def predict(self, texts: list[str]) -> tuple[Probabilities, Decided]:
        """Probabilities and decisions."""
        if self._trainer is None:
            raise RuntimeError("predict was called before fit")
        probabilities = self._probabilities(self._trainer, texts)
        return probabilities, decide(probabilities, self._thresholds, single_label=self._single_label)

    def _train(self, rows: LabelledData, dev: LabelledData | None, rate: float | None = None) -> Trainer:
        options: dict[str, Any] = {"save_strategy": "no"}
        if rate is not None:
            options = {
                "learning_rate": rate,
                "num_train_epochs": TUNED_EPOCHS_OF_FEW if len(rows) < FEW_TEXTS else TUNED_EPOCHS,
                "eval_strategy": "epoch",
                "save_strategy": "epoch",
                "save_total_limit": 1,
                "save_only_model": True,
                "load_best_model_at_end": True,
                "metric_for_best_model": _DEV_QUALITY,
            }
        arguments = TrainingArguments(
            output_dir=str(self._work / f"stock-{rate or 'default'}"),
            seed=self._seed,
            bf16=self._bf16,
            use_cpu=self._bf16,  # the library refuses bf16 on a processor that it was not told to use
            report_to="none",
            disable_tqdm=True,
            **options,
        )
        torch.manual_seed(self._seed)  # the new head is drawn before the Trainer sets its seed
        problem = "single_label_classification" if self._single_label else "multi_label_classification"
        model = AutoModelForSequenceClassification.from_pretrained(
            self._encoder, num_labels=len(rows.frame_ids), problem_type=problem
        )
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=self._dataset(list(rows.table["text"]), rows.indicator()),
            eval_dataset=None if dev is None else self._dataset(list(dev.table["text"]), dev.indicator()),
            data_collator=DataCollatorWithPadding(self._tokenizer),
            compute_metrics=self._measure,
            callbacks=[] if dev is None else [EarlyStoppingCallback(early_stopping_patience=PATIENCE)],
        )
        trainer.train()
        return trainer

    def _dataset(self, texts: list[str], truth: NDArray[np.int8] | None = None) -> Dataset:
        columns: dict[str, Any] = dict(self._tokenizer(texts, truncation=True))
        if truth is not None:
            single = self._single_label
            columns["labels"] = (truth.argmax(axis=1) if single else truth.astype(np.float32)).tolist()
        return Dataset.from_dict(columns)

    def _probabilities(self, trainer: Trainer, texts: list[str]) -> Probabilities:
        output = trainer.predict(cast("Any", self._dataset(texts)))
        return self._activate(np.asarray(output.predictions))

    def _measure(self, output: EvalPrediction) -> dict[str, float]:
        truth = np.asarray(output.label_ids)
        scores = self._activate(np.asarray(output.predictions))
        if self._single_label:
            truth = np.eye(scores.shape[1])[truth]
        return {_DEV_QUALITY: mean_average_precision(truth, scores) or 0.0}

    def _activate(self, logits: NDArray[np.float32]) -> Probabilities:
        scores = torch.from_numpy(logits)
        active = torch.softmax(scores, dim=1) if self._single_label else torch.sigmoid(scores)
        return np.asarray(active.numpy(), np.float32)
