"""From a fine-tuned network to the ONNX graph that scores: 8-bit where that costs nothing, else float32."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from pipeline.classifiers.encoder.token_windows import TokenWindows
from pipeline.classifiers.graph.encoder_graph import (
    WORDS,
    Channels,
    EncoderShape,
    Ranges,
    Weights,
    build_graph,
    serialise,
)
from pipeline.classifiers.graph.graph_scorer import IDS, MASK, open_session
from pipeline.classifiers.protocols import Probabilities
from pipeline.classifiers.transformer.transformer_network import FrameNetwork
from pipeline.config.model import TransformerSettings
from pipeline.measures.metrics import mean_average_precision

OBSERVED_TEXTS = 256
_HEADROOM = 1.15  # texts to come go beyond those observed
_BERT_LIKE = {
    "bert": False,
    "roberta": True,
    "xlm-roberta": True,
    "camembert": True,
}  # positions after padding?
_LARGEST_WEIGHTS = 2_000_000_000  # bytes; a protobuf message ends at 2 GiB
_FLOAT_TOLERANCE = 1e-3  # of a probability: two orders of adding up, and no more
_HALF = 0.5
_DRAWS = 20

TokenIds = Sequence[Sequence[int]]
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScoringCheck:
    """Texts on which a graph is held against the network it was made from.

    A network ranks texts that it has learnt from almost without fault, whatever is done to its logits. So what a graph
    changes in them is added to logits of networks that had not seen the texts, and the loss is looked for there: to
    those of another text, since what is taken from a logit that knows the label would tell it. Mean of several draws.

    Attributes:
        windows: of n texts.
        truth: their 0/1 labels, shape (n, k).
        own: the network's logits, shape (n, k).
        unseen: logits (n, k) of networks that had not learnt from them; None where the network itself had not.
        score: logits of windows, shape (n_windows, k), by a graph.
        activate: logits to probabilities.
    """

    windows: TokenWindows
    truth: NDArray[Any]
    own: Logits
    unseen: Logits | None
    score: Callable[[bytes, TokenIds], Logits]
    activate: Callable[[Logits], Probabilities]

    def find_logits(self, graph: bytes) -> Logits:
        """Of the texts by a graph, shape (n, k)."""
        return self.windows.pool(self.score(graph, self.windows.token_ids))


@dataclass(frozen=True, slots=True)
class ScoringGraph:
    """What a fitted network will score with.

    Attributes:
        graph: a serialised ONNX model; None where torch has to score.
        figures: how the 8-bit graph compares with the network, by name.
        notes: for the reader of results: why scoring is slower than it could be.
    """

    graph: bytes | None
    figures: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def choose_scoring_graph(
    network: FrameNetwork, observed: TokenIds, check: ScoringCheck, settings: TransformerSettings
) -> ScoringGraph:
    """The 8-bit graph, if it ranks the checked texts as well as the network; else the float32 one; else none.

    Args:
        network: fitted, on the processor.
        observed: token ids of training texts, from which the ranges of the activations are taken.
        check: texts to compare on, from dev where there is one.
        settings: `scoring` and `max_int8_loss`.
    """
    if settings.scoring == "torch":
        return ScoringGraph(None)
    shape = describe_encoder(network.encoder.config, network.vector_scale)
    weights = read_weights(network)
    if shape is None:
        kind = getattr(network.encoder.config, "model_type", "unknown")
        return _score_with_torch(f"encoders of type '{kind}' have no scoring graph")
    if sum(weight.nbytes for weight in weights.values()) > _LARGEST_WEIGHTS:
        return _score_with_torch("the encoder is larger than the 2 GB that a scoring graph may have")
    int8 = export_int8(weights, shape, observed)
    figures = compare_with_network(check.find_logits(int8), check)
    loss = figures["int8_mean_average_precision_loss"]
    if loss <= settings.max_int8_loss:
        return ScoringGraph(int8, figures)
    float32 = export_float32(weights, shape)
    if (
        np.abs(check.activate(check.find_logits(float32)) - check.activate(check.own)).max()
        > _FLOAT_TOLERANCE
    ):
        return _score_with_torch("its scoring graph gives other probabilities than the network", figures)
    note = (
        f"8-bit scoring would lose {loss:.3f} in mean average precision, more than model.max_int8_loss "
        f"({settings.max_int8_loss:g}): texts are scored in float32, about three times slower"
    )
    return ScoringGraph(float32, figures, (note,))


def _score_with_torch(reason: str, figures: dict[str, float] | None = None) -> ScoringGraph:
    return ScoringGraph(
        None, figures or {}, (f"{reason}: texts are scored with torch, several times slower",)
    )


def export_float32(weights: Weights, shape: EncoderShape) -> bytes:
    """The float32 graph; the same weights give the same bytes."""
    return serialise(build_graph(weights, shape))


def export_int8(weights: Weights, shape: EncoderShape, observed: TokenIds) -> bytes:
    """The graph with 8-bit products; the same weights and observed texts give the same bytes."""
    ranges = observe_ranges(weights, shape, observed)
    return serialise(build_graph(weights, shape, ranges=ranges))


def observe_ranges(weights: Weights, shape: EncoderShape, observed: TokenIds) -> Ranges:
    """Least and greatest activations of each place over up to `OBSERVED_TEXTS` texts, evenly drawn."""
    drawn = [observed[i] for i in draw_evenly(len(observed), OBSERVED_TEXTS)]
    met = np.unique([token for ids in drawn for token in ids])
    # A large vocabulary would be held several times on the way
    few = {**weights, WORDS: weights[WORDS][met].astype(np.float32)}
    session = open_session(serialise(build_graph(few, shape, observe=True)), "observing graph")
    places = [output.name for output in session.get_outputs()][1:]
    seen: dict[str, list[Channels]] = {place: [] for place in places}
    for ids in _group_by_length(drawn):  # texts of one length need no padding, which is not to be observed
        values = session.run(
            places, {IDS: np.searchsorted(met, ids).astype(np.int32), MASK: np.ones_like(ids)}
        )
        for place, value in zip(places, values, strict=True):
            seen[place].append(value)
    names = {place.rpartition(".")[0] for place in places}
    least = {name: np.min(seen[f"{name}.min"], axis=0) * _HEADROOM for name in names}
    return {name: (least[name], np.max(seen[f"{name}.max"], axis=0) * _HEADROOM) for name in names}


def describe_encoder(config: Any, vector_scale: float) -> EncoderShape | None:
    """What the graph needs to know of an encoder's configuration; None where it is not built like BERT."""
    positions_after_padding = _BERT_LIKE.get(getattr(config, "model_type", ""))
    plain = (
        getattr(config, "hidden_act", None) == "gelu"
        and getattr(config, "position_embedding_type", None) in {None, "absolute"}
        and not getattr(config, "is_decoder", False)
    )
    if positions_after_padding is None or not plain:
        return None
    return EncoderShape(
        n_layers=config.num_hidden_layers,
        n_heads=config.num_attention_heads,
        epsilon=config.layer_norm_eps,
        first_position=config.pad_token_id + 1 if positions_after_padding else 0,
        vector_scale=vector_scale,
    )


def read_weights(network: FrameNetwork) -> Weights:
    """The network's parameters by name: float32 arrays, but for a table of words in half precision."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}


def read_weights_file(path: Path) -> Weights:
    """The same from the file that a network was saved to."""
    return {name: weight.astype(np.float32) for name, weight in load_file(path).items()}


def compare_with_network(found: Logits, check: ScoringCheck) -> dict[str, float]:
    """What a graph that gives the logits `found`, shape (n, k), costs in place of the network.

    Mean absolute difference of probabilities, share of equal decisions at one half, loss in mean average precision.
    """
    if check.unseen is None:
        before, several = check.activate(check.own), [check.activate(found)]
    else:
        changes, draws = found - check.own, np.random.default_rng(0)
        before = check.activate(check.unseen)
        several = [check.activate(check.unseen + draws.permutation(changes)) for _ in range(_DRAWS)]
    ranked = mean_average_precision(check.truth, before) or 0.0
    return {
        "int8_mean_difference": float(np.mean([np.abs(after - before).mean() for after in several])),
        "int8_agreement": float(np.mean([((after > _HALF) == (before > _HALF)).mean() for after in several])),
        "int8_mean_average_precision_loss": float(
            np.mean([ranked - (mean_average_precision(check.truth, after) or 0.0) for after in several])
        ),
    }


def draw_evenly(n_rows: int, n: int) -> NDArray[np.int64]:
    """Up to `n` row numbers, evenly spaced over all rows, shape (min(n, n_rows),)."""
    return np.linspace(0, n_rows - 1, min(n, n_rows)).astype(np.int64)


def _group_by_length(token_ids: TokenIds) -> list[NDArray[np.int32]]:
    groups = defaultdict(list)
    for ids in token_ids:
        groups[len(ids)].append(ids)
    return [np.array(groups[length], np.int32) for length in sorted(groups) if length]
