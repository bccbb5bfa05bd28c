"""The codebook's own texts are learnt from, never judged by, and never those that a labelled row holds."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import (
    FRAMES,
    codebook,
    each_its_own_cluster,
    labelled,
    quiet_context,
    toy_rows,
    write_tiny_encoder,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.bundle import load_bundle
from pipeline.classifiers.build import build_classifier
from pipeline.config.model import (
    BlendSettings,
    CascadeSettings,
    ModelSettings,
    TfidfSettings,
    TransformerSettings,
)
from pipeline.config.run_config import load_run_config
from pipeline.data.codebooks.codebook import Codebook, Frame, draft_codebook
from pipeline.data.codebooks.codebook_texts import CodebookTexts, hide_known, read_codebook_texts
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.text_attacks import attack_text
from pipeline.data.text.text_words import find_words
from pipeline.errors import DataError
from pipeline.evaluation.leakage import find_seen
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import run_training

EXAMPLE = "Every new base along our border moves the missiles a few minutes closer to our cities."
TEXTS = st.text("ab .", max_size=25)
ROW = labelled(["The weather of today is fine in all of the capitals."], [()])


def book(*frames: dict[str, Any], **options: Any) -> Codebook:
    defaults = ({"id": f"f{n}", "name": "x", "definition": "TODO: write this."} for n in range(len(frames)))
    made = tuple(Frame.model_validate({**given, **own}) for given, own in zip(defaults, frames, strict=True))
    return Codebook(name="b", frames=made, **options)


def read(of: Codebook, *rows: LabelledData) -> CodebookTexts:
    return read_codebook_texts(of, list(rows or (ROW,)), path=Path("codebook.yaml"), threshold=0.7)


def pairs(found: CodebookTexts) -> dict[str, tuple[str, ...]]:
    return dict(zip(found.rows.table["text"], found.rows.table["labels"], strict=True))


def test_definitions_inclusion_rules_and_examples_carry_their_frame() -> None:
    of = book(
        {"definition": "Speaks of order.", "include": ("balance of powers",), "examples": (EXAMPLE,)},
        {"exclude": ("speaks of cities alone",)},
    )
    assert pairs(read(of)) == {
        "Speaks of order.": ("f0",),
        "balance of powers": ("f0",),
        EXAMPLE: ("f0",),
    }
    assert any("3 texts of the codebook" in note for note in read(of).notes)


def test_a_drafted_codebook_teaches_nothing() -> None:
    found = read(draft_codebook("b", ["a", "b"], mode="multi_label"))
    assert not len(found.rows)
    assert not found.notes


def test_a_text_of_several_frames() -> None:
    frames = ({"examples": (EXAMPLE,)}, {"examples": (EXAMPLE, "shells and bases")})
    assert pairs(read(book(*frames)))[EXAMPLE] == ("f0", "f1")
    assert list(pairs(read(book(*frames, mode="single_label")))) == ["shells and bases"]


@pytest.mark.parametrize(
    "held",
    [
        EXAMPLE,
        EXAMPLE.upper() + " https://t.me/mfa/1",
        attack_text(EXAMPLE, "zero-width", rate=0.9, seed=1),
        EXAMPLE.replace("Every", "Any"),
        f"He said this. {EXAMPLE} And then he left for the station.",
    ],
    ids=["copy", "with a link", "disguised", "edited", "inside"],
)
@pytest.mark.parametrize("fold", [0, 1, 2])
def test_what_a_labelled_row_of_any_fold_holds_is_left_out(held: str, fold: int) -> None:
    folds = [labelled([f"{ROW.table['text'][0]} {n}"], [()]) for n in range(3)]
    folds[fold] = labelled([held], [()])
    of = book({"examples": (EXAMPLE, "balance of powers")})
    found = read(of, *folds)
    assert list(pairs(found)) == ["balance of powers"]
    assert any("1 texts of the codebook stand in labelled rows" in note for note in found.notes)


@pytest.mark.parametrize("row", ["moves the missiles a few minutes closer", "closer to our cities"])
@pytest.mark.parametrize("fold", [0, 1, 2])
def test_an_example_that_holds_a_labelled_row_is_left_out(row: str, fold: int) -> None:
    folds = [labelled([f"{ROW.table['text'][0]} {n}"], [()]) for n in range(3)]
    folds[fold] = labelled([row], [()])
    found = read(book({"examples": (EXAMPLE, "balance of powers")}), *folds)
    assert list(pairs(found)) == ["balance of powers"]


@settings(deadline=None)
@given(
    st.lists(TEXTS, min_size=1, max_size=6),
    st.lists(TEXTS, max_size=6),
)
def test_no_row_holds_what_is_kept(examples: list[str], texts: list[str]) -> None:
    of = book({"examples": tuple(text for text in examples if text.strip())})
    found = read(of, labelled(texts, [()] * len(texts)))
    rows = [f" {' '.join(words)} " for words in find_words(texts)]
    for words in find_words(list(pairs(found))):
        mine = f" {' '.join(words)} "
        assert mine not in rows
        assert len(words) < 4 or not any(mine in row for row in rows)
        assert not any(row in mine for row in rows if len(row.split()) >= 4)


@pytest.mark.parametrize(
    ("stated", "taught"), [("en", True), ("en-GB", True), ("English", True), ("ru", False), (None, True)]
)
def test_a_codebook_in_another_language_than_most_rows(stated: str | None, taught: bool) -> None:
    found = read(book({"examples": (EXAMPLE,)}, language=stated))
    assert bool(len(found.rows)) == taught
    assert any("written in 'ru' and most rows in 'en'" in note for note in found.notes) != taught


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder"))


def model_settings(kind: str, encoder: Path) -> ModelSettings:
    tfidf = TfidfSettings(c_grid=(3.0,), min_df=1)
    transformer = TransformerSettings(
        encoder=str(encoder), epochs=2, max_tokens=32, inner_folds=2, device="cpu", freeze_embeddings=False
    )
    return {
        "tfidf": tfidf,
        "transformer": transformer,
        "blend": BlendSettings(tfidf=tfidf, transformer=transformer),
        "cascade": CascadeSettings(tfidf=tfidf, second=transformer),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "normalise_text"),
    [("tfidf", False), ("tfidf", True), ("transformer", True), ("blend", True), ("cascade", True)],
)
def test_every_kind_learns_from_them_and_judges_rows_alone(
    kind: str, normalise_text: bool, encoder: Path, tmp_path: Path
) -> None:
    rows = toy_rows(40)
    taught = labelled(["missile " * 3] * 30, [FRAMES[:1]] * 30)  # in the rows it is a word of another frame
    found = {}
    for name, texts in (("with", taught), ("without", None)):
        model = build_classifier(
            model_settings(kind, encoder), FRAMES, single_label=False, normalise_text=normalise_text
        )
        context = replace(quiet_context(tmp_path / name), codebook_texts=texts)
        context.work_folder.mkdir()
        summary = model.fit(rows, None, each_its_own_cluster(rows), context)
        assert summary.require_out_of_fold(rows).shape == (len(rows), len(FRAMES))
        found[name] = model.predict_proba(["missile " * 3])[0]
    if kind == "cascade":  # its stages are calibrated on the rows, so that only some difference is sure
        assert (found["with"] != found["without"]).any()
    else:
        assert found["with"][0] > found["without"][0]


def test_out_of_fold_models_learn_from_them_as_well(tmp_path: Path) -> None:
    rows = toy_rows(30)
    alien = labelled([*rows.table["text"][:-1], "zyxwv zyxwv"], rows.table["labels"])
    taught = labelled(["zyxwv"] * 20, [FRAMES[:1]] * 20)
    model = build_classifier(TfidfSettings(c_grid=(3.0,)), FRAMES, single_label=False)
    context = replace(quiet_context(tmp_path), codebook_texts=taught)
    out_of_fold = model.fit(alien, None, each_its_own_cluster(alien), context).require_out_of_fold(alien)
    assert np.argmax(out_of_fold[-1]) == 0
    assert out_of_fold[-1, 0] > 0.5


def test_rows_of_a_codebook_fit_those_of_the_data() -> None:
    assert pairs(read(codebook()))["Speaks of order."] == FRAMES[:1]


CONFIG = """
name: taught
data: {codebook: codebook.yaml, labelled: labelled.jsonl}
folds: {method: cluster}
model: {kind: tfidf, c_grid: [3.0]}
decisions: {rare_frames: warn}
output: runs
"""


def test_a_model_knows_that_it_has_seen_what_it_learnt_and_nothing_else(tmp_path: Path) -> None:
    rows = toy_rows(60)
    held = str(rows.table["text"][0])
    frames = [{"id": f, "name": f, "definition": f"Speaks of {f}."} for f in FRAMES]
    frames[0]["examples"] = [EXAMPLE, held]
    (tmp_path / "codebook.yaml").write_text(json.dumps({"name": "toy", "frames": frames}), encoding="utf-8")
    lines = [
        json.dumps({"text": text, "labels": list(labels)})
        for text, labels in zip(rows.table["text"], rows.table["labels"], strict=True)
    ]
    (tmp_path / "labelled.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "run.yaml").write_text(CONFIG, encoding="utf-8")
    for change, learnt in (([], True), (["data.learn_from_codebook=false"], False)):
        result = run_training(load_run_config(tmp_path / "run.yaml", change), NullTracker(), lambda *_: None)
        digests = load_bundle(result.bundle).read_arrays("training_texts")["digests"]
        assert find_seen([EXAMPLE], digests).all() == learnt
        assert not find_seen(list(result.folds.test.table["text"]), digests).any()
        assert any("are learnt from" in note for note in result.notes) == learnt


# What a language model is told


def test_a_prompt_holds_no_labelled_row_but_keeps_rules_that_stand_in_one() -> None:
    row = str(ROW.table["text"][0])
    copy = row.replace("fine", "nice")
    rule = "the weather of today"  # a turn of phrase, of which a row may be made
    told = hide_known(
        book(
            {
                "definition": "Speaks of the weather.",
                "include": (rule, row),
                "exclude": (copy, "climate"),
                "examples": (copy, rule, f"He said: {row} And left.", "It rains."),
            }
        ),
        [ROW],
        threshold=0.7,
    ).frames[0]
    assert told.include == (rule,)
    assert told.exclude == ("climate",)
    assert told.examples == ("It rains.",)


def test_a_definition_that_holds_a_labelled_row_is_refused() -> None:
    with pytest.raises(DataError, match="the definition of 'f0' holds a labelled sentence"):
        hide_known(book({"definition": f"Such as: {ROW.table['text'][0]}"}), [ROW], threshold=0.7)
