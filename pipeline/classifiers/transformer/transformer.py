"""The fine-tuned transformer: the same interface as the baseline, on top of any encoder."""

import copy
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pipeline.no_telemetry  # noqa: F401 - the hub client reads its settings while it is imported

# isort: split

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import set_seed
from transformers.utils import logging as transformers_logging

from pipeline.classifiers.encoder.encoder_choice import choose_encoder
from pipeline.classifiers.encoder.encoders import Encoder, find_encoder
from pipeline.classifiers.encoder.token_batches import batches_by_length
from pipeline.classifiers.encoder.token_windows import TokenWindows, WindowLimits, find_cut, make_windows
from pipeline.classifiers.encoder.tokenizer_fit import measure_fit
from pipeline.classifiers.graph.graph_scorer import GraphScorer, to_probabilities
from pipeline.classifiers.graph.onnx_transformer import (
    ENCODER_CONFIG_FILE,
    GRAPH_FILE,
    SETTINGS_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    read_description,
    read_scorer,
)
from pipeline.classifiers.processes import ALONE, Processes
from pipeline.classifiers.protocols import FitContext, FitSummary, Probabilities
from pipeline.classifiers.transformer.checkpoints import load_weights, save_weights
from pipeline.classifiers.transformer.crossed_training import Crossed, train_crossed
from pipeline.classifiers.transformer.onnx_export import (
    ScoringCheck,
    ScoringGraph,
    choose_scoring_graph,
    draw_evenly,
)
from pipeline.classifiers.transformer.pretrained import (
    PretrainedTokenizer,
    new_network,
    read_network,
    read_tokenizer,
)
from pipeline.classifiers.transformer.transformer_network import FrameNetwork, freeze_unused
from pipeline.classifiers.transformer.transformer_training import (
    DevScore,
    TrainingOutcome,
    fine_tune,
    pad,
)
from pipeline.config.model import TransformerSettings
from pipeline.data.labelled_rows import LabelledData
from pipeline.errors import ConfigError, ModelError
from pipeline.measures.metrics import mean_average_precision

_PREDICTION_TOKENS_PER_BATCH = 4096
_COMPARED_TRAINING_ROWS = 500

_disable_progress_bar: Callable[[], None] = transformers_logging.disable_progress_bar  # untyped there
_disable_progress_bar()  # loading weights takes no time worth a bar


class FineTunedTransformer:
    """An encoder with a linear head, fine-tuned on the labelled sentences.

    Args:
        settings: encoder and recipe.
        labels: frame ids in column order.
        single_label: softmax over frames in place of one sigmoid a frame.
    """

    kind: ClassVar[str] = "transformer"

    def __init__(self, settings: TransformerSettings, labels: tuple[str, ...], *, single_label: bool) -> None:
        self.settings = settings
        self.labels = labels
        self.single_label = single_label
        self._encoder: dict[str, Any] = {}
        self._padding_id = 0
        self._tokenizer: Tokenizer | None = None
        self._network: FrameNetwork | None = None
        self._scorer: GraphScorer | None = None

    @property
    def needs_dev(self) -> bool:
        """Whether dev chooses the epoch, and with it the decisions."""
        return self.settings.decide_on == "dev"

    def fit(
        self,
        train: LabelledData,
        dev: LabelledData | None,
        clusters: NDArray[np.int64],
        context: FitContext,
    ) -> FitSummary:
        """Fine-tune on `train`; with `dev`, keep the epoch of best mean average precision there.

        Without dev, every row gets a probability from a network that has not seen its forward cluster, and the
        networks trained for that are averaged with the one of all rows, see `crossed_training`.
        """
        chosen = choose_encoder(self.settings.encoder, train)
        encoder = find_encoder(
            chosen.name,
            revision=self.settings.revision,
            allow_download=self.settings.allow_download,
        )
        set_seed(context.seed)
        tokenizer = self._read_tokenizer(encoder)
        texts, truth = context.add_codebook_texts(train)
        pretrained = read_network(encoder)
        places = min(
            tokenizer.trained_for,
            int(getattr(pretrained.config, "max_position_embeddings", tokenizer.trained_for)),
        )
        if self.settings.max_tokens > places:
            raise ConfigError(
                f"model.max_tokens is {self.settings.max_tokens}, but the encoder '{encoder.name}' reads at most "
                f"{places} tokens: set model.max_tokens to {places} or less"
            )
        windows, fit = self._tokenize(texts), measure_fit(tokenizer.tokenizer, texts[: len(train)])
        crossed = (
            None if dev is not None else self._train_crossed(pretrained, windows, truth, clusters, context)
        )
        outcome = self._fine_tune(pretrained, windows, truth, dev, context)
        # What follows is of the rows alone, without the codebook's texts
        windows, truth = windows.of_texts(np.arange(len(train))), truth[: len(train)]
        out_of_fold = None
        if crossed is not None:
            crossed.average_into(self._fitted()[0])
            out_of_fold = to_probabilities(crossed.logits, single_label=self.single_label)
        if context.processes.rank:  # scoring is prepared by the first process, which writes the model
            return FitSummary({}, out_of_fold=out_of_fold)
        scoring = self._prepare_scoring(windows, truth, dev)
        figures = {
            "steps": float(outcome.steps),
            "best_epoch": float(outcome.best_epoch),
            "resumed_at_step": float(outcome.resumed_at_step),
            "trained_in_bf16": float(outcome.in_bf16),
            "processes": float(context.processes.size),
            "texts_in_windows": float((np.bincount(windows.owners) > 1).sum()),
            "texts_cut": float(windows.is_cut.sum()),
            "letters_per_token": fit.letters_per_token,
            "unknown_tokens_share": fit.unknown_share,
            **scoring.figures,
        }
        notes = (*chosen.notes, *fit.describe_misfit(encoder.name), *self._notes(windows), *scoring.notes)
        return FitSummary(figures, notes, out_of_fold=out_of_fold)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities before calibration, shape (n_texts, n_frames)."""
        if self._scorer is not None:
            return to_probabilities(self._scorer.score_texts(texts), single_label=self.single_label)
        windows = self._tokenize(texts)
        logits = windows.pool(self._predict_logits(windows.token_ids))
        return to_probabilities(logits, single_label=self.single_label)

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Texts that are not read to their end, shape (n_texts,)."""
        _, tokenizer = self._fitted()
        return find_cut(tokenizer, texts, self._limits)

    def score_with_torch(self, device: str = "cpu") -> None:
        """Score with the network itself from now on, on a device of torch's; a later `save` keeps no graph."""
        network, _ = self._fitted()
        network.to(device)
        self._scorer = None

    def save(self, folder: Path) -> None:
        """Weights as safetensors, tokenizer and encoder configuration as JSON, the scoring graph as ONNX."""
        network, tokenizer = self._fitted()
        save_weights(network, folder / WEIGHTS_FILE)
        tokenizer.save(str(folder / TOKENIZER_FILE))
        _write_json(folder / ENCODER_CONFIG_FILE, _describe_encoder(network))
        described = {
            "settings": self.settings.model_dump(mode="json"),
            "labels": self.labels,
            "single_label": self.single_label,
            "padding_id": self._padding_id,
            "encoder": self._encoder,
            "has_scoring_graph": self._scorer is not None,
        }
        _write_json(folder / SETTINGS_FILE, described)
        if self._scorer is not None:
            (folder / GRAPH_FILE).parent.mkdir()
            (folder / GRAPH_FILE).write_bytes(self._scorer.graph)

    @classmethod
    def load(cls, folder: Path) -> "FineTunedTransformer":
        """Read what `save` wrote; no code from the folder is run.

        Raises:
            ModelError: a file is missing, damaged, or asks for code of its own.
        """
        try:
            described = read_description(folder)
            model = cls(
                TransformerSettings.model_validate(described["settings"]),
                tuple(described["labels"]),
                single_label=described["single_label"],
            )
            model._encoder, model._padding_id = described["encoder"], int(described["padding_id"])
            model._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            encoder = new_network(folder / ENCODER_CONFIG_FILE)
            network = model._new_network(encoder, np.zeros((1, len(model.labels))))
            load_weights(network, folder / WEIGHTS_FILE)
            if described.get("has_scoring_graph"):
                model._scorer = read_scorer(folder, described)
        except Exception as error:  # noqa: BLE001 - damaged files raise anything inside the libraries
            raise ModelError(f"{folder}: not a readable transformer: {error}") from None
        model._network = network.eval()
        return model

    def _fine_tune(
        self,
        pretrained: Any,
        windows: TokenWindows,
        truth: NDArray[Any],
        dev: LabelledData | None,
        context: FitContext,
    ) -> TrainingOutcome:
        """Train a new network, from the weights of `pretrained`, on all windows."""
        self._network = self._new_network(copy.deepcopy(pretrained), truth)
        freeze_unused(self._network, embeddings=self.settings.freeze_embeddings)
        labels = truth[windows.owners].astype(float).tolist()
        return fine_tune(
            self._network,
            Dataset.from_dict({"input_ids": windows.token_ids, "labels": labels}),
            padding_id=self._padding_id,
            settings=self.settings,
            context=context,
            # a dev fold without positives tells no epoch from another: the last is kept, as without dev
            score_dev=self._dev_scorer(dev, context.processes)
            if dev is not None and dev.indicator().any()
            else None,
        )

    def _train_crossed(
        self,
        pretrained: Any,
        windows: TokenWindows,
        truth: NDArray[Any],
        clusters: NDArray[np.int64],
        context: FitContext,
    ) -> Crossed | None:
        always = np.arange(len(clusters), len(truth))  # texts of the codebook: learnt from, never held out

        def train_without(
            rows: NDArray[np.int64], held_out: NDArray[np.int64], inner: FitContext
        ) -> tuple[FrameNetwork, NDArray[np.float32]]:
            fitted = np.concatenate([rows, always])
            self._fine_tune(pretrained, windows.of_texts(fitted), truth[fitted], None, inner)
            unseen = windows.of_texts(held_out)
            logits = unseen.pool(self._predict_logits(unseen.token_ids, inner.processes))
            return self._fitted()[0], logits

        return train_crossed(
            train_without,
            clusters,
            n_frames=len(self.labels),
            inner_folds=self.settings.inner_folds,
            context=context,
        )

    def _read_tokenizer(self, encoder: Encoder) -> PretrainedTokenizer:
        """Keep the fast tokenizer itself: it needs neither templates nor code when a bundle is loaded."""
        read = read_tokenizer(encoder)
        self._tokenizer, self._padding_id = read.tokenizer, read.padding_id
        self._encoder = {
            "name": encoder.name,
            "revision": encoder.revision,
            "weights_sha256": encoder.weights_sha256,
        }
        return read

    def _new_network(self, encoder: Any, truth: NDArray[Any]) -> FrameNetwork:
        return FrameNetwork(
            encoder,
            len(self.labels),
            vector_scale=self.settings.vector_scale,
            dropout=self.settings.dropout,
            positive_weights=positive_weights(
                truth, self.settings.positive_weight_power, single_label=self.single_label
            ),
            single_label=self.single_label,
        )

    @property
    def _limits(self) -> WindowLimits:
        return WindowLimits(self.settings.max_tokens, self.settings.max_windows)

    def _tokenize(self, texts: Sequence[str]) -> TokenWindows:
        if self._tokenizer is None:
            raise ModelError("this transformer was neither fitted nor loaded")
        return make_windows(self._tokenizer, texts, self._limits)

    def _predict_logits(
        self, token_ids: list[list[int]], processes: Processes = ALONE
    ) -> NDArray[np.float32]:
        """Logits of windows, shape (n_windows, n_frames); each of several processes computes some of the batches."""
        network, _ = self._fitted()
        logits = np.zeros((len(token_ids), len(self.labels)), np.float32)
        was_training, device = network.training, network.head.weight.device
        network.eval()
        with torch.inference_mode():
            batches = batches_by_length([len(ids) for ids in token_ids], _PREDICTION_TOKENS_PER_BATCH)
            for rows in itertools.islice(batches, processes.rank, None, processes.size):
                if not len(rows):
                    continue
                padded = pad([token_ids[i] for i in rows], self._padding_id)
                batch = {name: tensor.to(device) for name, tensor in padded.items()}
                try:
                    # Training in bf16 wraps this network's own `forward`; scores are in single precision throughout.
                    found = FrameNetwork.forward(network, **batch)["logits"]
                except (ValueError, IndexError, TypeError, RuntimeError) as error:
                    # A configuration may fit its weights and still ask for what cannot be computed.
                    raise ModelError(f"the encoder cannot compute these texts: {error}") from error
                logits[rows] = found.float().cpu().numpy()
        network.train(was_training)
        return processes.sum(logits)

    def _prepare_scoring(
        self, train: TokenWindows, truth: NDArray[Any], dev: LabelledData | None
    ) -> ScoringGraph:
        """Choose the graph that scores from now on: calibration and evaluation are to see what users will."""
        network, tokenizer = self._fitted()

        def read(graph: bytes) -> GraphScorer:
            return GraphScorer(
                graph, len(self.labels), tokenizer, padding_id=self._padding_id, limits=self._limits
            )

        def activate(logits: NDArray[np.float32]) -> Probabilities:
            return to_probabilities(logits, single_label=self.single_label)

        if dev is not None:
            windows = self._tokenize(list(dev.table["text"]))
            compared, known = windows.token_ids, dev.indicator()[windows.owners]
        else:
            rows = draw_evenly(len(train.token_ids), _COMPARED_TRAINING_ROWS)
            compared, known = [train.token_ids[i] for i in rows], truth[train.owners[rows]]
        check = ScoringCheck(
            token_ids=compared,
            truth=known,
            expected=activate(self._predict_logits(compared)),
            predict=lambda graph, ids: activate(read(graph).score_tokens(ids)),
        )
        chosen = choose_scoring_graph(network, train.token_ids, check, self.settings)
        self._scorer = read(chosen.graph) if chosen.graph is not None else None
        return chosen

    def _dev_scorer(self, dev: LabelledData, processes: Processes) -> DevScore:
        windows, truth = self._tokenize(list(dev.table["text"])), dev.indicator()

        def score(_network: FrameNetwork) -> float:
            logits = self._predict_logits(windows.token_ids, processes)
            return mean_average_precision(truth, windows.pool(logits)) or 0.0

        return score

    def _notes(self, windows: TokenWindows) -> tuple[str, ...]:
        n, n_cut = len(windows.is_cut), int(windows.is_cut.sum())
        if not n_cut:
            return ()
        limit = f"{self.settings.max_windows} windows of {self.settings.max_tokens} tokens"
        return (f"{n_cut} of {n} training texts are longer than {limit} and were cut there",)

    def _fitted(self) -> tuple[FrameNetwork, Tokenizer]:
        if self._tokenizer is None or self._network is None:
            raise ModelError("this transformer was neither fitted nor loaded")
        return self._network, self._tokenizer


def _describe_encoder(network: FrameNetwork) -> dict[str, Any]:
    """The encoder's configuration without the folder it came from, which differs between machines."""
    described: dict[str, Any] = network.encoder.config.to_dict()
    return {key: value for key, value in described.items() if key != "_name_or_path"}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def positive_weights(truth: NDArray[Any], power: float, *, single_label: bool) -> list[float]:
    """Weight of each frame's positives in the loss, (negatives / positives) ** power, between 1 and 100.

    In single-label mode: weight of each class, inverse frequency to that power with mean 1.
    """
    positives = np.maximum(truth.sum(axis=0).astype(float), 1.0)
    if single_label:
        weights = (len(truth) / positives) ** power
        return [float(w) for w in weights / weights.mean()]
    return [float(w) for w in np.clip(((len(truth) - positives) / positives) ** power, 1.0, 100.0)]
