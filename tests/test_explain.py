import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import FRAMES, WORDS, codebook, each_its_own_cluster, labelled, quiet_context, toy_rows
from conftest import make_tiny_bundle
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.classifiers.normalised_text import NormalisedText
from pipeline.classifiers.protocols import FittedClassifier, Probabilities
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.cli import app
from pipeline.commands.explain import mark_words
from pipeline.config.model import TfidfSettings
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.errors import DataError
from pipeline.explanation.linear_effects import contribute_characters
from pipeline.explanation.text_explanation import (
    PlacedSentence,
    explain_sentences,
    find_units,
    place_sentences,
    read_placed_sentences,
)
from pipeline.measures.calibration import Calibrator, logit
from pipeline.measures.decision_rule import DecisionRule
from pipeline.scoring.prediction import predict

TOY = [word for part in WORDS.values() for word in part]
PIECES = st.sampled_from(
    [*TOY, "İstanbul", "Σας", "don't", "и", " ", "\n\t", "—", ", ", "😀", "x" * 30, "\x1b[2J", ""]
)


def fit(*, single_label: bool = False) -> TfidfBaseline:
    model = TfidfBaseline(
        TfidfSettings(min_df=1, char_ngrams=(1, 4), c_grid=(10.0,)), FRAMES, single_label=single_label
    )
    rows = toy_rows(60, single_label=single_label)
    model.fit(rows, None, each_its_own_cluster(rows), quiet_context(Path("unused")))
    return model


BASELINE = fit()


class Occluded:
    """The baseline behind another type, so that its words have to be left out."""

    kind = "wrapped"
    labels: tuple[str, ...] = FRAMES

    def __init__(self, model: TfidfBaseline = BASELINE) -> None:
        self._model = model

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        return self._model.predict_proba(texts)

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        return np.zeros(len(texts), bool)

    def save(self, folder: Path) -> None:
        raise NotImplementedError


def bundle_of(classifier: FittedClassifier, *, single_label: bool = False) -> ModelBundle:
    rule = DecisionRule(
        Calibrator(np.array([0.7, 1.0, 1.3]), np.array([0.2, 0.0, -0.5]), softmax=single_label),
        np.full(3, 0.5),
        single_label,
    )
    mode = "single_label" if single_label else "multi_label"
    return ModelBundle(
        Path("toy"), {"name": "toy", "bundle_hash": "0" * 64}, codebook(mode=mode), classifier, rule, {}
    )


@settings(deadline=None, max_examples=80)
@given(st.lists(PIECES, max_size=12), st.sampled_from(["", " "]))
@example(["order", "order", "order"], " ")
@example(["a"], "")
def test_contributions_of_characters_add_up_to_the_score_less_its_offset(
    pieces: list[str], between: str
) -> None:
    text = between.join(pieces)
    contributions = contribute_characters(BASELINE, text)
    assert contributions.shape == (len(text), 3)
    probabilities = BASELINE.predict_proba([text])[0].astype(float)
    scores = np.log(probabilities) - np.log1p(-probabilities)
    # Probabilities are given in single precision, of which little is left near 1.
    precision = 2e-5 + 2e-7 / (probabilities * (1 - probabilities))
    assert (np.abs(contributions.sum(axis=0) + BASELINE.offsets - scores) <= precision).all()
    assert not contributions[[i for i, character in enumerate(text) if character.isspace()]].any()


@settings(deadline=None, max_examples=60)
@given(st.lists(PIECES, max_size=12), st.sampled_from(["", " "]))
@example(["переговоры", "перемирие"], " ")
def test_words_with_the_base_make_the_calibrated_log_odds(pieces: list[str], between: str) -> None:
    bundle, text = bundle_of(BASELINE), between.join(pieces)
    evidence = explain_sentences(bundle, [PlacedSentence(0, 7, text)], FRAMES).evidence
    # Not from the probabilities: in single precision little is left of them near 1.
    parts = (part.transform([text]) @ weights for part, weights in BASELINE.linear_parts())
    expected = (BASELINE.offsets + sum(parts))[0] * bundle.decisions.calibrator.slopes
    expected = expected + bundle.decisions.calibrator.offsets
    for k, of_frame in enumerate(evidence):
        assert of_frame.method == "exact"
        assert of_frame.base is not None
        total = of_frame.base + sum(word.effect for word in of_frame.words)
        assert total == pytest.approx(of_frame.log_odds)
        assert total == pytest.approx(expected[k], abs=1e-4)
        for word in of_frame.words:
            assert text[word.start - 7 : word.end - 7] == word.text


@pytest.mark.parametrize("classifier", [BASELINE, Occluded()])
def test_words_of_a_disguised_text_are_those_of_the_original_with_the_effects_of_the_plain_one(
    classifier: FittedClassifier,
) -> None:
    bundle = bundle_of(NormalisedText(classifier))
    plain, disguised = "the missile and перемирие 😀", "the  mis\u200bsіle and пеpe\u0336м😀ирие😀"
    (one,) = explain_sentences(bundle, [PlacedSentence(0, 5, plain)], ["threat"]).evidence
    (other,) = explain_sentences(bundle, [PlacedSentence(0, 5, disguised)], ["threat"]).evidence
    assert other.text == disguised
    assert [disguised[word.start - 5 : word.end - 5] for word in other.words] == [w.text for w in other.words]
    assert [word.text for word in other.words][1:4:2] == ["mis\u200bsіle", "пеpe\u0336м😀ирие"]
    assert [word.effect for word in other.words] == pytest.approx(
        [word.effect for word in one.words], abs=1e-5
    )
    assert other.log_odds == pytest.approx(one.log_odds)


def test_units_cover_all_but_white_space() -> None:
    text = "Don't  re-open: «мир-перемирие», ok?!\n😀 _x_"
    units = find_units(text)
    assert [text[start:end] for start, end in units] == [
        *("Don't", "re-open", ":", "«", "мир-перемирие", "»,", "ok", "?!", "😀", "_x_")
    ]
    covered = {place for start, end in units for place in range(start, end)}
    assert covered == {i for i, character in enumerate(text) if not character.isspace()}


def test_letters_of_chinese_are_shown_in_runs_whose_effects_still_add_up() -> None:
    parts = ("导弹推到边界", "桥梁连接和平", "集市卖水果")
    rows = labelled([f"{parts[i % 3]}{i}号报道。" for i in range(36)], [(FRAMES[i % 3],) for i in range(36)])
    model = TfidfBaseline(
        TfidfSettings(min_df=1, char_ngrams=(1, 3), c_grid=(10.0,)), FRAMES, single_label=False
    )
    model.fit(rows, None, each_its_own_cluster(rows), quiet_context(Path("unused")))
    for classifier in (model, Occluded(model)):
        sentences = place_sentences("他们把导弹运到了边界。")
        (evidence,) = explain_sentences(bundle_of(classifier), sentences, FRAMES[:1]).evidence
        strongest = max(evidence.words, key=lambda word: word.effect)
        assert strongest.text in {"导弹", "边界", "导弹运"}, "neither a letter nor the sentence"
        if evidence.base is not None:
            total = evidence.base + sum(word.effect for word in evidence.words)
            assert total == pytest.approx(evidence.log_odds)


def test_the_words_of_a_frame_raise_it_by_both_methods() -> None:
    text = "сегодня the missile at the border and football"
    for classifier, method in ((BASELINE, "exact"), (Occluded(), "left out")):
        (evidence,) = explain_sentences(
            bundle_of(classifier), [PlacedSentence(0, 0, text)], ["threat"]
        ).evidence
        assert evidence.method == method
        strongest = sorted(evidence.words, key=lambda word: -word.effect)[:2]
        assert {word.text for word in strongest} == {"missile", "border"}


def test_leaving_a_word_out_is_what_its_effect_says() -> None:
    bundle, text = bundle_of(Occluded()), "the missile at the border"
    (evidence,) = explain_sentences(bundle, [PlacedSentence(0, 0, text)], ["threat"]).evidence
    whole, without = logit(bundle.predict([text, "the  at the border"])[0])[:, 1]
    assert evidence.words[1].text == "missile"
    assert evidence.words[1].effect == pytest.approx(whole - without)
    assert evidence.base is None


def test_a_softmax_is_no_sum_and_its_words_are_left_out() -> None:
    bundle = bundle_of(fit(single_label=True), single_label=True)
    evidence = explain_sentences(bundle, [PlacedSentence(0, 0, "missile shells army")]).evidence
    assert [(e.frame, e.method, e.threshold) for e in evidence] == [("threat", "left out", None)]


def test_evidence_is_the_most_probable_decided_sentence_and_frames_may_be_asked_for() -> None:
    post = "The weather today. Missile at the border. Army missile shells border base!\nThe great order of powers."
    sentences = place_sentences(post)
    found = explain_sentences(bundle_of(BASELINE), sentences).evidence
    assert [(e.frame, e.is_decided) for e in found] == [("order", True), ("threat", True)]
    probabilities = bundle_of(BASELINE).predict([s.text for s in sentences])[0]
    assert found[1].sentence_index == probabilities[:, 1].argmax()
    for evidence in found:
        assert post[evidence.start :].startswith(evidence.text)
        assert all(post[word.start : word.end] == word.text for word in evidence.words)
    (asked,) = explain_sentences(bundle_of(BASELINE), sentences, [FRAMES[2]]).evidence
    assert (asked.frame, asked.is_decided) == (FRAMES[2], False)
    with pytest.raises(DataError, match="--frame peace: not a frame of toy"):
        explain_sentences(bundle_of(BASELINE), sentences, ["peace"])


def test_a_text_without_sentences_is_refused() -> None:
    with pytest.raises(DataError, match="no sentence to score"):
        place_sentences("#tag https://x.org \n")


def test_hostile_text_commands_no_terminal() -> None:
    text = "The \x1b]0;title\x07missile\x1b[2J at\u202e the border\x9b31m [bold]now[/bold]"
    (evidence,) = explain_sentences(bundle_of(BASELINE), [PlacedSentence(0, 0, text)], ["threat"]).evidence
    marked = mark_words(evidence)
    assert not set(marked) & set("\x1b\x07\u202e\x9b\n")
    assert "«missile +" in marked
    assert "[bold]" in marked or "bold" in marked


@pytest.fixture(scope="module")
def scored(tiny_bundle: ModelBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    text = "Good morning.\n— They threaten our borders today; the weather is fine."
    row = {
        "post_key": "channel/17",
        "channel": "channel",
        "message_id": 17,
        "published_at": datetime(2025, 1, 1, tzinfo=UTC),
        "text": text,
        "lang": "en",
        "source_file": "made",
        "source_record": "row",
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
    }
    pq.write_table(pa.Table.from_pylist([row], schema=POSTS_SCHEMA), folder / "posts.parquet")
    predict([folder / "posts.parquet"], tiny_bundle, folder / "scores")
    return folder / "scores"


def test_a_scored_post_is_explained_from_its_output(
    tiny_bundle: ModelBundle, scored: Path, tmp_path: Path
) -> None:
    post = "Good morning.\n— They threaten our borders today; the weather is fine."
    explanation = explain_sentences(tiny_bundle, read_placed_sentences(scored, "channel/17", tiny_bundle))
    (evidence,) = explanation.evidence
    assert evidence.frame == "threat: from outside"
    assert max(evidence.words, key=lambda word: word.effect).text in {"They", "threaten", "our", "borders"}
    assert all(post[word.start : word.end] == word.text for word in evidence.words)
    with pytest.raises(DataError, match="no sentence of the post 'channel/18'"):
        read_placed_sentences(scored, "channel/18", tiny_bundle)
    other = make_tiny_bundle(tmp_path / "other", name="other", threshold=0.6)
    with pytest.raises(DataError, match=r"was scored by tiny@.*not by other@"):
        read_placed_sentences(scored, "channel/17", other)


def test_the_command_prints_the_marked_sentence_and_what_the_figures_mean(
    tiny_bundle: ModelBundle, scored: Path
) -> None:
    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["explain", str(tiny_bundle.folder), *arguments])
        assert done.exit_code == code, done.output
        return done.output

    printed = run("--scores", str(scored), "--post", "channel/17")
    assert "threat: from outside: probability" in printed
    assert "«threaten +" in printed
    assert "Exact: the effects" in printed
    assert "They do not say that the frame is there, why the author wrote so" in printed
    written = json.loads(run("--text", "They threaten our borders again.", "--json", "--frame", "unity.1"))
    assert [e["frame"] for e in written["evidence"]] == ["unity.1"]
    assert written["evidence"][0]["is_decided"] is False
    assert "No frame was found" in run("--text", "The weather is fine.")
    assert "either --text TEXT, or both" in run("--text", "x", "--post", "y", code=1)
