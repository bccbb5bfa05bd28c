"""The networks that one transformer trains: that of all rows, and one for each inner fold, trained without it.

Those of the folds give every row a probability by a network that has not seen it, from which calibration and thresholds
are learnt; then they are dropped. Averaging their weights with those of the one of all rows (Wortsman et al. 2022,
"Model soups") was measured and ranks worse, most of all where passes are few: docs/model-trials.md.
"""

import copy
import math
from dataclasses import dataclass, replace
from typing import Any, Final

import pipeline.no_telemetry  # noqa: F401 - the hub client reads its settings while it is imported

# isort: split

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from pipeline.classifiers.encoder.token_batches import batch_sizes
from pipeline.classifiers.encoder.token_windows import TokenWindows, WindowLimits
from pipeline.classifiers.processes import Processes
from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.transformer.fine_tuning import TrainingOutcome, fine_tune
from pipeline.classifiers.transformer.frozen_layers import FrozenLayers
from pipeline.classifiers.transformer.network_scorer import NetworkScorer
from pipeline.classifiers.transformer.pretrained import PretrainedTokenizer
from pipeline.classifiers.transformer.transformer_network import FrameNetwork, freeze_unused
from pipeline.config.model import TransformerSettings
from pipeline.measures.metrics import mean_average_precision

# Where the config leaves them open: passes over the rows, and steps of the optimiser for one network
EPOCHS: Final = 4
FEWEST_EPOCHS: Final = 2  # however many steps they take
MOST_EPOCHS: Final = 16
FEWEST_STEPS: Final = 48
MOST_STEPS: Final = 1000
# And the rate of learning, for steps of at least so many windows
LEARNING_RATE: Final = 2e-4
WINDOWS_OF_A_STEP: Final = 20


@dataclass(frozen=True, slots=True)
class DevFold:
    """Rows by which the epoch is chosen: their windows, and their labels, shape (n, k)."""

    windows: TokenWindows
    truth: NDArray[Any]

    def score(self, scorer: NetworkScorer, processes: Processes) -> float:
        """Mean average precision of a network; 0 where no row carries a frame."""
        logits = scorer.score_tokens(self.windows.token_ids, processes)
        return mean_average_precision(self.truth, self.windows.pool(logits)) or 0.0


@dataclass(frozen=True, slots=True)
class NetworkTraining:
    """What the trainings of one model have in common.

    Attributes:
        pretrained: the encoder that each begins with; it is copied.
        tokenizer: of the encoder.
        settings: the recipe.
        n_frames: columns of the output.
        single_label: softmax over frames in place of one sigmoid a frame.
        frozen: lower layers of `pretrained` that do not learn and have computed all windows; the rest is trained.
    """

    pretrained: Any
    tokenizer: PretrainedTokenizer
    settings: TransformerSettings
    n_frames: int
    single_label: bool
    frozen: FrozenLayers | None

    def train(
        self, windows: TokenWindows, truth: NDArray[Any], context: FitContext, dev: DevFold | None = None
    ) -> tuple[NetworkScorer, TrainingOutcome]:
        """Train a network on all windows of texts with the labels `truth`, shape (n, k).

        With `dev`, the epoch of best mean average precision there is kept, else the last.
        """
        network = new_network_for_frames(
            copy.deepcopy(self.pretrained) if self.frozen is None else self.frozen.new_upper(),
            self.n_frames,
            self.settings,
            single_label=self.single_label,
            positive_weights=positive_weights(
                truth, self.settings.positive_weight_power, single_label=self.single_label
            ),
        )
        freeze_unused(network, embeddings=self.settings.freeze_embeddings)
        labels = truth[windows.owners].astype(float).tolist()
        outcome = fine_tune(
            network,
            Dataset.from_dict({"input_ids": windows.token_ids, "labels": labels}),
            padding_id=self.tokenizer.padding_id,
            settings=self.settings,
            context=context,
            score_dev=(lambda trained: dev.score(self._scorer(trained, self.frozen), context.processes))
            if dev is not None and dev.truth.any()  # without positives no epoch is better: the last is kept
            else None,
            frozen=self.frozen,
        )
        return self._scorer(network, self.frozen), outcome

    def train_crossed(
        self, windows: TokenWindows, truth: NDArray[Any], clusters: NDArray[np.int64], context: FitContext
    ) -> NDArray[np.float32] | None:
        """Logits (n, k) of rows by networks that have not seen them; None where all rows are one cluster.

        A network is trained for each inner fold, without it.

        Args:
            windows: of n texts that are held out in turn and then of texts that are always learnt from.
            truth: labels of all of them, shape (n + n_always, k).
            clusters: rows of one cluster share a fold, shape (n,).
            context: each fold gets a work folder of its own in that of the context.
        """
        n_folds = min(self.settings.inner_folds, len(np.unique(clusters)))
        if n_folds < 2:  # noqa: PLR2004 - nothing is outside of a single fold
            return None
        always = np.arange(len(clusters), len(truth))
        logits = np.zeros((len(clusters), self.n_frames), np.float32)
        folds = GroupKFold(n_folds, shuffle=True, random_state=context.seed).split(logits, groups=clusters)
        for fold, (fitted, held_out) in enumerate(folds):
            context.progress("transformer: out of fold", fold, n_folds)
            inner = replace(
                context,
                work_folder=context.work_folder / f"fold-{fold}",
                log_metric=lambda *_: None,  # curves of inner folds would overwrite those of the run
                progress=lambda *_: None,
            )
            rows = np.concatenate([fitted, always])
            scorer, _ = self.train(windows.of_texts(rows), truth[rows], inner)
            unseen = windows.of_texts(held_out)
            logits[held_out] = unseen.pool(scorer.score_tokens(unseen.token_ids, inner.processes))
        context.progress("transformer: out of fold", n_folds, n_folds)
        return logits

    def _scorer(self, network: FrameNetwork, frozen: FrozenLayers | None) -> NetworkScorer:
        return NetworkScorer(
            network,
            self.tokenizer.tokenizer,
            padding_id=self.tokenizer.padding_id,
            limits=window_limits(self.settings),
            frozen=frozen,
        )

    def complete(self, trained: NetworkScorer) -> NetworkScorer:
        """The network of all layers, which scores any text."""
        if self.frozen is None:
            return trained
        trained.network.encoder = self.frozen.complete(trained.network.encoder)
        return self._scorer(trained.network, None)


def complete_recipe(
    settings: TransformerSettings, windows: TokenWindows, n_processes: int
) -> TransformerSettings:
    """The settings with numbers for what they leave to the rows: passes over these windows, and rate of learning.

    Passes give a network enough steps and not too many. Steps of few windows, because those are long, follow noisier
    gradients: the rate falls with their number (Goyal et al. 2017, "Accurate, large minibatch SGD", the linear rule;
    measured in docs/model-quality.md).
    """
    lengths = sorted(len(ids) for ids in windows.token_ids)
    steps = max(1, -(-len(batch_sizes(lengths, settings.tokens_per_batch)) // n_processes))  # of one pass
    rate = settings.learning_rate
    if settings.epochs != "auto":
        epochs = settings.epochs
    elif steps * EPOCHS < FEWEST_STEPS:
        epochs = min(MOST_EPOCHS, math.ceil(FEWEST_STEPS / steps))
    else:
        epochs = min(EPOCHS, max(FEWEST_EPOCHS, round(MOST_STEPS / steps)))
    if rate == "auto":
        rate = LEARNING_RATE * min(1.0, len(lengths) / steps / WINDOWS_OF_A_STEP)
    return settings.model_copy(update={"epochs": epochs, "learning_rate": rate})


def window_limits(settings: TransformerSettings) -> WindowLimits:
    """How much of a text is read."""
    return WindowLimits(settings.max_tokens, settings.max_windows)


def new_network_for_frames(
    encoder: Any,
    n_frames: int,
    settings: TransformerSettings,
    *,
    single_label: bool,
    positive_weights: list[float],
) -> FrameNetwork:
    """A network with a head of zeros; `positive_weights` (n_frames,) matter to its training alone."""
    return FrameNetwork(
        encoder,
        n_frames,
        vector_scale=settings.vector_scale,
        dropout=settings.dropout,
        positive_weights=positive_weights,
        single_label=single_label,
    )


def positive_weights(truth: NDArray[Any], power: float, *, single_label: bool) -> list[float]:
    """Weight of each frame's positives in the loss, (negatives / positives) ** power, between 1 and 100.

    In single-label mode: weight of each class, inverse frequency to that power with mean 1. `truth` is of shape (n, k).
    """
    positives = np.maximum(truth.sum(axis=0).astype(float), 1.0)
    if single_label:
        weights = (len(truth) / positives) ** power
        return [float(w) for w in weights / weights.mean()]
    return [float(w) for w in np.clip(((len(truth) - positives) / positives) ** power, 1.0, 100.0)]
