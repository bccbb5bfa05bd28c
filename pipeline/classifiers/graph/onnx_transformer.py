"""A fine-tuned transformer that only scores: read from a bundle without torch, ready within a second or two."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from pipeline.classifiers.encoder.encoders import refuse_code
from pipeline.classifiers.encoder.token_windows import WindowLimits
from pipeline.classifiers.encoder.tokenizer_file import load_tokenizer
from pipeline.classifiers.graph.graph_scorer import GraphScorer, to_probabilities
from pipeline.classifiers.protocols import Probabilities
from pipeline.config.model import TransformerSettings
from pipeline.errors import ModelError

SETTINGS_FILE = "classifier.json"
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
ENCODER_CONFIG_FILE = "config.json"
GRAPH_FILE = "onnx/model.onnx"
_MOST_TOKENS = 10_000_000  # in a vocabulary; the largest published ones have a million


class OnnxTransformer:
    """Texts to probabilities by the graph that `FineTunedTransformer` saved.

    Args:
        scorer: the graph and its tokenizer.
        labels: frame ids in column order.
        single_label: softmax over frames in place of one sigmoid a frame.
        folder: that it was read from.
    """

    kind: ClassVar[str] = "transformer"

    def __init__(
        self, scorer: GraphScorer, labels: tuple[str, ...], *, single_label: bool, folder: Path
    ) -> None:
        self.labels = labels
        self.single_label = single_label
        self._scorer = scorer
        self._folder = folder

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities before calibration, shape (n_texts, n_frames)."""
        return to_probabilities(self._scorer.score_texts(texts), single_label=self.single_label)

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Texts that are not read to their end, shape (n_texts,)."""
        return self._scorer.find_cut(texts)

    def save(self, folder: Path) -> None:
        """Copy the files it was read from, those of the network included."""
        (folder / GRAPH_FILE).parent.mkdir()
        for file in (SETTINGS_FILE, WEIGHTS_FILE, TOKENIZER_FILE, ENCODER_CONFIG_FILE, GRAPH_FILE):
            shutil.copyfile(self._folder / file, folder / file)

    @classmethod
    def load(cls, folder: Path) -> "OnnxTransformer":
        """Read what `FineTunedTransformer.save` wrote; the network's weights are checked, not read.

        Raises:
            ModelError: a file is missing, damaged, or asks for code of its own.
        """
        try:
            described = read_description(folder)
            check_network_files(folder)
            labels = tuple(described["labels"])
            return cls(
                read_scorer(folder, described),
                labels,
                single_label=bool(described["single_label"]),
                folder=folder,
            )
        except ModelError:
            raise
        except Exception as error:  # noqa: BLE001 - damaged files raise anything inside the libraries
            raise ModelError(f"{folder}: not a readable transformer: {error}") from None


def read_description(folder: Path) -> dict[str, Any]:
    """What `FineTunedTransformer.save` wrote of itself."""
    described: dict[str, Any] = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
    return described


def has_scoring_graph(folder: Path) -> bool:
    """Whether the transformer in a folder is scored by a graph; False where its description says nothing."""
    try:
        return bool(read_description(folder)["has_scoring_graph"])
    except (OSError, ValueError, KeyError, TypeError):
        return False  # whoever reads the folder next says what is wrong with it


def read_scorer(folder: Path, described: dict[str, Any]) -> GraphScorer:
    """The graph of a folder, with its tokenizer.

    Raises:
        ModelError: the graph is damaged or not one of ours.
    """
    settings = TransformerSettings.model_validate(described["settings"])
    return GraphScorer(
        (folder / GRAPH_FILE).read_bytes(),
        len(described["labels"]),
        load_tokenizer(folder / TOKENIZER_FILE),
        padding_id=read_padding_id(folder, described),
        limits=WindowLimits(settings.max_tokens, settings.max_windows),
        source=folder / GRAPH_FILE,
    )


def read_padding_id(folder: Path, described: dict[str, Any]) -> int:
    """The token that fills a batch up.

    Raises:
        ModelError: no number that a token can have.
    """
    padding_id = described["padding_id"]
    if not isinstance(padding_id, int) or not 0 <= padding_id < _MOST_TOKENS:
        raise ModelError(
            f"{folder / SETTINGS_FILE}: expected padding_id from 0 to {_MOST_TOKENS:,}, got {padding_id!r:.40}"
        )
    return padding_id


def check_network_files(folder: Path) -> None:
    """Look at the files that scoring does without: half a bundle is refused whole.

    Raises:
        ModelError: the encoder's configuration is none, or asks for code of its own.
    """
    with safe_open(folder / WEIGHTS_FILE, framework="numpy") as weights:  # checks the header and the size
        if not weights.keys():
            raise ModelError(f"{folder / WEIGHTS_FILE}: not a readable transformer: no weights in it")
    refuse_code(folder / ENCODER_CONFIG_FILE)
    config = json.loads((folder / ENCODER_CONFIG_FILE).read_text(encoding="utf-8"))
    if "model_type" not in config:
        raise ModelError(
            f"{folder / ENCODER_CONFIG_FILE}: not a readable transformer: expected the configuration of an "
            "encoder, with the key 'model_type'"
        )
