"""A fine-tuned encoder of the BERT family as an ONNX graph, in float32 or with 8-bit matrix products.

The graph is written out here layer by layer, and not traced: it has one node for a whole attention block, the
same weights always give the same bytes, and it takes a tenth of a second, once for each inner fold.

In the 8-bit graph the activations in front of each product are stored with a range that was measured
beforehand (`observe`), not one of the batch at hand, so that a text's score does not depend on the texts beside
it. A few channels have values many times those of the others; they are made smaller before they are stored, and
their rows of the weight larger (Xiao et al. 2023, "SmoothQuant"): that halves the error. Weights keep a scale
for each output column and use 7 of their 8 bits: processors without VNNI add pairs of products in 16 bits,
which 8-bit weights would overflow, and a model is to score alike on every machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pipeline.classifiers.graph.graph_scorer import IDS, LOGITS, MASK

Weights = Mapping[str, NDArray[Any]]  # as the network names them; float32, of words perhaps float16
Channels = NDArray[np.float32]  # one value for each channel of an activation
Ranges = Mapping[
    str, tuple[Channels, Channels]
]  # place of an activation -> least and greatest values met there

WORDS = "encoder.embeddings.word_embeddings.weight"
_OPSET, _IR_VERSION = 20, 10
_MICROSOFT = "com.microsoft"  # kernels that every build of onnxruntime has
_WEIGHT_LEVELS = 64
_ACTIVATION_LEVELS = 255
_BYTE = 127
_LOUD = 1.5  # times the median channel: what is louder is made as loud as this
_TINY = 1e-12
_ROWS_AT_ONCE = 8192  # of the table of words; a copy of all of it would be larger than all else


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """What the weights alone do not say.

    Attributes:
        n_layers: blocks of attention and feed-forward.
        n_heads: attention heads of each.
        epsilon: of the layer normalisations.
        first_position: row of the position table that a text's first token takes.
        vector_scale: length of the sentence vector.
    """

    n_layers: int
    n_heads: int
    epsilon: float
    first_position: int
    vector_scale: float


def build_graph(
    weights: Weights, shape: EncoderShape, *, ranges: Ranges | None = None, observe: bool = False
) -> onnx.ModelProto:
    """The graph from `input_ids` and `attention_mask`, both int32 of shape (n, t), to `logits` (n, n_frames).

    Args:
        weights: of a `FrameNetwork`.
        shape: of its encoder.
        ranges: of the activations; with them the products are 8-bit, without them float32.
        observe: give, beside the logits, the least and greatest activations of each place as outputs
            `<place>.min` and `<place>.max`, both of shape (channels,); float32 only.
    """
    graph = _Graph(weights, ranges, observe=observe)
    hidden = _embed(graph, shape)
    for layer in range(shape.n_layers):
        hidden = _encode(graph, hidden, f"encoder.encoder.layer.{layer}", shape)
    graph.rename(_classify(graph, hidden, shape), LOGITS)
    return graph.to_model(n_frames=len(weights["head.bias"]))


def serialise(model: onnx.ModelProto) -> bytes:
    """The bytes of an ONNX file, always the same for the same model."""
    return bytes(model.SerializeToString(deterministic=True))


@dataclass
class _Graph:
    """Nodes and constants while they are collected; tensors are numbered, so that names say nothing."""

    weights: Weights
    ranges: Ranges | None
    observe: bool
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)
    observed: list[str] = field(default_factory=list)

    def add(self, operation: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Append a node; the name of its only output."""
        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [output], domain=domain, **attributes))
        return output

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Store an array; its name."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.ascontiguousarray(value, dtype)
        return name

    def rename(self, tensor: str, name: str) -> None:
        """Give the output of the last node a name of its own."""
        node = self.nodes[-1]
        if list(node.output) != [tensor]:
            raise ValueError(f"'{tensor}' is not what the last node gives")
        node.output[0] = name

    def watch(self, place: str, tensor: str) -> None:
        """Make the ranges of a tensor's channels an output, if the graph is to observe."""
        if self.observe:
            axes = self.constant([0, 1], np.int64)
            for operation, name in (("ReduceMin", f"{place}.min"), ("ReduceMax", f"{place}.max")):
                self.rename(self.add(operation, tensor, axes, keepdims=0), name)
                self.observed.append(name)

    def to_model(self, n_frames: int) -> onnx.ModelProto:
        """The graph as a model without names, times or descriptions."""
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["n", "t"]) for name in (IDS, MASK)]
        logits = helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["n", n_frames])
        ranges = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in self.observed]
        graph = helper.make_graph(self.nodes, "frames", inputs, [logits, *ranges])
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        for name, value in self.constants.items():  # last: every step before copies what it is given
            model.graph.initializer.append(numpy_helper.from_array(value, name))
        return model


def _embed(graph: _Graph, shape: EncoderShape) -> str:
    """Word, position and type vectors, added and normalised: (n, t, hidden)."""
    prefix = "encoder.embeddings"
    positions = graph.weights[f"{prefix}.position_embeddings.weight"][shape.first_position :]
    types = graph.weights[f"{prefix}.token_type_embeddings.weight"][0]  # a text is all of type 0
    of_words = _look_up(graph, graph.weights[WORDS])
    length = graph.add("Shape", IDS, start=1, end=2)
    start, axis = graph.constant([0], np.int64), graph.constant([0], np.int64)
    of_positions = graph.add("Slice", graph.constant(positions + types), start, length, axis)
    return _normalise(graph, graph.add("Add", of_words, of_positions), f"{prefix}.LayerNorm", shape)


def _look_up(graph: _Graph, words: NDArray[Any]) -> str:
    """Word vectors (n, t, hidden) from their table, most of the file: with 8 bits a byte a value and a scale a word."""
    if graph.ranges is None:
        found = graph.add("Gather", graph.constant(words, words.dtype), IDS)
        return found if words.dtype == np.float32 else graph.add("Cast", found, to=TensorProto.FLOAT)
    rounded, scales = np.empty(words.shape, np.int8), np.empty((len(words), 1), np.float32)
    for start in range(0, len(words), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        part = words[rows].astype(np.float32)
        scales[rows] = np.maximum(np.abs(part).max(axis=1, keepdims=True), _TINY) / _BYTE
        rounded[rows] = np.rint(part / scales[rows])
    bytes_of, scale_of = graph.constant(rounded, np.int8), graph.constant(scales)
    found = graph.add("Cast", graph.add("Gather", bytes_of, IDS), to=TensorProto.FLOAT)
    return graph.add("Mul", found, graph.add("Gather", scale_of, IDS))


def _encode(graph: _Graph, hidden: str, prefix: str, shape: EncoderShape) -> str:
    """One block; each half adds to its input and normalises after that."""
    context = _attend(graph, hidden, f"{prefix}.attention.self", shape)
    mixed = _multiply(graph, context, f"{prefix}.attention.output.dense")
    hidden = _normalise(graph, graph.add("Add", mixed, hidden), f"{prefix}.attention.output.LayerNorm", shape)
    inner = graph.add("Gelu", _multiply(graph, hidden, f"{prefix}.intermediate.dense"))
    outer = _multiply(graph, inner, f"{prefix}.output.dense")
    return _normalise(graph, graph.add("Add", outer, hidden), f"{prefix}.output.LayerNorm", shape)


def _attend(graph: _Graph, hidden: str, prefix: str, shape: EncoderShape) -> str:
    """Query, key and value in one product, and attention over the tokens that are no padding."""
    parts = ("query", "key", "value")
    weight = np.concatenate([graph.weights[f"{prefix}.{part}.weight"].T for part in parts], axis=1)
    bias = graph.constant(np.concatenate([graph.weights[f"{prefix}.{part}.bias"] for part in parts]))
    options: dict[str, Any] = {"domain": _MICROSOFT, "num_heads": shape.n_heads}
    graph.watch(prefix, hidden)
    if graph.ranges is None:
        return graph.add("Attention", hidden, graph.constant(weight), bias, MASK, **options)
    stored, rounded, scale, scales, zero, no_offset = _store(graph, hidden, weight, graph.ranges[prefix])
    return graph.add("QAttention", stored, rounded, bias, scale, scales, MASK, zero, no_offset, **options)


def _multiply(graph: _Graph, tensor: str, prefix: str) -> str:
    """A linear layer."""
    weight, bias = graph.weights[f"{prefix}.weight"].T, graph.constant(graph.weights[f"{prefix}.bias"])
    graph.watch(prefix, tensor)
    if graph.ranges is None:
        return graph.add("Add", graph.add("MatMul", tensor, graph.constant(weight)), bias)
    operands = _store(graph, tensor, weight, graph.ranges[prefix])
    return graph.add("MatMulIntegerToFloat", *operands, bias, domain=_MICROSOFT)


def _store(
    graph: _Graph, tensor: str, weight: NDArray[np.float32], values: tuple[Channels, Channels]
) -> tuple[str, ...]:
    """Both sides of a product as small integers: activations, weight (inputs, outputs), their scales, their zeros."""
    loudness = np.maximum(np.abs(values[0]), np.abs(values[1]))
    damping = np.maximum(1.0, loudness / max(float(np.median(loudness)) * _LOUD, _TINY))
    damped, weight = graph.add("Mul", tensor, graph.constant(1 / damping)), weight * damping[:, None]
    least, greatest = (
        min(float(np.min(values[0] / damping)), 0.0),
        max(float(np.max(values[1] / damping)), 0.0),
    )
    step = max(greatest - least, _TINY) / _ACTIVATION_LEVELS
    scale, zero = graph.constant(step), graph.constant(round(-least / step), np.uint8)
    stored = graph.add("QuantizeLinear", damped, scale, zero)
    steps = np.maximum(np.abs(weight).max(axis=0), _TINY) / _WEIGHT_LEVELS
    rounded, scales = graph.constant(np.rint(weight / steps), np.int8), graph.constant(steps)
    return stored, rounded, scale, scales, zero, graph.constant(0, np.int8)


def _normalise(graph: _Graph, tensor: str, prefix: str, shape: EncoderShape) -> str:
    gain, offset = (graph.constant(graph.weights[f"{prefix}.{part}"]) for part in ("weight", "bias"))
    return graph.add("LayerNormalization", tensor, gain, offset, axis=-1, epsilon=shape.epsilon)


def _classify(graph: _Graph, hidden: str, shape: EncoderShape) -> str:
    """Mean over the tokens that are no padding, brought to one length, through the head.

    A mean has the direction of the sum, and only the direction is kept: the number of tokens cancels out.
    """
    last, tokens = graph.constant([-1], np.int64), graph.constant([1], np.int64)
    mask = graph.add("Unsqueeze", graph.add("Cast", MASK, to=TensorProto.FLOAT), last)
    total = graph.add("ReduceSum", graph.add("Mul", hidden, mask), tokens, keepdims=0)
    length = graph.add("ReduceL2", total, last, keepdims=1)
    direction = graph.add("Div", total, graph.add("Max", length, graph.constant(_TINY)))
    weight = graph.constant(graph.weights["head.weight"].T * shape.vector_scale)
    return graph.add("Gemm", direction, weight, graph.constant(graph.weights["head.bias"]))
