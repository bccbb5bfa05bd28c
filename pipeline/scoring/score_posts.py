"""Posts in, scored sentences and scored posts out: the one function that every way of scoring calls.

Columns of a scored sentence: post_key, content_hash (of the post), channel, message_id, published_at,
sentence_index, start, end (characters of the post's text), text, lang, `p_<frame id>` for each frame
(calibrated probability), frames (decided), where the figures come from: model_id, bundle_hash,
codebook_hash, scored_at, and sequence, which is that of its post.

Columns of a scored post: its own (no text), n_sentences (scored), n_boilerplate (seen, not scored),
`p_<frame id>` (the largest over its sentences; null without a sentence), frames (decided for any sentence),
evidence (for each of these frames the most probable sentence among those it was decided for), the same
four columns of provenance, and sequence: a number of its own, larger the later it was seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.data.sentences import Sentence, split_sentences
from pipeline.errors import ModelError

TEXTS_AT_ONCE = 16_384  # bounds memory; far more than a token batch, so that sorting by length pays

_PREFIX = "p_"
_TIME = pa.timestamp("us", tz="UTC")
_PROVENANCE = [
    pa.field("model_id", pa.string()),
    pa.field("bundle_hash", pa.string()),
    pa.field("codebook_hash", pa.string()),
    pa.field("scored_at", _TIME),
]
_SEQUENCE = pa.field("sequence", pa.int64())
_EVIDENCE = pa.struct(
    [
        pa.field("frame", pa.string()),
        pa.field("sentence_index", pa.int32()),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("probability", pa.float32()),
    ]
)
_POST_COLUMNS = (
    ("post_key", pa.string()),
    ("content_hash", pa.string()),
    ("channel", pa.string()),
    ("message_id", pa.int64()),
    ("published_at", _TIME),
    ("edited_at", _TIME),
    ("forwarded_from", pa.string()),
    ("views", pa.int64()),
    ("forwards", pa.int64()),
    ("lang", pa.string()),
)
_SHARED_COLUMNS = ("post_key", "content_hash", "channel", "message_id", "published_at")


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """The scores of some posts.

    Attributes:
        sentences: rows of `sentence_schema`.
        posts: rows of `post_schema`.
        n_cut: sentences whose end the model did not read, for being longer than it can.
    """

    sentences: pa.Table
    posts: pa.Table
    n_cut: int = 0


def probability_column(frame_id: str) -> str:
    """Name of a frame's column; the id stays as it is, whatever its characters."""
    return f"{_PREFIX}{frame_id}"


def list_frames(schema: pa.Schema) -> tuple[str, ...]:
    """The frames of `sentence_schema` or `post_schema`."""
    return tuple(name.removeprefix(_PREFIX) for name in schema.names if name.startswith(_PREFIX))


def sentence_schema(frame_ids: Sequence[str]) -> pa.Schema:
    """Columns of the sentences table, in order."""
    types = dict(_POST_COLUMNS)
    return pa.schema(
        [
            *(pa.field(name, types[name]) for name in _SHARED_COLUMNS),
            pa.field("sentence_index", pa.int32()),
            pa.field("start", pa.int32()),
            pa.field("end", pa.int32()),
            pa.field("text", pa.string()),
            pa.field("lang", pa.string()),
            *_frame_fields(frame_ids),
            *_PROVENANCE,
            _SEQUENCE,
        ]
    )


def post_schema(frame_ids: Sequence[str]) -> pa.Schema:
    """Columns of the posts table, in order."""
    return pa.schema(
        [
            *(pa.field(name, kind) for name, kind in _POST_COLUMNS),
            pa.field("n_sentences", pa.int32()),
            pa.field("n_boilerplate", pa.int32()),
            *_frame_fields(frame_ids),
            pa.field("evidence", pa.list_(_EVIDENCE)),
            *_PROVENANCE,
            _SEQUENCE,
        ]
    )


def _frame_fields(frame_ids: Sequence[str]) -> list[pa.Field]:
    probabilities = [pa.field(probability_column(frame_id), pa.float32()) for frame_id in frame_ids]
    return [*probabilities, pa.field("frames", pa.list_(pa.string()))]


@dataclass(frozen=True, slots=True)
class _Scores:
    """Scored sentences, post after post: counts and starts (n_posts,), the others (n_sentences, k)."""

    counts: NDArray[np.int64]
    starts: NDArray[np.int64]  # row of each post's first sentence
    sentences: list[Sentence]
    probabilities: NDArray[np.float32]
    decided: NDArray[np.bool_]
    frame_ids: tuple[str, ...]


def score_batch(posts: pa.RecordBatch, bundle: ModelBundle, *, scored_at: datetime) -> ScoredBatch:
    """Split posts into sentences and score each distinct sentence once.

    Args:
        posts: rows of `pipeline.data.posts.POSTS_SCHEMA` (source columns are not needed); empty texts are
            posts without sentences. Their column `sequence` is kept; without one it is null, in scores that nobody
            keeps.
        bundle: the model.
        scored_at: the stamp of the run, the same for all its rows.

    Raises:
        ModelError: the model gave something that is no number.
    """
    split = [split_sentences(text) for text in posts.column("text").to_pylist()]
    kept = [[s for s in sentences if not s.is_boilerplate] for sentences in split]
    counts = np.array([len(sentences) for sentences in kept], np.int64)
    n_boilerplate = np.array([len(sentences) for sentences in split], np.int64) - counts
    flat = [s for sentences in kept for s in sentences]
    probabilities, decided, is_cut = _predict_distinct([s.text for s in flat], bundle)
    starts = np.cumsum(counts) - counts
    scores = _Scores(counts, starts, flat, probabilities, decided, bundle.frame_ids)
    provenance = (bundle.model_id, bundle.bundle_hash, bundle.codebook.content_hash, scored_at)
    return ScoredBatch(
        _to_table(_describe_sentences(posts, scores), sentence_schema(bundle.frame_ids), provenance),
        _to_table(_describe_posts(posts, scores, n_boilerplate), post_schema(bundle.frame_ids), provenance),
        n_cut=int(is_cut.sum()),
    )


def _predict_distinct(
    texts: list[str], bundle: ModelBundle
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Calibrated probabilities and decisions, both (n_texts, k), and whether each text was cut, (n_texts,).

    Equal texts are predicted once.
    """
    place = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    distinct, n_frames = list(place), len(bundle.frame_ids)
    probabilities = np.zeros((len(distinct), n_frames), np.float32)
    decided = np.zeros((len(distinct), n_frames), bool)
    for start in range(0, len(distinct), TEXTS_AT_ONCE):
        rows = slice(start, start + TEXTS_AT_ONCE)
        probabilities[rows], decided[rows] = bundle.predict(distinct[rows])
    if np.isnan(probabilities).any():
        raise ModelError(
            f"{bundle.folder}: the model gave values that are no numbers; its weights are damaged"
        )
    of_text = np.fromiter((place[text] for text in texts), np.int64, len(texts))
    return probabilities[of_text], decided[of_text], bundle.classifier.find_cut(distinct)[of_text]


def _describe_sentences(posts: pa.RecordBatch, scores: _Scores) -> dict[str, pa.Array]:
    of_post = pa.array(np.repeat(np.arange(len(scores.counts)), scores.counts))
    columns = {name: posts.column(name).take(of_post) for name in (*_SHARED_COLUMNS, "lang")}
    columns[_SEQUENCE.name] = _number(posts).take(of_post)
    columns |= _describe_places(scores.sentences)
    columns["text"] = pa.array([s.text for s in scores.sentences], pa.string())
    for k, frame_id in enumerate(scores.frame_ids):
        columns[probability_column(frame_id)] = pa.array(scores.probabilities[:, k])
    columns["frames"] = list_decided(scores.decided, scores.frame_ids)
    return columns


def _describe_posts(
    posts: pa.RecordBatch, scores: _Scores, n_boilerplate: NDArray[np.int64]
) -> dict[str, pa.Array]:
    has_any = scores.counts > 0
    largest = np.zeros((len(has_any), len(scores.frame_ids)), np.float32)
    decided = np.zeros(largest.shape, bool)
    if has_any.any():
        largest[has_any] = np.maximum.reduceat(scores.probabilities, scores.starts[has_any])
        decided[has_any] = np.logical_or.reduceat(scores.decided, scores.starts[has_any])
    columns = {name: posts.column(name) for name, _ in _POST_COLUMNS}
    columns[_SEQUENCE.name] = _number(posts)
    columns["n_sentences"], columns["n_boilerplate"] = pa.array(scores.counts), pa.array(n_boilerplate)
    for k, frame_id in enumerate(scores.frame_ids):
        columns[probability_column(frame_id)] = pa.array(largest[:, k], mask=~has_any)
    columns["frames"] = list_decided(decided, scores.frame_ids)
    columns["evidence"] = _list_evidence(decided, scores)
    return columns


def _number(posts: pa.RecordBatch) -> pa.Array:
    if _SEQUENCE.name in posts.schema.names:
        return posts.column(_SEQUENCE.name)
    return pa.nulls(posts.num_rows, pa.int64())


def _list_evidence(decided_posts: NDArray[np.bool_], scores: _Scores) -> pa.Array:
    """For each decided frame of each post, in codebook order, the sentence that shows it best."""
    of_post, frames = np.nonzero(decided_posts)
    best = [_find_best_sentence(scores, int(post), int(k)) for post, k in zip(of_post, frames, strict=True)]
    fields = {
        "frame": pa.array([scores.frame_ids[k] for k in frames], pa.string()),
        **_describe_places([scores.sentences[row] for row in best]),
        "probability": pa.array(scores.probabilities[best, frames], pa.float32()),
    }
    values = pa.StructArray.from_arrays([fields[field.name] for field in _EVIDENCE], fields=list(_EVIDENCE))
    return pa.ListArray.from_arrays(_offsets(decided_posts), values)


def _find_best_sentence(scores: _Scores, post: int, k: int) -> int:
    """Row of the most probable sentence of a post among those decided for frame `k`; the first of equals."""
    start = int(scores.starts[post])
    rows = slice(start, start + int(scores.counts[post]))
    return start + int(np.where(scores.decided[rows, k], scores.probabilities[rows, k], -1).argmax())


def _describe_places(sentences: list[Sentence]) -> dict[str, pa.Array]:
    return {
        "sentence_index": pa.array([s.index for s in sentences], pa.int32()),
        "start": pa.array([s.start for s in sentences], pa.int32()),
        "end": pa.array([s.end for s in sentences], pa.int32()),
    }


def list_decided(decided: NDArray[np.bool_], frame_ids: tuple[str, ...]) -> pa.Array:
    """Ids of the decided frames of each row, in codebook order."""
    chosen = pa.array(np.nonzero(decided)[1])
    return pa.ListArray.from_arrays(_offsets(decided), pa.array(frame_ids, pa.string()).take(chosen))


def _offsets(decided: NDArray[np.bool_]) -> pa.Array:
    """Where each row's list begins and the last one ends, shape (n + 1,)."""
    return pa.array(np.concatenate([[0], decided.sum(axis=1).cumsum()]), pa.int32())


def _to_table(columns: dict[str, pa.Array], schema: pa.Schema, provenance: tuple[Any, ...]) -> pa.Table:
    n_rows = len(columns["frames"])
    for field, value in zip(_PROVENANCE, provenance, strict=True):
        columns[field.name] = pa.repeat(pa.scalar(value, field.type), n_rows)
    return pa.table([columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema)
