"""A small network that learns to answer as a large one does, from texts without labels (knowledge distillation).

It begins with the lowest layers of the large one's own encoder and with its head (Sanh, Debut, Chaumond and Wolf 2019,
"DistilBERT"), and learns two things of each text: the large one's probabilities (Hinton, Vinyals and Dean 2015,
"Distilling the knowledge in a neural network") and the direction of its sentence vector, which says far more of a text
than a probability for each frame does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pipeline.no_telemetry  # noqa: F401 - the hub client reads its settings while it is imported

# isort: split

import copy

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import set_seed

from pipeline.classifiers.encoder.token_batches import batches_by_length
from pipeline.classifiers.encoder.token_windows import TokenWindows, make_windows
from pipeline.classifiers.graph.graph_scorer import to_probabilities
from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.transformer.crossed_networks import DevFold, window_limits
from pipeline.classifiers.transformer.fine_tuning import choose_device, fine_tune, older_objects_left_alone
from pipeline.classifiers.transformer.frozen_layers import pad
from pipeline.classifiers.transformer.network_scorer import NetworkScorer
from pipeline.classifiers.transformer.onnx_export import describe_encoder
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.classifiers.transformer.transformer_network import FrameNetwork, freeze_unused
from pipeline.config.model import TransformerSettings
from pipeline.errors import ConfigError, ModelError

PASSES = 100_000  # sentences in all: some ten minutes on two cores
FEWEST_EPOCHS, MOST_EPOCHS = 3, 20
VECTOR_WEIGHT = 1.0  # of the vectors' direction beside the probabilities in the loss
_TOKENS_PER_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a student is built and taught.

    Attributes:
        layers: of its encoder: the lowest of the teacher's; 0 for a third of them.
        hidden_share: of the hidden units of each layer, the strongest.
        epochs: passes over the lessons; 0 for as many as make up `PASSES` sentences, within bounds.
        learning_rate: of the encoder at its highest.
        head_learning_rate: of the head.
    """

    layers: int = 0
    hidden_share: float = 0.75
    epochs: int = 0
    learning_rate: float = 5e-4
    head_learning_rate: float = 3e-3

    def count_layers(self, n_teacher: int) -> int:
        """Layers of the student of a teacher with so many."""
        return self.layers or max(1, n_teacher // 3)

    def count_epochs(self, n_lessons: int) -> int:
        """Passes over so many lessons."""
        return self.epochs or min(max(round(PASSES / n_lessons), FEWEST_EPOCHS), MOST_EPOCHS)


@dataclass(frozen=True, slots=True)
class TaughtStudent:
    """A student that scores, figures of its training by name, and notes for the reader of results."""

    classifier: FineTunedTransformer
    figures: dict[str, float]
    notes: tuple[str, ...]


class StudentNetwork(FrameNetwork):
    """A `FrameNetwork` whose labels are probabilities (n, k), followed by vectors to point along (n, hidden_size)."""

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Logits of shape (n, n_frames), and the loss where labels (n, n_frames + hidden_size) are given."""
        vectors = self.sentence_vectors(input_ids, attention_mask)
        logits = self.head(vectors)
        if labels is None:
            return {"logits": logits}
        wanted, directions = labels[:, : logits.shape[1]], labels[:, logits.shape[1] :]
        away = 1 - nn.functional.cosine_similarity(vectors.float(), directions, dim=1).mean()
        return {"loss": self._loss(logits.float(), wanted) + VECTOR_WEIGHT * away, "logits": logits}

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        if self.single_label:
            return nn.functional.cross_entropy(logits, labels)
        return nn.functional.binary_cross_entropy_with_logits(logits, labels)


def check_recipe(teacher: FineTunedTransformer, recipe: Recipe) -> None:
    """Refuse what cannot be built, before anything that takes time.

    Raises:
        ConfigError: as many layers as the teacher has.
        ModelError: an encoder that cannot be shortened.
    """
    network = teacher.network.network
    config = network.encoder.config
    if describe_encoder(config, network.vector_scale) is None:
        raise ModelError(
            f"encoders of type '{getattr(config, 'model_type', 'unknown')}' have no scoring graph, so a student of one "
            "would not be fast: distil a model with an encoder of the BERT family"
        )
    n_layers = recipe.count_layers(config.num_hidden_layers)
    if not 1 <= n_layers < config.num_hidden_layers:
        raise ConfigError(
            f"--layers {n_layers}: the teacher's encoder has {config.num_hidden_layers}; a student has fewer, and at "
            "least one"
        )


@older_objects_left_alone()
def teach_student(
    teacher: FineTunedTransformer,
    lessons: Sequence[str],
    checked: tuple[Sequence[str], NDArray[np.bool_]],
    recipe: Recipe,
    context: FitContext,
) -> TaughtStudent:
    """Train a student; a run that was killed goes on from its last checkpoint in the context's work folder.

    Args:
        teacher: whose layers, head, probabilities and sentence vectors it takes.
        lessons: texts to learn from.
        checked: other texts and what is decided of them, shape (n, k), on which its 8-bit graph is held against it.
        recipe: one that `check_recipe` lets pass.
        context: of the training.
    """
    changes = {
        "epochs": recipe.count_epochs(len(lessons)),
        "learning_rate": recipe.learning_rate,
        "head_learning_rate": recipe.head_learning_rate,
    }
    settings = teacher.settings.model_copy(update=changes)
    set_seed(context.seed)
    own = teacher.network
    windows = make_windows(own.tokenizer, lessons, window_limits(settings))
    network = _shorten(teacher, recipe, settings)
    rows = Dataset.from_dict(
        {"input_ids": windows.token_ids, "labels": _find_answers(teacher, windows, context)}
    )
    outcome = fine_tune(network, rows, padding_id=own.padding_id, settings=settings, context=context)
    student = FineTunedTransformer(settings, teacher.labels, single_label=teacher.single_label)
    dev = DevFold(
        make_windows(own.tokenizer, checked[0], window_limits(settings)), checked[1].astype(np.int8)
    )
    scorer = NetworkScorer(network, own.tokenizer, padding_id=own.padding_id, limits=window_limits(settings))
    scoring = student.adopt(scorer, teacher.encoder, windows, dev)
    figures = {
        "steps": float(outcome.steps),
        "resumed_at_step": float(outcome.resumed_at_step),
        "trained_in_bf16": float(outcome.in_bf16),
        "texts_cut": float(windows.is_cut.sum()),
        **scoring.figures,
    }
    return TaughtStudent(student, figures, scoring.notes)


def _shorten(teacher: FineTunedTransformer, recipe: Recipe, settings: TransformerSettings) -> StudentNetwork:
    """The lowest layers of the teacher's encoder with the strongest of their hidden units, and its head."""
    own = teacher.network.network
    encoder = copy.deepcopy(own.encoder)
    n_layers = recipe.count_layers(encoder.config.num_hidden_layers)
    encoder.encoder.layer = encoder.encoder.layer[:n_layers]
    encoder.config.num_hidden_layers = n_layers
    encoder.config.intermediate_size = n_units = round(encoder.config.intermediate_size * recipe.hidden_share)
    for layer in encoder.encoder.layer:
        _keep_units(layer, n_units)
    student = StudentNetwork(
        encoder,
        len(teacher.labels),
        vector_scale=settings.vector_scale,
        dropout=0.0,
        positive_weights=[1.0] * len(teacher.labels),
        single_label=teacher.single_label,
    )
    student.head.load_state_dict(own.head.state_dict())
    for module in encoder.modules():  # what it copies is no noise that it could learn by heart
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    freeze_unused(student, embeddings=settings.freeze_embeddings)
    return student


def _keep_units(layer: Any, n_units: int) -> None:
    """Leave a layer of BERT's build the hidden units with the largest weights, in and out, and drop the others."""
    inner, outer = layer.intermediate.dense, layer.output.dense
    strength = inner.weight.norm(dim=1) * outer.weight.norm(dim=0)
    kept = strength.topk(n_units).indices.sort().values
    inner.weight = nn.Parameter(inner.weight.detach()[kept])
    inner.bias = nn.Parameter(inner.bias.detach()[kept])
    outer.weight = nn.Parameter(outer.weight.detach()[:, kept])


def _find_answers(
    teacher: FineTunedTransformer, windows: TokenWindows, context: FitContext
) -> NDArray[np.float32]:
    """Probabilities and sentence vectors of windows by the network itself, shape (n_windows, k + hidden_size)."""
    own = teacher.network
    device = choose_device(teacher.settings.device)
    network = own.network.eval().to(device)
    k = len(teacher.labels)
    answers = np.zeros((len(windows.token_ids), k + network.head.in_features), np.float32)
    done = 0
    for rows in batches_by_length([len(ids) for ids in windows.token_ids], _TOKENS_PER_BATCH):
        batch = pad([windows.token_ids[i] for i in rows], own.padding_id)
        with torch.inference_mode():
            vectors = network.sentence_vectors(**{name: tensor.to(device) for name, tensor in batch.items()})
            logits = network.head(vectors).cpu().numpy()
        answers[rows, :k] = to_probabilities(logits, single_label=teacher.single_label)
        answers[rows, k:] = vectors.cpu().numpy()
        done += len(rows)
        context.progress("teacher: answers", done, len(answers))
    network.to("cpu")
    return answers
