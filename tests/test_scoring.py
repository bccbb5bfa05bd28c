import hashlib
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.bundle import ModelBundle
from pipeline.data.text.sentences import split_sentences
from pipeline.errors import ModelError
from pipeline.scoring import score_posts
from pipeline.scoring.score_posts import ScoredBatch, post_schema, score_batch, sentence_schema

STAMP = datetime(2024, 5, 1, 12, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("post_key", pa.string()),
        ("channel", pa.string()),
        ("message_id", pa.int64()),
        ("published_at", TIME),
        ("text", pa.string()),
        ("forwarded_from", pa.string()),
        ("edited_at", TIME),
        ("views", pa.int64()),
        ("forwards", pa.int64()),
        ("lang", pa.string()),
        ("content_hash", pa.string()),
    ]
)
THREAT = "threat: from outside"
ORDER_POST = (
    "The world order is changing today. They threaten our borders! The weather is fine.\nhttps://x.org"
)


def make_batch(texts: list[str], **columns: list[Any]) -> pa.RecordBatch:
    rows = [
        {
            "post_key": f"c/{i}",
            "channel": "c",
            "message_id": i,
            "published_at": STAMP,
            "text": text,
            "lang": "en",
            "content_hash": hashlib.sha256(text.encode()).hexdigest(),
            **{name: values[i] for name, values in columns.items()},
        }
        for i, text in enumerate(texts)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def score(texts: list[str], bundle: ModelBundle) -> ScoredBatch:
    return score_batch(make_batch(texts), bundle, scored_at=STAMP)


def test_sentences_carry_probabilities_of_the_model(tiny_bundle: ModelBundle) -> None:
    rows = score([ORDER_POST], tiny_bundle).sentences.to_pylist()
    assert [row["text"] for row in rows] == [
        "The world order is changing today.",
        "They threaten our borders!",
        "The weather is fine.",
    ]
    expected, decided = tiny_bundle.predict([row["text"] for row in rows])
    for row, probabilities, flags in zip(rows, expected, decided, strict=True):
        for frame, probability, flag in zip(tiny_bundle.frame_ids, probabilities, flags, strict=True):
            assert row[f"p_{frame}"] == pytest.approx(probability, abs=1e-6)
            assert (frame in row["frames"]) == flag
    assert [row["frames"] for row in rows] == [["order"], [THREAT], []]


def test_a_post_has_the_maximum_the_union_and_the_evidence(tiny_bundle: ModelBundle) -> None:
    scored = score([ORDER_POST], tiny_bundle)
    [post], sentences = scored.posts.to_pylist(), scored.sentences.to_pylist()
    assert (post["n_sentences"], post["n_boilerplate"]) == (3, 1)
    assert post["frames"] == ["order", THREAT]
    for frame in tiny_bundle.frame_ids:
        assert post[f"p_{frame}"] == max(row[f"p_{frame}"] for row in sentences)
    assert [
        (e["frame"], e["sentence_index"], ORDER_POST[e["start"] : e["end"]]) for e in post["evidence"]
    ] == [("order", 0, "The world order is changing today."), (THREAT, 1, "They threaten our borders!")]
    assert post["evidence"][0]["probability"] == post["p_order"]


def test_posts_without_sentences_keep_their_row(tiny_bundle: ModelBundle) -> None:
    scored = score(["", "#tag https://x.org", ORDER_POST, " \n"], tiny_bundle)
    posts = scored.posts.to_pylist()
    assert [post["n_sentences"] for post in posts] == [0, 0, 3, 0]
    assert [post["n_boilerplate"] > 0 for post in posts] == [False, True, True, False]
    for post in (posts[0], posts[1], posts[3]):
        assert post["p_order"] is None
        assert post["frames"] == post["evidence"] == []
    assert {row["post_key"] for row in scored.sentences.to_pylist()} == {"c/2"}


def test_no_posts_give_empty_tables(tiny_bundle: ModelBundle) -> None:
    for texts in ([], [""]):
        scored = score(texts, tiny_bundle)
        assert scored.sentences.num_rows == 0
        assert scored.posts.num_rows == len(texts)
        assert scored.sentences.schema == sentence_schema(tiny_bundle.frame_ids)
        assert scored.posts.schema == post_schema(tiny_bundle.frame_ids)


def test_every_row_says_where_it_comes_from(tiny_bundle: ModelBundle) -> None:
    scored = score([ORDER_POST, ""], tiny_bundle)
    for row in (*scored.sentences.to_pylist(), *scored.posts.to_pylist()):
        assert row["model_id"] == tiny_bundle.model_id
        assert row["bundle_hash"] == tiny_bundle.bundle_hash
        assert row["codebook_hash"] == tiny_bundle.codebook.content_hash
        assert row["scored_at"] == STAMP
        assert len(row["content_hash"]) == 64


class CountingClassifier:
    """Gives the same probability to every text and remembers which it was asked for."""

    def __init__(self, value: float = 0.5) -> None:
        self.seen: list[str] = []
        self.value = value

    def predict_proba(self, texts: list[str]) -> np.ndarray[Any, Any]:
        self.seen += texts
        return np.full((len(texts), 3), self.value, np.float32)

    def find_cut(self, texts: list[str]) -> np.ndarray[Any, Any]:
        return np.array([len(text) > 30 for text in texts], bool)


def with_classifier(bundle: ModelBundle, classifier: Any) -> ModelBundle:
    return ModelBundle(
        bundle.folder, bundle.manifest, bundle.codebook, classifier, bundle.decisions, bundle.metrics
    )


def test_equal_sentences_are_scored_once(tiny_bundle: ModelBundle) -> None:
    classifier = CountingClassifier()
    scored = score([ORDER_POST] * 5, with_classifier(tiny_bundle, classifier))
    assert len(classifier.seen) == len(set(classifier.seen)) == 3
    assert scored.sentences.num_rows == 15


def test_sentences_that_are_cut_are_counted_with_their_copies(tiny_bundle: ModelBundle) -> None:
    scored = score([ORDER_POST] * 5, with_classifier(tiny_bundle, CountingClassifier()))
    assert scored.n_cut == 5  # of its sentences, one has more than 30 characters
    assert score([ORDER_POST], tiny_bundle).n_cut == 0


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_model_that_gives_no_numbers_is_refused(tiny_bundle: ModelBundle) -> None:
    with pytest.raises(ModelError, match="no numbers"):
        score([ORDER_POST], with_classifier(tiny_bundle, CountingClassifier(float("nan"))))


TEXTS = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
        st.lists(
            st.sampled_from(["The world order is changing. ", "They threaten us!\n", "#tag ", "👍 ", "Да. "]),
            max_size=6,
        ).map("".join),
    ),
    max_size=6,
)


@given(TEXTS)
@settings(deadline=None, max_examples=60)
def test_offsets_point_into_the_post(tiny_bundle: ModelBundle, texts: list[str]) -> None:
    scored = score(texts, tiny_bundle)
    by_key = {f"c/{i}": text for i, text in enumerate(texts)}
    for row in scored.sentences.to_pylist():
        assert by_key[row["post_key"]][row["start"] : row["end"]] == row["text"]
    for post in scored.posts.to_pylist():
        sentences = split_sentences(by_key[post["post_key"]])
        assert post["n_sentences"] + post["n_boilerplate"] == len(sentences)
        assert [e["frame"] for e in post["evidence"]] == post["frames"]
        for e in post["evidence"]:
            assert (sentences[e["sentence_index"]].start, sentences[e["sentence_index"]].end) == (
                e["start"],
                e["end"],
            )


@given(TEXTS, st.integers(0, 6))
@settings(deadline=None, max_examples=30)
def test_cutting_a_batch_changes_nothing(tiny_bundle: ModelBundle, texts: list[str], cut: int) -> None:
    batch = make_batch(texts)
    whole = score_batch(batch, tiny_bundle, scored_at=STAMP)
    parts = [
        score_batch(part, tiny_bundle, scored_at=STAMP) for part in (batch.slice(0, cut), batch.slice(cut))
    ]
    for table in ("posts", "sentences"):
        joined = pa.concat_tables([getattr(part, table) for part in parts])
        assert joined.to_pylist() == getattr(whole, table).to_pylist()


@given(TEXTS, st.integers(1, 4))
@settings(deadline=None, max_examples=30)
def test_a_window_may_be_held_in_parts_even_within_a_post(
    tiny_bundle: ModelBundle, texts: list[str], at_once: int
) -> None:
    whole = score(texts, tiny_bundle)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(score_posts, "SENTENCES_AT_ONCE", at_once)
        parts = score(texts, tiny_bundle)
    for table in ("posts", "sentences"):
        assert getattr(parts, table).to_pylist() == getattr(whole, table).to_pylist()
    assert parts.n_cut == whole.n_cut
