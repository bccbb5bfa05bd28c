"""One contract for every classifier, and what each kind promises besides."""

import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import (
    FRAMES,
    WORDS,
    each_its_own_cluster,
    labelled,
    quiet_context,
    toy_rows,
    write_tiny_encoder,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoModel

from pipeline.classifiers.build import build_classifier, load_classifier
from pipeline.classifiers.encoder.encoders import EMBEDDED_SHA256, find_encoder
from pipeline.classifiers.encoder.token_windows import TokenWindows, WindowLimits, find_cut, make_windows
from pipeline.classifiers.protocols import Classifier, FitSummary, FittedClassifier, Probabilities
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.classifiers.transformer.crossed_networks import positive_weights
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.config.model import BlendSettings, ModelSettings, TfidfSettings, TransformerSettings
from pipeline.errors import ConfigError, DataError, ModelError
from pipeline.measures.metrics import mean_average_precision

ODD_TEXTS = [
    "",
    " \t\n ",
    "\x00\x1b[31m\u202e",  # control characters, and one that turns the line round
    "\ud83d half a surrogate pair",
    "👩‍👩‍👧‍👦🇺🇦" * 20,
    "e" + "\u0301" * 300,
    unicodedata.normalize("NFD", "Зелёный мир и гарантии"),
    "北京 المفاوضات ελληνικά",
    "missile " * 5000,
]
KINDS = ("tfidf", "transformer", "transformer in torch", "blend")
NO_PICKLE = {".pkl", ".pickle", ".joblib", ".bin", ".pt", ".pth", ".npy"}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder"))


def settings_of(kind: str, encoder: Path) -> ModelSettings:
    tfidf = TfidfSettings(min_df=1, c_grid=(1.0, 10.0), inner_folds=3, char_ngrams=(2, 3))
    transformer = TransformerSettings(
        encoder=str(encoder),
        epochs=3,
        tokens_per_batch=128,
        max_tokens=32,
        max_windows=1,
        decide_on="dev",
        inner_folds=2,
        device="cpu",
        learning_rate=3e-3,
        freeze_embeddings=False,
    )
    chosen: dict[str, ModelSettings] = {
        "tfidf": tfidf,
        "transformer": transformer,
        "transformer in torch": transformer.model_copy(update={"scoring": "torch"}),
        "blend": BlendSettings(tfidf=tfidf, transformer=transformer),
    }
    return chosen[kind]


@dataclass
class Fitted:
    wanted: str
    model: Classifier
    summary: FitSummary
    single_label: bool


def fit(kind: str, encoder: Path, work: Path, *, single_label: bool) -> Fitted:
    model = build_classifier(settings_of(kind, encoder), FRAMES, single_label=single_label)
    rows = toy_rows(single_label=single_label)
    dev = toy_rows(24, seed=1, single_label=single_label) if model.needs_dev else None
    summary = model.fit(rows, dev, each_its_own_cluster(rows), quiet_context(work))
    return Fitted(kind, model, summary, single_label)


@pytest.fixture(
    scope="module",
    params=[(kind, single) for kind in KINDS for single in (False, True)],
    ids=lambda drawn: f"{drawn[0]}-{'single' if drawn[1] else 'multi'}",
)
def fitted(request: pytest.FixtureRequest, encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    kind, single_label = request.param
    return fit(kind, encoder, tmp_path_factory.mktemp("work"), single_label=single_label)


def unseen_texts() -> list[str]:
    return list(toy_rows(30, seed=5).table["text"])


def save(model: FittedClassifier, folder: Path) -> Path:
    folder.mkdir()
    model.save(folder)
    return folder


# The contract


def check_probabilities(found: Probabilities, n: int, *, single_label: bool) -> None:
    assert found.shape == (n, len(FRAMES))
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 1)).all()
    if single_label:
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_probabilities_have_shape_and_range(fitted: Fitted) -> None:
    texts = unseen_texts()
    check_probabilities(fitted.model.predict_proba(texts), len(texts), single_label=fitted.single_label)


def test_no_texts_give_no_rows(fitted: Fitted) -> None:
    check_probabilities(fitted.model.predict_proba([]), 0, single_label=fitted.single_label)


def test_odd_texts_get_probabilities_like_any(fitted: Fitted) -> None:
    found = fitted.model.predict_proba(ODD_TEXTS)
    check_probabilities(found, len(ODD_TEXTS), single_label=fitted.single_label)


def test_a_text_is_scored_alike_alone_and_among_others(fitted: Fitted) -> None:
    texts = [*unseen_texts(), *ODD_TEXTS]
    alone = np.concatenate([fitted.model.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(fitted.model.predict_proba(texts), alone, atol=1e-4)


def test_texts_that_are_not_read_to_their_end_are_found(fitted: Fitted) -> None:
    reads_all = fitted.model.kind == "tfidf"
    texts = ["weather " * 30, "weather " * 31, "", "peace", "мир " * 31, *unseen_texts()]
    found = fitted.model.find_cut(texts)
    assert found.dtype == bool
    assert np.flatnonzero(found).tolist() == ([] if reads_all else [1, 4])  # two more open and close each
    assert fitted.model.find_cut([]).shape == (0,)


def test_columns_stand_in_the_order_of_the_labels(fitted: Fitted) -> None:
    assert fitted.model.labels == FRAMES
    telling = [" ".join(WORDS[frame]) for frame in FRAMES]
    found = fitted.model.predict_proba(telling)
    assert found.argmax(axis=0).tolist() == [0, 1, 2]  # each column is highest for the words of its own frame


def test_what_was_learnt_ranks_new_texts_well(fitted: Fitted) -> None:
    rows = toy_rows(60, seed=8, single_label=fitted.single_label)
    found = fitted.model.predict_proba(list(rows.table["text"]))
    assert mean_average_precision(rows.indicator(), found) > 0.8


def test_out_of_fold_probabilities_are_those_of_models_that_had_not_seen_the_row(fitted: Fitted) -> None:
    found = fitted.summary.out_of_fold
    if fitted.model.needs_dev:
        assert found is None
        return
    assert found is not None
    check_probabilities(found, 60, single_label=fitted.single_label)
    rows = toy_rows(single_label=fitted.single_label)
    seen = fitted.model.predict_proba(list(rows.table["text"]))
    truth = rows.indicator()
    assert 0.6 < mean_average_precision(truth, found) <= mean_average_precision(truth, seen)


def test_a_saved_model_gives_identical_probabilities(fitted: Fitted, tmp_path: Path) -> None:
    texts = [*unseen_texts(), *ODD_TEXTS]
    again = load_classifier(fitted.model.kind, save(fitted.model, tmp_path / "model"))
    np.testing.assert_array_equal(again.predict_proba(texts), fitted.model.predict_proba(texts))
    assert again.labels == FRAMES


def test_a_loaded_model_can_be_saved_again_byte_by_byte(fitted: Fitted, tmp_path: Path) -> None:
    first = save(fitted.model, tmp_path / "first")
    second = save(load_classifier(fitted.model.kind, first), tmp_path / "second")
    assert contents(second) == contents(first)


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_saved_folder_holds_no_pickle(fitted: Fitted, tmp_path: Path) -> None:
    files = [path for path in save(fitted.model, tmp_path / "model").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if path.suffix in NO_PICKLE]
    assert not [path for path in files if path.read_bytes()[:1] == b"\x80"]  # how every pickle begins


def test_the_same_seed_gives_the_same_model(fitted: Fitted, encoder: Path, tmp_path: Path) -> None:
    again = fit(fitted.wanted, encoder, tmp_path / "work", single_label=fitted.single_label)
    assert again.summary.figures == fitted.summary.figures
    first, second = save(fitted.model, tmp_path / "first"), save(again.model, tmp_path / "second")
    assert contents(second) == contents(first)


def test_a_missing_or_broken_file_is_an_error_that_names_the_folder(fitted: Fitted, tmp_path: Path) -> None:
    folder = save(fitted.model, tmp_path / "model")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole = path.read_bytes()
        for broken in (None, b"", b"[1, 2]", b"{}", whole[: len(whole) // 2]):
            path.unlink(missing_ok=True)
            if broken is not None:
                path.write_bytes(broken)
            with pytest.raises(ModelError, match=str(tmp_path)):
                load_classifier(fitted.model.kind, folder)
        path.write_bytes(whole)
    load_classifier(fitted.model.kind, folder)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unfitted_model_says_so(kind: str, encoder: Path, tmp_path: Path) -> None:
    model = build_classifier(settings_of(kind, encoder), FRAMES, single_label=False)
    with pytest.raises(ModelError, match="fitted"):
        model.predict_proba(["text"])
    with pytest.raises(ModelError, match="fitted"):
        model.save(tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="unknown kind of classifier 'magic'"):
        load_classifier("magic", tmp_path)


# The baseline


def test_the_baseline_learns_frames_without_positives_and_without_negatives(tmp_path: Path) -> None:
    rows = labelled(["great powers", "missile border", "weather today"], [FRAMES[:2], FRAMES[:1], FRAMES[:1]])
    model = TfidfBaseline(TfidfSettings(min_df=1, c_grid=(1.0,)), FRAMES, single_label=False)
    model.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path))
    found = model.predict_proba(["great powers"])[0]
    assert found[0] > 0.8
    assert found[2] < 0.2


def test_the_baseline_says_what_to_do_when_no_word_is_left(tmp_path: Path) -> None:
    rows = labelled(["one two", "three four", "five six"], [FRAMES[:1], (), FRAMES[:1]])
    model = TfidfBaseline(TfidfSettings(min_df=3), FRAMES, single_label=False)
    with pytest.raises(DataError, match=r"model\.min_df"):
        model.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path))


# The transformer


def fit_transformer(encoder: Path, work: Path, rows: int = 24, **changes: object) -> FineTunedTransformer:
    base = settings_of("transformer", encoder)
    recipe = TransformerSettings.model_validate({**base.model_dump(), "epochs": 1, **changes})
    model = FineTunedTransformer(recipe, FRAMES, single_label=False)
    data = toy_rows(rows)
    model.fit(data, None, each_its_own_cluster(data), quiet_context(work))
    return model


def test_with_one_window_long_texts_are_cut_and_counted(encoder: Path, tmp_path: Path) -> None:
    model = FineTunedTransformer(
        TransformerSettings(encoder=str(encoder), epochs=1, max_tokens=8, max_windows=1, device="cpu"),
        FRAMES,
        single_label=False,
    )
    texts = ["weather " * 6, "weather " * 7, "weather " * 50, "peace"]  # two more tokens open and close each
    rows = labelled(texts, [(), FRAMES[:1], FRAMES[1:], ()])
    summary = model.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path))
    assert summary.figures["texts_cut"] == 2
    assert summary.figures["letters_per_token"] > 1
    assert summary.notes == (
        "2 of 4 training texts are longer than 1 windows of 8 tokens and were cut there",
    )
    cut, whole = model.predict_proba(["weather " * 50, "weather " * 6])
    np.testing.assert_array_equal(cut, whole)


@settings(deadline=None, max_examples=200)
@given(
    text=st.text(max_size=40) | st.text("a!1 \t\n\x00", max_size=40) | st.text("ﷺ㎯éİ東", max_size=20),
    limits=st.builds(WindowLimits, st.integers(4, 40), st.integers(1, 4)),
)
def test_exactly_what_is_cut_is_found(text: str, limits: WindowLimits) -> None:
    tokenizer = embedded_tokenizer()
    is_cut = make_windows(tokenizer, [text], limits).is_cut
    assert find_cut(tokenizer, [text], limits).tolist() == is_cut.tolist()


@settings(deadline=None, max_examples=200)
@given(
    texts=st.lists(st.text(max_size=60) | st.text("a! [SEP]", max_size=80), max_size=4),
    limits=st.builds(WindowLimits, st.integers(4, 12), st.integers(1, 30)),
)
def test_windows_hold_every_token_of_a_text_once_and_in_order(texts: list[str], limits: WindowLimits) -> None:
    tokenizer = embedded_tokenizer()
    windows = make_windows(tokenizer, texts, limits)
    whole = make_windows(tokenizer, texts, WindowLimits(10_000))
    assert set(windows.owners.tolist()) == set(range(len(texts)))
    assert all(len(ids) <= limits.max_tokens for ids in windows.token_ids)
    for i, ids in enumerate(whole.token_ids):
        parts = [windows.token_ids[j] for j in np.flatnonzero(windows.owners == i)]
        assert len(parts) <= limits.max_windows
        assert all(part[0] == ids[0] and part[-1] == ids[-1] for part in parts)
        inside = [token for part in parts for token in part[1:-1]]
        assert inside == ids[1:-1][: len(inside)]
        assert windows.is_cut[i] == (len(inside) < len(ids) - 2)


@given(st.lists(st.lists(st.floats(-30, 30), min_size=1, max_size=5), min_size=1, max_size=4))
def test_a_texts_logit_lies_between_the_mean_and_the_largest_of_its_windows(texts: list[list[float]]) -> None:
    owners = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    windows = TokenWindows([[0]] * len(owners), owners, np.zeros(len(texts), bool))
    pooled = windows.pool(np.concatenate(texts)[:, None])[:, 0]
    for logit, text in zip(pooled, texts, strict=True):
        assert np.mean(text) - 1e-4 <= logit <= max(text) + 1e-4


def test_a_frame_named_at_the_end_of_a_long_text_is_found(encoder: Path, tmp_path: Path) -> None:
    model = fit_transformer(encoder, tmp_path, rows=60, epochs=8, max_tokens=16, max_windows=16)
    padding = " ".join(["football", "weather", "market"] * 12)
    threat = FRAMES.index("threat")
    plain, framed = model.predict_proba([padding, f"{padding} missile border base shells army"])[:, threat]
    first_window_only = model.predict_proba([" ".join(padding.split()[:14])])[0, threat]
    assert framed > plain + 0.05
    assert abs(plain - first_window_only) < framed - plain


@cache
def embedded_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(find_encoder("embedded").folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def test_an_encoder_stored_in_half_precision_is_trained_in_full(tmp_path: Path) -> None:
    half = write_tiny_encoder(tmp_path / "half")
    AutoModel.from_pretrained(half, dtype=torch.bfloat16).save_pretrained(half)
    model = fit_transformer(half, tmp_path / "work")
    again = load_classifier("transformer", save(model, tmp_path / "model"))
    np.testing.assert_array_equal(again.predict_proba(unseen_texts()), model.predict_proba(unseen_texts()))


def test_more_tokens_than_the_encoder_has_places_are_refused_before_training(
    encoder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"model\.max_tokens is 65, .* at most 64"):
        fit_transformer(encoder, tmp_path, max_tokens=65)
    fit_transformer(encoder, tmp_path, max_tokens=64).predict_proba(["weather " * 200])


@pytest.mark.parametrize(
    ("missing", "named"), [("tokenizer.json", "tokenizer.json"), ("model.safetensors", "weights")]
)
def test_an_encoder_that_lacks_a_file_is_refused(missing: str, named: str, tmp_path: Path) -> None:
    folder = write_tiny_encoder(tmp_path / "encoder")
    (folder / missing).unlink()
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=named):
        find_encoder(str(folder))


def change_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_a_folder_of_an_older_form_says_how_to_make_the_present_one(tmp_path: Path) -> None:
    folder = write_tiny_encoder(tmp_path / "encoder")
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("[UNK]\n", "utf-8")
    with pytest.raises(
        ModelError, match=r"lacks tokenizer\.json; it has vocab\.txt, .*save_pretrained"
    ) as caught:
        find_encoder(str(folder))
    assert "pickled" not in str(caught.value)
    outer = tmp_path / "st"
    write_tiny_encoder(outer / "0_Transformer")
    with pytest.raises(ModelError, match=r"set model\.encoder: .*st/0_Transformer"):
        find_encoder(str(outer))


def test_weights_that_do_not_fit_their_configuration_are_found_before_they_are_read(tmp_path: Path) -> None:
    folder = write_tiny_encoder(tmp_path / "encoder")
    weights = load_file(folder / "model.safetensors")
    save_file({f"module.{name}": tensor for name, tensor in weights.items()}, folder / "model.safetensors")
    with pytest.raises(ModelError, match="all weights stand under 'module"):
        find_encoder(str(folder))
    save_file(weights, folder / "model.safetensors")
    layers = json.loads((folder / "config.json").read_text("utf-8"))["num_hidden_layers"]
    change_json(folder / "config.json", num_hidden_layers=layers + 1)
    with pytest.raises(ModelError, match=f"lacks the weights of layers {layers} of the {layers + 1}"):
        find_encoder(str(folder))
    change_json(folder / "config.json", num_hidden_layers=layers)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens([f"added{n}" for n in range(5000)])
    tokenizer.save(str(folder / "tokenizer.json"))
    with pytest.raises(ModelError, match=r"the tokenizer has [\d,]+ tokens, the weights embeddings of"):
        find_encoder(str(folder))
    change_json(folder / "config.json", model_type="t5")
    with pytest.raises(ModelError, match="'t5' has an encoder and a decoder"):
        find_encoder(str(folder))


def test_a_hub_name_is_not_fetched_unasked() -> None:
    with pytest.raises(ModelError, match="allow_download: true"):
        find_encoder("someone/some-encoder")


@pytest.mark.parametrize("scoring", ["onnx_int8", "torch"])
def test_a_model_that_brings_code_of_its_own_is_refused(encoder: Path, tmp_path: Path, scoring: str) -> None:
    folder = save(fit_transformer(encoder, tmp_path / "work", scoring=scoring), tmp_path / "model")
    planted = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(planted)!r}, 'w')\nclass Evil: pass\n", encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match="'auto_map' asks for code from elsewhere"):
        load_classifier("transformer", folder)
    assert not planted.exists()


def test_positive_weights_worked_example() -> None:
    """One positive of five: 4 ** 0.5 = 2; all five: no less than 1; none counts as one. One label: mean 1."""
    truth = np.array([[1, 1, 0]] + [[0, 1, 0]] * 4)
    assert positive_weights(truth, 0.5, single_label=False) == [2.0, 1.0, 2.0]
    assert positive_weights(truth, 0.0, single_label=False) == [1.0, 1.0, 1.0]
    assert np.mean(positive_weights(truth, 0.5, single_label=True)) == pytest.approx(1)


def test_the_embedded_encoder_is_the_published_one_and_learns(tmp_path: Path) -> None:
    assert find_encoder("embedded").weights_sha256 == EMBEDDED_SHA256
    recipe = TransformerSettings(epochs=1, tokens_per_batch=64, device="cpu", decide_on="dev")
    model = FineTunedTransformer(recipe, FRAMES, single_label=False)
    rows = toy_rows(12)
    model.fit(rows, toy_rows(8, seed=1), each_its_own_cluster(rows), quiet_context(tmp_path / "work"))
    again = load_classifier("transformer", save(model, tmp_path / "model"))
    found = again.predict_proba(unseen_texts())
    np.testing.assert_array_equal(found, model.predict_proba(unseen_texts()))
    assert np.ptp(found, axis=0).min() > 0.01


# The blend


def test_texts_that_repeat_are_learnt_without_a_word_from_the_solver(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    texts = [f"{word} again" for word in ("threat", "peace", "threat")] * 30
    truth = [FRAMES[:1] if i % 7 else FRAMES[1:] for i in range(len(texts))]
    rows = labelled(texts, truth)
    model = TfidfBaseline(TfidfSettings(min_df=1, c_grid=(3000.0,)), FRAMES, single_label=False)
    model.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path))
    assert not [warning for warning in recwarn if "converge" in str(warning.message)]


def test_shares_of_the_members_are_reported(fitted: Fitted) -> None:
    shares = [
        value for name, value in fitted.summary.figures.items() if name.startswith("transformer_share/")
    ]
    assert len(shares) == (len(FRAMES) if fitted.model.kind == "blend" else 0)
    assert all(0 <= share <= 1 for share in shares)
