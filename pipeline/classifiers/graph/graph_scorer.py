"""Scoring token ids with an ONNX graph on the processor: batches side by side, one core for each.

Neither torch nor transformers is imported here: a scoring process starts in a second.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from scipy.special import expit, softmax
from tokenizers import Tokenizer

from pipeline.classifiers.encoder.token_batches import batches_by_length, pad_tokens
from pipeline.classifiers.encoder.token_windows import (
    TEXTS_AT_ONCE,
    TokenWindows,
    WindowLimits,
    find_cut,
    make_windows,
)
from pipeline.classifiers.protocols import Probabilities
from pipeline.errors import ModelError
from pipeline.files.cores import count_cores

IDS, MASK, LOGITS = "input_ids", "attention_mask", "logits"

# What our graphs are made of. Loops, branches, functions and tensors made by size would let a small file take any time
# and memory.
OPERATORS = frozenset(
    [
        "Add",
        "Attention",
        "Cast",
        "Div",
        "Gather",
        "Gelu",
        "Gemm",
        "LayerNormalization",
        "MatMul",
        "MatMulIntegerToFloat",
        "Max",
        "Mul",
        "QAttention",
        "QuantizeLinear",
        "ReduceL2",
        "ReduceMax",
        "ReduceMin",
        "ReduceSum",
        "Shape",
        "Slice",
        "Unsqueeze",
    ]
)
TOKENS_PER_BATCH = 256  # its activations fit a core's own cache; larger batches are slower
# Numbers of fields in onnx.proto: of a model, of its graph, of a node
_GRAPH, _FUNCTION = 7, 25
_NODE, _SPARSE = 1, 15
_OPERATOR = 4
_MOST_BITS = 70  # of a number: ten bytes of seven
_LARGEST_GRAPH = 2**31 - 1  # bytes that a protobuf message can have
_FATAL = 4  # what onnxruntime says besides is in the exceptions that it raises


class GraphScorer:
    """Texts to logits.

    Args:
        graph: serialised ONNX model with all its weights inside.
        n_frames: columns that its output must have.
        tokenizer: without padding and truncation.
        padding_id: token that fills a batch up.
        limits: how much of a text is read.
        source: what messages name.

    Raises:
        ModelError: the graph cannot be read, or is not one of ours.
    """

    def __init__(
        self,
        graph: bytes,
        n_frames: int,
        tokenizer: Tokenizer,
        *,
        padding_id: int,
        limits: WindowLimits,
        source: Path | str = "scoring graph",
    ) -> None:
        self.graph = graph
        self._n_frames = n_frames
        self._tokenizer = tokenizer
        self._padding_id = padding_id
        self._limits = limits
        self._source = source
        self._session = open_session(graph, source)
        self._check_interface()

    def score_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Logits of shape (n_texts, n_frames); the next texts are tokenised while the present ones are scored."""
        logits = np.zeros((len(texts), self._n_frames), np.float32)
        parts = [slice(i, i + TEXTS_AT_ONCE) for i in range(0, len(texts), TEXTS_AT_ONCE)]
        with ThreadPoolExecutor(_count_threads()) as workers:
            upcoming = [workers.submit(self._tokenize, texts[part]) for part in parts[:1]]
            for i, part in enumerate(parts):
                windows = upcoming.pop().result()
                upcoming = [workers.submit(self._tokenize, texts[after]) for after in parts[i + 1 : i + 2]]
                logits[part] = windows.pool(self._score(windows.token_ids, workers))
        return logits

    def score_tokens(self, token_ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Logits of windows, shape (n_windows, n_frames)."""
        with ThreadPoolExecutor(_count_threads()) as workers:
            return self._score(token_ids, workers)

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Texts that are not read to their end, shape (n_texts,)."""
        return find_cut(self._tokenizer, texts, self._limits)

    def _tokenize(self, texts: Sequence[str]) -> TokenWindows:
        return make_windows(self._tokenizer, texts, self._limits)

    def _score(self, token_ids: Sequence[Sequence[int]], workers: Executor) -> NDArray[np.float32]:
        logits = np.zeros((len(token_ids), self._n_frames), np.float32)

        def score_batch(rows: NDArray[np.int64]) -> None:
            ids, mask = pad_tokens([token_ids[i] for i in rows], self._padding_id)
            try:
                (logits[rows],) = self._session.run([LOGITS], {IDS: ids, MASK: mask})
            except Exception as error:  # noqa: BLE001 - onnxruntime raises kinds of its own
                raise ModelError(f"{self._source}: does not fit its tokenizer: {error}") from None

        lengths = [len(ids) for ids in token_ids]
        batches = [rows for rows in batches_by_length(lengths, TOKENS_PER_BATCH) if len(rows)]
        for _ in workers.map(score_batch, reversed(batches)):  # longest first: the last to finish are short
            pass
        return logits

    def _check_interface(self) -> None:
        found = {
            **{i.name: (i.type, len(i.shape)) for i in self._session.get_inputs()},
            **{o.name: (o.type, *o.shape[1:]) for o in self._session.get_outputs()},
        }
        whole_numbers = ("tensor(int32)", 2)
        expected = {IDS: whole_numbers, MASK: whole_numbers, LOGITS: ("tensor(float)", self._n_frames)}
        if found != expected:
            raise ModelError(f"{self._source}: not a scoring graph: expected {expected}, found {found}")


def open_session(graph: bytes, source: Path | str) -> ort.InferenceSession:
    """Make a graph ready to run on one core; nothing outside of its bytes is read.

    Raises:
        ModelError: it cannot be read, or names files of its own.
    """
    if not 0 < len(graph) <= _LARGEST_GRAPH:
        raise ModelError(f"{source}: {len(graph)} bytes; expected 1 to {_LARGEST_GRAPH}")
    if b"location" in graph:  # the key under which ONNX keeps the path of a tensor in another file
        raise ModelError(f"{source}: refused: a scoring graph holds all its weights itself")
    _require_operators(graph, source)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # fusions beyond the basic ones are in the graph already, and one of them is slower than what it replaces
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = _FATAL
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        ort.set_default_logger_severity(_FATAL)
        ort.disable_telemetry_events()
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - onnxruntime raises kinds of its own
        raise ModelError(f"{source}: not a readable scoring graph: {error}") from None


def _require_operators(graph: bytes, source: Path | str) -> None:
    """The library that reads graphs takes longer to load than a text to score, and holds all weights a second time."""
    try:
        model = dict[int, list[memoryview]]()
        for number, part in _read_fields(memoryview(graph)):
            model.setdefault(number, []).append(part)
        inside = [field for part in model.get(_GRAPH, []) for field in _read_fields(part)]
        names = [
            bytes(name)
            for n, node in inside
            if n == _NODE
            for m, name in _read_fields(node)
            if m == _OPERATOR
        ]
        operators = {name.decode() for name in names}
    except (IndexError, UnicodeDecodeError) as error:
        raise ModelError(f"{source}: not a readable scoring graph: {error}") from None
    foreign = sorted(operators - OPERATORS)
    if foreign or _FUNCTION in model or any(number == _SPARSE for number, _ in inside):
        named = f"the operator {foreign[0]!r:.60}" if foreign else "functions or sparse tensors"
        raise ModelError(f"{source}: refused: {named} has no place in a scoring graph")


def _read_fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Numbers and contents of a protobuf message's fields; empty for those that are plain numbers.

    Raises:
        IndexError: it ends in the middle of a field.
    """
    place = 0

    def read_number() -> int:
        nonlocal place
        value = shift = 0
        while shift < _MOST_BITS:
            byte = message[place]
            place, value, shift = place + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:  # noqa: PLR2004 - the highest bit says that more follow
                return value
        raise IndexError("a number without an end")

    while place < len(message):
        key = read_number()
        number, kind = key >> 3, key & 7
        if kind == 0:
            read_number()
            yield number, message[:0]
            continue
        length = {1: 8, 5: 4}.get(kind)
        length = read_number() if length is None else length
        if place + length > len(message):
            raise IndexError("it ends in the middle of a field")
        yield number, message[place : place + length]
        place += length


def to_probabilities(logits: NDArray[np.float32], *, single_label: bool) -> Probabilities:
    """Softmax over frames, or one sigmoid a frame, of logits (n, k): the same shape."""
    if single_label:
        return np.asarray(softmax(logits, axis=1), np.float32)
    return np.asarray(expit(logits), np.float32)


def _count_threads() -> int:
    """What OMP_NUM_THREADS says, else one for each core."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else count_cores()
