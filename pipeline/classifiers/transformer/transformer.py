"""The fine-tuned transformer: the same interface as the baseline, on top of any encoder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pipeline.no_telemetry  # noqa: F401 - the hub client reads its settings while it is imported

# isort: split

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import set_seed

from pipeline.classifiers.encoder.encoder_choice import choose_encoder, measure_fit
from pipeline.classifiers.encoder.encoders import find_encoder
from pipeline.classifiers.encoder.token_windows import TokenWindows, make_windows
from pipeline.classifiers.encoder.tokenizer_file import load_tokenizer
from pipeline.classifiers.graph.graph_scorer import GraphScorer, to_probabilities
from pipeline.classifiers.graph.onnx_transformer import (
    ENCODER_CONFIG_FILE,
    GRAPH_FILE,
    SETTINGS_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    read_description,
    read_padding_id,
    read_scorer,
)
from pipeline.classifiers.protocols import FitContext, FitSummary, Probabilities
from pipeline.classifiers.transformer.checkpoints import load_weights, save_weights
from pipeline.classifiers.transformer.crossed_networks import (
    EPOCHS,
    FEWEST_STEPS,
    MOST_STEPS,
    DevFold,
    NetworkTraining,
    complete_recipe,
    new_network_for_frames,
    window_limits,
)
from pipeline.classifiers.transformer.fine_tuning import (
    choose_device,
    older_objects_left_alone,
    release_memory,
)
from pipeline.classifiers.transformer.frozen_layers import freeze_layers
from pipeline.classifiers.transformer.network_scorer import NetworkScorer
from pipeline.classifiers.transformer.onnx_export import (
    ScoringCheck,
    ScoringGraph,
    choose_scoring_graph,
    draw_evenly,
)
from pipeline.classifiers.transformer.pretrained import (
    narrow_words,
    new_network,
    read_network,
    read_tokenizer,
)
from pipeline.classifiers.transformer.transformer_network import FrameNetwork
from pipeline.config.model import TransformerSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import ConfigError, ModelError
from pipeline.files.json_files import write_json

_COMPARED_TRAINING_ROWS = 500
_Scorer = TypeVar("_Scorer", bound=GraphScorer | NetworkScorer)


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
        self._encoder: dict[str, Any] = {}  # name, revision and hash of what it was trained from
        self._network: NetworkScorer | None = None
        self._scorer: GraphScorer | NetworkScorer | None = None  # the graph that stands in for it, or itself

    @property
    def needs_dev(self) -> bool:
        """Whether dev chooses the epoch, and with it the decisions."""
        return self.settings.decide_on == "dev"

    @older_objects_left_alone()
    def fit(
        self,
        train: LabelledData,
        dev: LabelledData | None,
        clusters: NDArray[np.int64],
        context: FitContext,
    ) -> FitSummary:
        """Fine-tune on `train`; with `dev`, keep the epoch of best mean average precision there.

        `clusters`: of the rows of `train`, shape (n_train,).

        Without dev, every row gets a probability from a network that has not seen its cluster of copies, see
        `NetworkTraining.train_crossed`, and the model is the network of all rows.
        """
        chosen = choose_encoder(self.settings.encoder, train)
        encoder = find_encoder(
            chosen.name,
            revision=self.settings.revision,
            allow_download=self.settings.allow_download,
        )
        set_seed(context.seed)
        tokenizer = read_tokenizer(encoder)
        texts, truth = context.add_codebook_texts(train)
        pretrained = read_network(encoder)
        if self.settings.freeze_embeddings:
            narrow_words(pretrained)
        self._check_places(encoder.name, pretrained, tokenizer.trained_for)
        windows = make_windows(tokenizer.tokenizer, texts, window_limits(self.settings))
        recipe = complete_recipe(self.settings, windows, context.processes.size)
        fit = measure_fit(tokenizer.tokenizer, texts[: len(train)])
        dev_fold = None if dev is None else self._tokenize_dev(dev, tokenizer.tokenizer)
        with freeze_layers(
            pretrained,
            self.settings,
            name=encoder.name,
            padding_id=tokenizer.padding_id,
            device=choose_device(self.settings.device),
            folder=context.work_folder,
        ) as frozen:
            if frozen is not None:
                frozen.compute([*windows.token_ids, *(dev_fold.windows.token_ids if dev_fold else ())])
            release_memory()
            training = NetworkTraining(
                pretrained, tokenizer, recipe, len(self.labels), self.single_label, frozen
            )
            crossed = training.train_crossed(windows, truth, clusters, context) if dev_fold is None else None
            network, outcome = training.train(windows, truth, context, dev_fold)
        self._encoder = {
            "name": encoder.name,
            "revision": encoder.revision,
            "weights_sha256": encoder.weights_sha256,
        }
        # What follows is of the rows alone, without the codebook's texts
        windows, truth = windows.of_texts(np.arange(len(train))), truth[: len(train)]
        out_of_fold = None
        if crossed is not None:
            out_of_fold = to_probabilities(crossed, single_label=self.single_label)
        self._network = self._scorer = network = training.complete(network)
        if context.processes.rank:  # scoring is prepared by the first process, which writes the model
            return FitSummary({}, out_of_fold=out_of_fold)
        checked, unseen = dev_fold, None
        if checked is None:
            rows = draw_evenly(len(train), _COMPARED_TRAINING_ROWS)
            checked = DevFold(windows.of_texts(rows), truth[rows])
            unseen = None if crossed is None else crossed[rows]
        scoring = self._prepare_scoring(network, windows, checked, unseen)
        figures = {
            "steps": float(outcome.steps),
            "best_epoch": float(outcome.best_epoch),
            "epochs": float(recipe.epochs),
            "learning_rate": float(recipe.learning_rate),
            "frozen_layers": float(0 if frozen is None else frozen.n_layers),
            "resumed_at_step": float(outcome.resumed_at_step),
            "trained_in_bf16": float(outcome.in_bf16),
            "processes": float(context.processes.size),
            "texts_in_windows": float((np.bincount(windows.owners) > 1).sum()),
            "texts_cut": float(windows.is_cut.sum()),
            "letters_per_token": fit.letters_per_token,
            "unknown_tokens_share": fit.unknown_share,
            **scoring.figures,
        }
        notes = (
            *chosen.notes,
            *fit.describe_misfit(encoder.name),
            *self._notes(windows, recipe),
            *scoring.notes,
        )
        return FitSummary(figures, notes, out_of_fold=out_of_fold)

    @property
    def network(self) -> NetworkScorer:
        """The fitted network itself, whatever scores in its place."""
        return _fitted(self._network)

    @property
    def encoder(self) -> dict[str, Any]:
        """Name, revision and hash of what it was trained from."""
        return self._encoder

    def adopt(
        self, network: NetworkScorer, encoder: dict[str, Any], observed: TokenWindows, checked: DevFold
    ) -> ScoringGraph:
        """Take a network that was trained elsewhere, and score by the graph that does so as well as it on `checked`.

        Args:
            network: fitted.
            encoder: what it was trained from, see `encoder`.
            observed: of texts it was trained on, from which the ranges of its activations are taken.
            checked: of texts it was not trained on.
        """
        self._network, self._encoder = network, encoder
        return self._prepare_scoring(network, observed, checked, None)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities before calibration, shape (n_texts, n_frames)."""
        return to_probabilities(_fitted(self._scorer).score_texts(texts), single_label=self.single_label)

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Texts that are not read to their end, shape (n_texts,)."""
        return _fitted(self._scorer).find_cut(texts)

    def score_with_torch(self, device: str = "cpu") -> None:
        """Score with the network itself from now on, on a device of torch's; a later `save` keeps no graph."""
        self._scorer = _fitted(self._network)
        self._scorer.network.to(device)

    def save(self, folder: Path) -> None:
        """Weights as safetensors, tokenizer and encoder configuration as JSON, the scoring graph as ONNX."""
        own = _fitted(self._network)
        graph = self._scorer.graph if isinstance(self._scorer, GraphScorer) else None
        save_weights(own.network, folder / WEIGHTS_FILE)
        own.tokenizer.save(str(folder / TOKENIZER_FILE))
        write_json(folder / ENCODER_CONFIG_FILE, _describe_encoder(own.network))
        described = {
            "settings": self.settings.model_dump(mode="json"),
            "labels": self.labels,
            "single_label": self.single_label,
            "padding_id": own.padding_id,
            "encoder": self._encoder,
            "has_scoring_graph": graph is not None,
        }
        write_json(folder / SETTINGS_FILE, described)
        if graph is not None:
            (folder / GRAPH_FILE).parent.mkdir()
            (folder / GRAPH_FILE).write_bytes(graph)

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
            model._encoder = described["encoder"]
            network = new_network_for_frames(
                new_network(folder / ENCODER_CONFIG_FILE, folder / WEIGHTS_FILE),
                len(model.labels),
                model.settings,
                single_label=model.single_label,
                positive_weights=[1.0] * len(model.labels),
            )
            load_weights(network, folder / WEIGHTS_FILE)
            model._network = NetworkScorer(
                network.eval(),
                load_tokenizer(folder / TOKENIZER_FILE),
                padding_id=read_padding_id(folder, described),
                limits=window_limits(model.settings),
            )
            model._scorer = (
                read_scorer(folder, described) if described.get("has_scoring_graph") else model._network
            )
        except Exception as error:  # noqa: BLE001 - damaged files raise anything inside the libraries
            raise ModelError(f"{folder}: not a readable transformer: {error}") from None
        return model

    def _check_places(self, name: str, pretrained: Any, trained_for: int) -> None:
        """Refuse windows longer than the encoder reads."""
        places = min(trained_for, int(getattr(pretrained.config, "max_position_embeddings", trained_for)))
        if self.settings.max_tokens > places:
            raise ConfigError(
                f"model.max_tokens is {self.settings.max_tokens}, but the encoder '{name}' reads at most {places} "
                f"tokens: set model.max_tokens to {places} or less"
            )

    def _tokenize_dev(self, dev: LabelledData, tokenizer: Tokenizer) -> DevFold:
        windows = make_windows(tokenizer, list(dev.table["text"]), window_limits(self.settings))
        return DevFold(windows, dev.indicator())

    def _prepare_scoring(
        self, own: NetworkScorer, observed: TokenWindows, checked: DevFold, unseen: NDArray[np.float32] | None
    ) -> ScoringGraph:
        """Choose the graph that scores from now on: calibration and evaluation are to see what users will.

        Args:
            own: the fitted network.
            observed: of texts it was trained on.
            checked: texts on which a graph is held against it.
            unseen: logits of those by networks that had not learnt from them, (n, k); None where `own` had not.
        """

        def read(graph: bytes) -> GraphScorer:
            return GraphScorer(
                graph, len(self.labels), own.tokenizer, padding_id=own.padding_id, limits=own.limits
            )

        found = checked.windows.pool(own.score_tokens(checked.windows.token_ids))
        check = ScoringCheck(
            windows=checked.windows,
            truth=checked.truth,
            own=found,
            unseen=unseen,
            score=lambda graph, ids: read(graph).score_tokens(ids),
            activate=lambda logits: to_probabilities(logits, single_label=self.single_label),
        )
        chosen = choose_scoring_graph(own.network, observed.token_ids, check, self.settings)
        release_memory()  # of the graphs that were tried
        self._scorer = own if chosen.graph is None else read(chosen.graph)
        return chosen

    def _notes(self, windows: TokenWindows, recipe: TransformerSettings) -> tuple[str, ...]:
        notes = []
        if self.settings.epochs == "auto" and recipe.epochs != EPOCHS:
            reason = (
                f"more than {MOST_STEPS:,} steps"
                if int(recipe.epochs) < EPOCHS
                else f"less than {FEWEST_STEPS} steps"
            )
            notes.append(
                f"{recipe.epochs} passes over the training rows in place of {EPOCHS}, which would take {reason} "
                "(model.epochs: auto)"
            )
        if n_cut := int(windows.is_cut.sum()):
            limit = f"{self.settings.max_windows} windows of {self.settings.max_tokens} tokens"
            notes.append(
                f"{n_cut} of {len(windows.is_cut)} training texts are longer than {limit} and were cut there"
            )
        return tuple(notes)


def _fitted(scorer: _Scorer | None) -> _Scorer:
    if scorer is None:
        raise ModelError("this transformer was neither fitted nor loaded")
    return scorer


def _describe_encoder(network: FrameNetwork) -> dict[str, Any]:
    """The encoder's configuration without the folder it came from, which differs between machines."""
    described: dict[str, Any] = network.encoder.config.to_dict()
    return {key: value for key, value in described.items() if key != "_name_or_path"}
