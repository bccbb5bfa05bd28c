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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.data.text.sentences import Sentence, iter_sentences
from pipeline.errors import ModelError

SENTENCES_AT_ONCE = 50_000  # of a window; few windows have as many
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
class _Run:
    """Scored sentences in a row, m of them: of which posts (m,), probabilities and decisions (m, k)."""

    of_post: NDArray[np.int64]
    sentences: list[Sentence]
    probabilities: NDArray[np.float32]
    decided: NDArray[np.bool_]


class _PostScores:
    """What is known of n posts so far: scores of all of their sentences that were met."""

    def __init__(self, n: int, n_frames: int) -> None:
        self.n_sentences, self.n_boilerplate = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self.largest = np.zeros((n, n_frames), np.float32)
        self.decided = np.zeros((n, n_frames), bool)
        self._best: dict[tuple[int, int], tuple[np.float32, Sentence]] = {}  # by post and frame

    def add(self, run: _Run) -> None:
        """Add scores of sentences, those of a post in order."""
        np.add.at(self.n_sentences, run.of_post, 1)
        np.maximum.at(self.largest, run.of_post, run.probabilities)
        np.logical_or.at(self.decided, run.of_post, run.decided)
        rows, frames = np.nonzero(run.decided)
        places = run.of_post[rows] * len(run.decided.T) + frames
        order = np.lexsort((rows, -run.probabilities[rows, frames], places))  # of equals the first
        _, firsts = np.unique(places[order], return_index=True)
        for row, k in zip(rows[order[firsts]].tolist(), frames[order[firsts]].tolist(), strict=True):
            place, probability = (int(run.of_post[row]), k), run.probabilities[row, k]
            known = self._best.get(place)
            if known is None or probability > known[0]:
                self._best[place] = probability, run.sentences[row]

    def list_evidence(self, frame_ids: tuple[str, ...]) -> pa.Array:
        """For each decided frame of each post, in codebook order, the sentence that shows it best."""
        places = list(zip(*np.nonzero(self.decided), strict=True))
        best = [self._best[int(post), int(k)] for post, k in places]
        fields = {
            "frame": pa.array([frame_ids[k] for _, k in places], pa.string()),
            **_describe_places([sentence for _, sentence in best]),
            "probability": pa.array([probability for probability, _ in best], pa.float32()),
        }
        values = pa.StructArray.from_arrays(
            [fields[field.name] for field in _EVIDENCE], fields=list(_EVIDENCE)
        )
        return pa.ListArray.from_arrays(_offsets(self.decided), values)


def score_batch(posts: pa.RecordBatch, bundle: ModelBundle, *, scored_at: datetime) -> ScoredBatch:
    """Split posts into sentences and score each distinct sentence once.

    Sentences are held `SENTENCES_AT_ONCE` at a time: four megabytes of text may be a million of them.

    Args:
        posts: rows of `pipeline.data.posts.posts_table.POSTS_SCHEMA` (source columns are not needed); empty texts are
            posts without sentences. Their column `sequence` is kept; without one it is null, in scores that nobody
            keeps.
        bundle: the model.
        scored_at: the stamp of the run, the same for all its rows.

    Raises:
        ModelError: the model gave something that is no number.
    """
    provenance = (bundle.model_id, bundle.bundle_hash, bundle.codebook.content_hash, scored_at)
    schema = sentence_schema(bundle.frame_ids)
    of_posts, tables, n_cut = _PostScores(posts.num_rows, len(bundle.frame_ids)), [schema.empty_table()], 0
    for numbers, sentences in _iter_runs(posts.column("text"), of_posts.n_boilerplate):
        probabilities, decided, is_cut = _predict_distinct([s.text for s in sentences], bundle)
        run = _Run(numbers, sentences, probabilities, decided)
        of_posts.add(run)
        n_cut += int(is_cut.sum())
        tables.append(_to_table(_describe_sentences(posts, run, bundle.frame_ids), schema, provenance))
    described = _describe_posts(posts, of_posts, bundle.frame_ids)
    return ScoredBatch(
        pa.concat_tables(tables), _to_table(described, post_schema(bundle.frame_ids), provenance), n_cut=n_cut
    )


def _iter_runs(
    texts: pa.Array, n_boilerplate: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], list[Sentence]]]:
    """Sentences to score with the numbers of their posts, some at a time; what is not scored is counted by post."""
    numbers: list[int] = []
    sentences: list[Sentence] = []
    for number, text in enumerate(texts.to_pylist()):
        for sentence in iter_sentences(text):
            if sentence.is_boilerplate:
                n_boilerplate[number] += 1
                continue
            numbers.append(number)
            sentences.append(sentence)
            if len(sentences) == SENTENCES_AT_ONCE:
                yield np.array(numbers, np.int64), sentences
                numbers, sentences = [], []
    if sentences:
        yield np.array(numbers, np.int64), sentences


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


def _describe_sentences(posts: pa.RecordBatch, run: _Run, frame_ids: tuple[str, ...]) -> dict[str, pa.Array]:
    of_post = pa.array(run.of_post)
    columns = {name: posts.column(name).take(of_post) for name in (*_SHARED_COLUMNS, "lang")}
    columns[_SEQUENCE.name] = _number(posts).take(of_post)
    columns |= _describe_places(run.sentences)
    columns["text"] = pa.array([s.text for s in run.sentences], pa.string())
    for k, frame_id in enumerate(frame_ids):
        columns[probability_column(frame_id)] = pa.array(run.probabilities[:, k])
    columns["frames"] = list_decided(run.decided, frame_ids)
    return columns


def _describe_posts(
    posts: pa.RecordBatch, scores: _PostScores, frame_ids: tuple[str, ...]
) -> dict[str, pa.Array]:
    is_empty = scores.n_sentences == 0
    columns = {name: posts.column(name) for name, _ in _POST_COLUMNS}
    columns[_SEQUENCE.name] = _number(posts)
    columns["n_sentences"], columns["n_boilerplate"] = (
        pa.array(scores.n_sentences),
        pa.array(scores.n_boilerplate),
    )
    for k, frame_id in enumerate(frame_ids):
        columns[probability_column(frame_id)] = pa.array(scores.largest[:, k], mask=is_empty)
    columns["frames"] = list_decided(scores.decided, frame_ids)
    columns["evidence"] = scores.list_evidence(frame_ids)
    return columns


def _number(posts: pa.RecordBatch) -> pa.Array:
    if _SEQUENCE.name in posts.schema.names:
        return posts.column(_SEQUENCE.name)
    return pa.nulls(posts.num_rows, pa.int64())


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
