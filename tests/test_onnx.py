"""The scoring graph: as the network, the same bytes again, without torch, and nothing of a stranger's choosing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from builders import FRAMES, each_its_own_cluster, quiet_context, toy_rows, write_tiny_encoder
from numpy.typing import NDArray
from onnx import TensorProto, helper
from tokenizers import Tokenizer
from transformers import AutoModel, BertConfig, DistilBertConfig, RobertaConfig

from pipeline.classifiers.build import build_classifier, load_classifier
from pipeline.classifiers.encoder.encoders import find_encoder
from pipeline.classifiers.encoder.token_windows import TokenWindows, WindowLimits, make_windows
from pipeline.classifiers.graph import graph_scorer
from pipeline.classifiers.graph.encoder_graph import WORDS, EncoderShape, build_graph, serialise
from pipeline.classifiers.graph.graph_scorer import IDS, LOGITS, MASK, GraphScorer, to_probabilities
from pipeline.classifiers.graph.onnx_transformer import GRAPH_FILE, OnnxTransformer
from pipeline.classifiers.transformer.frozen_layers import pad
from pipeline.classifiers.transformer.onnx_export import (
    ScoringCheck,
    choose_scoring_graph,
    describe_encoder,
    export_float32,
    export_int8,
    read_weights,
)
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.classifiers.transformer.transformer_network import FrameNetwork
from pipeline.config.model import BlendSettings, ModelSettings, TfidfSettings, TransformerSettings
from pipeline.errors import ModelError

LONGEST = 40
SIZES: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": LONGEST + 2,
}


def network_of(config: Any, n_frames: int = 3) -> FrameNetwork:
    """A network with random weights that are large enough for texts to differ."""
    torch.manual_seed(0)
    from_config: Callable[..., Any] = AutoModel.from_config
    network = FrameNetwork(
        from_config(config),
        n_frames,
        vector_scale=8.0,
        dropout=0.1,
        positive_weights=[1.0] * n_frames,
        single_label=False,
    ).eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "LayerNorm" not in name:
                parameter.normal_(std=0.3)
    return network


def shape_of(network: FrameNetwork) -> EncoderShape:
    shape = describe_encoder(network.encoder.config, network.vector_scale)
    assert shape is not None
    return shape


def random_tokens(n: int, *, longest: int = LONGEST, vocabulary: int = 50) -> list[list[int]]:
    generator = np.random.default_rng(n)
    return [
        generator.integers(5, vocabulary, int(generator.integers(1, longest + 1))).tolist() for _ in range(n)
    ]


def network_logits(network: FrameNetwork, token_ids: list[list[int]]) -> NDArray[np.float32]:
    with torch.inference_mode():
        logits = network(**pad(token_ids, padding_id=1))["logits"]
    return np.asarray(logits.numpy(), np.float32)


def scorer_of(graph: bytes, n_frames: int = 3) -> GraphScorer:
    from tokenizers import models  # noqa: PLC0415 - an empty tokenizer: these tests give token ids

    return GraphScorer(
        graph, n_frames, Tokenizer(models.WordLevel({})), padding_id=1, limits=WindowLimits(LONGEST)
    )


@pytest.fixture(scope="module", params=[BertConfig, RobertaConfig], ids=["bert", "roberta"])
def network(request: pytest.FixtureRequest) -> FrameNetwork:
    return network_of(request.param(**SIZES, pad_token_id=1))


# The graph


def test_every_length_alone_gives_the_logits_of_the_network(network: FrameNetwork) -> None:
    scorer = scorer_of(export_float32(read_weights(network), shape_of(network)))
    for length in range(1, LONGEST + 1):
        text = [list(range(5, 5 + length))]
        np.testing.assert_allclose(scorer.score_tokens(text), network_logits(network, text), atol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 7, 64])
def test_padded_batches_give_the_logits_of_the_network(network: FrameNetwork, n: int) -> None:
    texts = random_tokens(n)
    scorer = scorer_of(export_float32(read_weights(network), shape_of(network)))
    np.testing.assert_allclose(scorer.score_tokens(texts), network_logits(network, texts), atol=1e-4)


def test_eight_bits_change_probabilities_little(network: FrameNetwork) -> None:
    texts = random_tokens(200)
    expected = to_probabilities(network_logits(network, texts), single_label=False)
    scorer = scorer_of(export_int8(read_weights(network), shape_of(network), random_tokens(100)))
    found = to_probabilities(scorer.score_tokens(texts), single_label=False)
    assert np.ptp(expected) > 0.5
    assert np.abs(found - expected).mean() < 0.02
    assert ((found > 0.5) == (expected > 0.5)).mean() > 0.97


def test_a_score_in_eight_bits_does_not_depend_on_the_texts_beside_it(network: FrameNetwork) -> None:
    texts = random_tokens(50)
    scorer = scorer_of(export_int8(read_weights(network), shape_of(network), random_tokens(100)))
    alone = np.concatenate([scorer.score_tokens([text]) for text in texts])
    np.testing.assert_allclose(scorer.score_tokens(texts), alone, atol=1e-4)
    np.testing.assert_allclose(scorer.score_tokens(texts[::-1])[::-1], alone, atol=1e-4)


def test_the_same_weights_give_the_same_bytes() -> None:
    def export() -> tuple[bytes, bytes]:
        network = network_of(BertConfig(**SIZES))
        weights, shape = read_weights(network), shape_of(network)
        return export_float32(weights, shape), export_int8(weights, shape, random_tokens(50))

    assert export() == export()


def test_a_table_of_words_in_half_precision_scores_as_the_same_values_in_single(
    network: FrameNetwork,
) -> None:
    weights, shape, texts = read_weights(network), shape_of(network), random_tokens(50)
    half = {**weights, WORDS: weights[WORDS].astype(np.float16)}
    single = {**weights, WORDS: half[WORDS].astype(np.float32)}
    assert export_int8(half, shape, texts) == export_int8(single, shape, texts)
    smaller, larger = export_float32(half, shape), export_float32(single, shape)
    np.testing.assert_array_equal(
        scorer_of(smaller).score_tokens(texts), scorer_of(larger).score_tokens(texts)
    )
    assert len(larger) - len(smaller) > half[WORDS].nbytes - 200  # of which a node is made


def test_a_text_without_tokens_is_scored_by_the_offsets_of_the_head(network: FrameNetwork) -> None:
    scorer = scorer_of(export_float32(read_weights(network), shape_of(network)))
    found = scorer.score_tokens([[], [5, 6]])
    np.testing.assert_allclose(found[0], network.head.bias.detach().numpy(), atol=1e-5)


def test_the_embedded_encoder_is_scored_as_by_torch_and_in_eight_bits_nearly_so() -> None:
    encoder = find_encoder("embedded")
    torch.manual_seed(0)
    network = FrameNetwork(
        AutoModel.from_pretrained(encoder.folder),
        2,
        vector_scale=8.0,
        dropout=0.1,
        positive_weights=[1.0, 1.0],
        single_label=False,
    ).eval()
    with torch.no_grad():
        network.head.weight.normal_(std=0.1)
    rows = list(toy_rows(96).table["text"])
    tokenizer = Tokenizer.from_file(str(encoder.folder / "tokenizer.json"))
    tokenizer.no_padding()
    texts = make_windows(tokenizer, rows, WindowLimits(64)).token_ids
    weights, shape = read_weights(network), shape_of(network)
    expected = network_logits(network, texts)
    np.testing.assert_allclose(
        scorer_of(export_float32(weights, shape), 2).score_tokens(texts), expected, atol=1e-4
    )
    int8 = export_int8(weights, shape, texts[::2])
    assert len(int8) < sum(weight.nbytes for weight in weights.values()) / 3.5
    found = scorer_of(int8, 2).score_tokens(texts)
    difference = to_probabilities(found, single_label=False) - to_probabilities(expected, single_label=False)
    assert np.abs(difference).mean() < 0.02


def test_one_sigmoid_a_frame_or_one_softmax_worked_example() -> None:
    """sigmoid(0) = 1/2 and sigmoid(log 3) = 3/4; softmax of (0, log 3) = (1/4, 3/4); large logits do not overflow."""
    logits = np.array([[0.0, np.log(3)], [-200.0, 200.0]], np.float32)
    separate = to_probabilities(logits, single_label=False)
    np.testing.assert_allclose(separate, [[0.5, 0.75], [0.0, 1.0]], atol=1e-6)
    np.testing.assert_allclose(
        to_probabilities(logits, single_label=True), [[0.25, 0.75], [0.0, 1.0]], atol=1e-6
    )


# Which graph scores

TRUTH = np.eye(3, dtype=int)[np.arange(30) % 3]


def choose(network: FrameNetwork, change: Any = 0.0, unseen: Any = None, **settings: Any) -> Any:
    """Offer a check on which 8-bit graphs change the right logits, 30 texts of 3 frames, and others do not.

    Args:
        network: to be scored.
        change: what is added to the logits of the 8-bit graph, shape (30, 3) or less.
        unseen: logits (30, 3) of networks that had not seen the texts; None where the network itself had not.
        settings: of the recipe.
    """
    own = np.where(TRUTH == 1, 2.0, -2.0).astype(np.float32)

    def score(graph: bytes, token_ids: Any) -> NDArray[np.float32]:
        assert len(token_ids) == len(own)
        is_int8 = b"QLinear" in graph or b"QuantizeLinear" in graph
        return (own + change).astype(np.float32) if is_int8 else own

    windows = TokenWindows(random_tokens(30), np.arange(30), np.zeros(30, bool))
    check = ScoringCheck(
        windows=windows,
        truth=TRUTH,
        own=own,
        unseen=unseen,
        score=score,
        activate=lambda logits: to_probabilities(logits, single_label=False),
    )
    recipe = TransformerSettings.model_validate(settings)
    return choose_scoring_graph(network, random_tokens(20), check, recipe)


def test_eight_bits_are_kept_where_they_rank_as_well(network: FrameNetwork) -> None:
    chosen = choose(network)
    assert b"QuantizeLinear" in chosen.graph
    assert chosen.figures == {
        "int8_mean_difference": 0.0,
        "int8_agreement": 1.0,
        "int8_mean_average_precision_loss": 0.0,
    }
    assert chosen.notes == ()


def test_eight_bits_that_rank_worse_are_dropped_and_the_reader_is_told(network: FrameNetwork) -> None:
    """All scores equal: average precision is the base rate, 1/3; decisions at one half miss a third."""
    to_the_same = np.where(TRUTH == 1, -4.0, 0.0)
    chosen = choose(network, to_the_same)
    assert chosen.graph == export_float32(read_weights(network), shape_of(network))
    assert chosen.figures["int8_mean_average_precision_loss"] == pytest.approx(2 / 3)
    assert chosen.figures["int8_agreement"] == pytest.approx(2 / 3)
    assert "8-bit scoring would lose 0.667 in mean average precision" in chosen.notes[0]
    assert choose(network, to_the_same, max_int8_loss=0.7).notes == ()


def test_what_eight_bits_cost_is_looked_for_where_the_network_had_not_learnt_the_texts_by_heart(
    network: FrameNetwork,
) -> None:
    """Errors of 1 change no rank among logits of -2 and 2, but many among logits of -.25 and .25."""
    error = np.where(np.arange(90).reshape(30, 3) % 2 == 1, -1.0, 1.0)
    assert choose(network, error).figures["int8_mean_average_precision_loss"] == 0
    chosen = choose(network, error, unseen=np.where(TRUTH == 1, 0.25, -0.25))
    assert chosen.figures["int8_mean_average_precision_loss"] > 0.1
    assert chosen.graph == export_float32(read_weights(network), shape_of(network))


def test_logits_that_are_only_smaller_in_eight_bits_lose_nothing_where_labels_were_learnt(
    network: FrameNetwork,
) -> None:
    """What is taken from logits that know the label points away from it: added text by text, it would cost ranks."""
    smaller = np.where(TRUTH == 1, -0.2, 0.2)
    unseen = np.where(TRUTH == 1, 0.1, -0.1) + np.random.default_rng(0).normal(0, 1, TRUTH.shape)
    lost = choose(network, smaller, unseen=unseen, max_int8_loss=1).figures[
        "int8_mean_average_precision_loss"
    ]
    assert lost < 0.02


def test_torch_scores_where_it_is_wanted_or_the_encoder_is_of_another_build() -> None:
    assert choose(network_of(BertConfig(**SIZES)), scoring="torch").graph is None
    other = network_of(DistilBertConfig(dim=32, n_heads=4, n_layers=1, hidden_dim=48, vocab_size=50))
    chosen = choose(other)
    assert chosen.graph is None
    assert chosen.notes == (
        "encoders of type 'distilbert' have no scoring graph: texts are scored with torch, several times slower",
    )
    assert describe_encoder(BertConfig(**SIZES, hidden_act="relu"), vector_scale=8.0) is None


# Bundles


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder"))


def transformer_settings(encoder: Path, **changes: Any) -> TransformerSettings:
    return TransformerSettings(
        encoder=str(encoder),
        epochs=1,
        tokens_per_batch=256,
        max_tokens=32,
        decide_on="dev",
        device="cpu",
        **changes,
    )


def fit_and_save(settings: ModelSettings, folder: Path) -> tuple[Any, Path]:
    model: Any = build_classifier(settings, FRAMES, single_label=False)
    rows = toy_rows(24)
    dev = toy_rows(24, seed=1) if model.needs_dev else None
    model.summary = model.fit(rows, dev, each_its_own_cluster(rows), quiet_context(folder / "work"))
    (folder / "model").mkdir()
    model.save(folder / "model")
    return model, folder / "model"


@pytest.fixture(scope="module")
def fitted(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    return fit_and_save(transformer_settings(encoder), tmp_path_factory.mktemp("transformer"))


@pytest.fixture(scope="module")
def blend(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    settings = BlendSettings(
        tfidf=TfidfSettings(min_df=1, c_grid=(1.0,), char_ngrams=None),
        transformer=transformer_settings(encoder, inner_folds=2),
    )
    return fit_and_save(settings, tmp_path_factory.mktemp("blend"))


def unseen_texts(n: int = 30) -> list[str]:
    return list(toy_rows(n, seed=5).table["text"])


def test_a_fit_reports_what_eight_bits_cost(fitted: tuple[Any, Path]) -> None:
    figures = fitted[0].summary.figures
    assert 0 < figures["int8_mean_difference"] < 0.01
    assert figures["int8_agreement"] > 0.95
    assert abs(figures["int8_mean_average_precision_loss"]) <= 0.01


def test_what_is_loaded_scores_as_what_was_fitted(fitted: tuple[Any, Path]) -> None:
    model, folder = fitted
    expected = model.predict_proba(unseen_texts())
    for again in (load_classifier("transformer", folder), FineTunedTransformer.load(folder)):
        np.testing.assert_array_equal(again.predict_proba(unseen_texts()), expected)


def test_the_network_itself_is_in_the_bundle_and_can_score(fitted: tuple[Any, Path]) -> None:
    model, folder = fitted
    network = FineTunedTransformer.load(folder)
    network.score_with_torch()
    difference = network.predict_proba(unseen_texts()) - model.predict_proba(unseen_texts())
    assert 0 < np.abs(difference).max() < 0.05


def test_scoring_imports_neither_torch_nor_transformers(
    fitted: tuple[Any, Path], blend: tuple[Any, Path], tmp_path: Path
) -> None:
    program = (
        "import sys, numpy as np\nfrom pathlib import Path\n"
        "from pipeline.classifiers.build import load_classifier\n"
        "kind, folder, texts, out = sys.argv[1:]\n"
        "model = load_classifier(kind, Path(folder))\n"
        "np.save(out, model.predict_proba(Path(texts).read_text(encoding='utf-8').splitlines()))\n"
        "print(sorted({'torch', 'transformers', 'datasets', 'onnx'} & set(sys.modules)))\n"
    )
    texts, out = tmp_path / "texts.txt", tmp_path / "found.npy"
    texts.write_text("\n".join(unseen_texts()), encoding="utf-8")
    for kind, (model, folder) in (("transformer", fitted), ("blend", blend)):
        command = [sys.executable, "-c", program, kind, str(folder), str(texts), str(out)]
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
        assert ran.stdout.strip() == "[]"
        np.testing.assert_allclose(np.load(out), model.predict_proba(unseen_texts()), atol=1e-6)


def test_texts_are_scored_alike_in_one_part_and_in_many(
    fitted: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = unseen_texts(50)
    expected = fitted[0].predict_proba(texts)
    monkeypatch.setattr(graph_scorer, "TEXTS_AT_ONCE", 7)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    np.testing.assert_allclose(fitted[0].predict_proba(texts), expected, atol=1e-5)


def test_a_model_that_torch_scores_has_no_graph(encoder: Path, tmp_path: Path) -> None:
    model, folder = fit_and_save(transformer_settings(encoder, scoring="torch"), tmp_path)
    assert not (folder / GRAPH_FILE).parent.exists()
    again = load_classifier("transformer", folder)
    assert not isinstance(again, OnnxTransformer)
    np.testing.assert_array_equal(again.predict_proba(unseen_texts()), model.predict_proba(unseen_texts()))


# Graphs from strangers


def tiny_graph() -> onnx.ModelProto:
    network = network_of(BertConfig(**SIZES))
    return build_graph(read_weights(network), shape_of(network))


def another_interface() -> onnx.ModelProto:
    model = tiny_graph()
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    return model


def another_number_of_frames() -> onnx.ModelProto:
    return build_graph(
        read_weights(network := network_of(BertConfig(**SIZES), n_frames=4)), shape_of(network)
    )


def weights_elsewhere() -> onnx.ModelProto:
    model = tiny_graph()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../secret.bin")
    return model


def an_operation_of_its_own() -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["n", "t"]) for name in (IDS, MASK)]
    output = helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["n", 3])
    node = helper.make_node("Evil", [IDS, MASK], [LOGITS], domain="evil.example")
    graph = helper.make_graph([node], "evil", inputs, [output])
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("evil.example", 1)]
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    return model


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (another_interface, "not a scoring graph"),
        (another_number_of_frames, "not a scoring graph"),
        (weights_elsewhere, "holds all its weights itself"),
        (an_operation_of_its_own, "has no place in a scoring graph"),
    ],
)
def test_a_graph_that_is_not_ours_is_refused(make: Callable[[], onnx.ModelProto], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        scorer_of(serialise(make()))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_cut_off_graph_is_refused_by_name(fitted: tuple[Any, Path], share: float, tmp_path: Path) -> None:
    load_classifier("transformer", fitted[1]).save(tmp_path)
    whole = (tmp_path / GRAPH_FILE).read_bytes()
    (tmp_path / GRAPH_FILE).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match=GRAPH_FILE):
        load_classifier("transformer", tmp_path)


def test_tokens_that_the_graph_does_not_know_are_an_error() -> None:
    scorer = scorer_of(serialise(tiny_graph()))
    for text in ([49, 50], list(range(5, 49)) + [5] * 20):  # a word too many, and more tokens than places
        with pytest.raises(ModelError, match="does not fit its tokenizer"):
            scorer.score_tokens([text])
