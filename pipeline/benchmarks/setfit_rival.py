"""SetFit (Tunstall et al. 2022, "Efficient few-shot learning without prompts") with its authors' package.

`setfit` is the package's defaults: pairs of texts under a cosine similarity loss for one epoch (batches of 16,
learning rate 2e-5), then a logistic regression on the sentence vectors, one for each frame, threshold 0.5. The
paper draws 20 pairs of each kind for every text; here `MAX_PAIRS` bounds the pairs, since a training set of
thousands of texts would take hours on a processor. `setfit_tuned` adds class weights to the head and thresholds
from the dev fold; the sentence encoder then learns from the train fold alone.
"""

import importlib
from pathlib import Path
from typing import Any

import pipeline.no_telemetry  # noqa: F401 - libraries read their settings while they are imported

# isort: split

import numpy as np
import torch
from datasets import Dataset

from pipeline.benchmarks.rivals import Decided, Thresholds, best_thresholds, decide
from pipeline.classifiers.protocols import Probabilities
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.splits import Folds, join_folds

_setfit: Any = importlib.import_module("setfit")  # of the optional extra: type checks pass without it

MAX_PAIRS = 10_000
PAIRS_PER_TEXT = 2 * 20  # alike and unlike, the paper's R = 20 of each
BATCH = 16


class SetFitRival:
    """Contrastive training of the encoder, then a logistic regression.

    Args:
        encoder: folder with a sentence-transformers model.
        single_label: argmax in place of thresholds.
        tuned: class weights in the head, thresholds from dev.
        seed: of the package's trainer.
        work: folder for what the trainer writes.
        bf16: round the operands of matrix products in training to bfloat16, as ours does on processors that have
            instructions for it.
    """

    def __init__(
        self, encoder: Path, *, single_label: bool, tuned: bool, seed: int, work: Path, bf16: bool = False
    ) -> None:
        self._single_label = single_label
        self._tuned = tuned
        self._seed = seed
        self._work = work
        self._bf16 = bf16
        head = {"class_weight": "balanced", "max_iter": 1000} if tuned else {}
        options = {} if single_label else {"multi_target_strategy": "one-vs-rest"}
        self._model: Any = _setfit.SetFitModel.from_pretrained(str(encoder), head_params=head, **options)
        self._thresholds: Thresholds = 0.5
        self._n_frames = 0

    def fit(self, folds: Folds) -> tuple[str, ...]:
        """Train encoder and head; thresholds from dev if tuned and the mode has any."""
        on_dev = self._tuned and not self._single_label
        rows = folds.train if on_dev else join_folds(folds, ("train", "dev"))[0]
        self._n_frames = len(rows.frame_ids)
        pairs = min(PAIRS_PER_TEXT * len(rows), MAX_PAIRS)
        arguments = _setfit.TrainingArguments(
            output_dir=str(self._work / "setfit"),
            batch_size=BATCH,
            num_epochs=1,
            max_steps=max(1, pairs // BATCH),  # the package then draws that many pairs and no more
            seed=self._seed,
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        dataset = self._dataset(rows)
        trainer = _setfit.Trainer(model=self._model, args=arguments, train_dataset=dataset)
        texts_and_labels = trainer.dataset_to_parameters(dataset)
        # The package's own switch is for float16. Without a cache: one kept over all steps holds their first weights.
        with torch.autocast("cpu", torch.bfloat16, enabled=self._bf16, cache_enabled=False):
            trainer.train_embeddings(*texts_and_labels, args=arguments)
        trainer.train_classifier(*texts_and_labels, args=arguments)
        if on_dev:
            dev = self._probabilities(list(folds.dev.table["text"]))
            self._thresholds = best_thresholds(folds.dev.indicator(), dev)
        return (f"{pairs} pairs",)

    def predict(self, texts: list[str]) -> tuple[Probabilities, Decided]:
        """Probabilities and decisions."""
        probabilities = self._probabilities(texts)
        return probabilities, decide(probabilities, self._thresholds, single_label=self._single_label)

    def _dataset(self, rows: LabelledData) -> Dataset:
        truth = rows.indicator()
        labels = truth.argmax(axis=1) if self._single_label else truth
        return Dataset.from_dict({"text": list(rows.table["text"]), "label": labels.tolist()})

    def _probabilities(self, texts: list[str]) -> Probabilities:
        found = self._model.predict_proba(texts, as_numpy=True, show_progress_bar=False)
        if not self._single_label:
            return np.asarray(found, np.float32)
        probabilities = np.zeros((len(texts), self._n_frames), np.float32)
        probabilities[:, self._model.model_head.classes_] = found
        return probabilities
