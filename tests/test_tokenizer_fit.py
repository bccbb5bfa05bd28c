"""An encoder that does not know the language of the texts is told of, by `frames check` and after training."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.classifiers.encoder.encoder_choice import TokenizerFit, read_and_measure
from pipeline.classifiers.encoder.encoders import EMBEDDED, Encoder, find_encoder
from pipeline.errors import ModelError
from pipeline.training.check_inputs import check_run

KNOWN = {
    "English": "The ministry said that the countries of the region should settle their disputes themselves.",
    "German": "Das Ministerium erklärte, die Staaten der Region sollten ihre Streitigkeiten beilegen.",
    "signs alone": "2024 — 100 % !!!",
    "nothing": "",
}
UNKNOWN = {
    "Russian": "Министерство заявило, что страны региона должны сами решать свои споры.",
    "Ukrainian": "Міністерство заявило, що країни регіону мають самі вирішувати свої суперечки.",
    "Arabic": "قالت وزارة الخارجية إن دول المنطقة يجب أن تسوي خلافاتها فيما بينها",
    "Chinese": "外交部表示该地区各国应自行解决争端",
    "Thai": "กระทรวงการต่างประเทศกล่าวว่าประเทศในภูมิภาคควรแก้ไขข้อพิพาทกันเอง",
}


def fit_of(encoder: Encoder, texts: list[str]) -> TokenizerFit:
    return read_and_measure(encoder, {"": texts})[""]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return find_encoder(EMBEDDED)


@pytest.mark.parametrize("language", KNOWN)
def test_nothing_is_said_of_a_known_language(encoder: Encoder, language: str) -> None:
    assert not fit_of(encoder, [KNOWN[language]] * 3).describe_misfit("x")


@pytest.mark.parametrize("language", UNKNOWN)
def test_an_unknown_language_is_told_of(encoder: Encoder, language: str) -> None:
    (note,) = fit_of(encoder, [UNKNOWN[language]]).describe_misfit(encoder.name)
    assert encoder.name in note
    assert "model.kind: tfidf" in note


def test_many_texts_are_measured_at_even_distances(encoder: Encoder) -> None:
    texts = [*[KNOWN["English"]] * 5000, *[UNKNOWN["Russian"]] * 5000]
    mixed, apart = fit_of(encoder, texts), fit_of(encoder, texts[::5000])
    assert mixed.letters_per_token == pytest.approx(apart.letters_per_token)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(), max_size=30), max_size=5))
def test_any_texts_can_be_measured(encoder: Encoder, texts: list[str]) -> None:
    fit = fit_of(encoder, texts)
    assert 0 <= fit.unknown_share <= 1
    assert fit.letters_per_token >= 0


def test_a_damaged_tokenizer_is_a_message(encoder: Encoder, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes((encoder.folder / "tokenizer.json").read_bytes()[:2000])
    with pytest.raises(ModelError, match=r"tokenizer\.json: not a readable tokenizer"):
        fit_of(Encoder(tmp_path, "mine", None, None), ["text"])


CONFIG = """
name: fit
data: {codebook: "sample:codebook.yaml", labelled: labelled.jsonl}
folds: {method: cluster}
model: {kind: blend, transformer: {encoder: embedded}}
decisions: {rare_frames: warn}
"""


def write_run(folder: Path, text: str) -> Path:
    rows = [
        {"text": f"{text} {n} {n * 7} {n * 13} {n * 31}", "labels": ["multipolarity"] * (n % 2)}
        for n in range(120)
    ]
    (folder / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "run.yaml").write_text(CONFIG, encoding="utf-8")
    return folder / "run.yaml"


def misfits(warnings: tuple[str, ...]) -> list[str]:
    return [warning for warning in warnings if "single letters" in warning]


def test_check_tells_before_training(tmp_path: Path) -> None:
    assert len(misfits(check_run(write_run(tmp_path, UNKNOWN["Russian"])).warnings)) == 1
    assert not misfits(check_run(write_run(tmp_path, KNOWN["English"])).warnings)


def test_check_finds_an_encoder_that_cannot_be_used_and_asks_no_hub(tmp_path: Path, encoder: Encoder) -> None:
    config = write_run(tmp_path, KNOWN["English"])
    with pytest.raises(ModelError, match="no such folder here"):
        check_run(config, ["model.transformer.encoder=nobody/nothing"])
    asked = ["model.transformer.encoder=nobody/nothing", "model.transformer.allow_download=true"]
    assert any("asks the model hub" in warning for warning in check_run(config, asked).warnings)
    shutil.copytree(encoder.folder, tmp_path / "mine", ignore=shutil.ignore_patterns("*.safetensors"))
    with pytest.raises(ModelError, match="safetensors"):
        check_run(config, [f"model.transformer.encoder={tmp_path / 'mine'}"])


def test_the_border_between_known_and_unknown() -> None:
    assert TokenizerFit(1.4, 0.0).describe_misfit("x")
    assert not TokenizerFit(1.6, 0.0).describe_misfit("x")
    assert TokenizerFit(4.0, 0.06).describe_misfit("x")
    assert not TokenizerFit(0.0, 0.0).describe_misfit("x")
