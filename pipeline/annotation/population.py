"""What can be drawn for labelling: the sentences or posts of scores, or of a posts table.

Only keys, channels and times are held in memory (and probabilities, where a design needs them); texts are read
for the units that were drawn. Boilerplate sentences are no units, as they are never scored; a post of which
nothing else is left is none either, and is counted.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.annotation.coded_table import say_count
from pipeline.annotation.sample_files import digest_unit
from pipeline.data.posts.posts_table import is_posts_table, iter_posts
from pipeline.data.text.language import UNDETERMINED
from pipeline.data.text.sentences import split_sentences
from pipeline.errors import DataError
from pipeline.scoring.read_scores import read_scores
from pipeline.scoring.score_output import read_tables
from pipeline.scoring.score_posts import probability_column

UnitKind = Literal["sentence", "post"]
Integers = NDArray[np.int64]
PostText = tuple[str, list[tuple[int, str]]]  # whole text; index and text of each sentence that counts


@dataclass(frozen=True, eq=False)
class Population:
    """All units of a source.

    Attributes:
        kind: sentence or post.
        units: one row a unit, index 0..n-1: post_key, sentence_index (-1 for posts), channel (str), lang (of the
            whole post, None where it is not known), published_at and scored_at (datetime64[us, UTC], NaT where
            unknown).
        read_posts: keys of posts -> their texts, by key.
        frame_ids: names of the columns of `probabilities`.
        probabilities: calibrated, shape (n, k); None where the source has no scores or none were asked for.
        decided: whether each frame was decided, shape (n, k); None as above.
        notes: what a reader has to know.
    """

    kind: UnitKind
    units: pd.DataFrame
    read_posts: Callable[[Sequence[str]], dict[str, PostText]]
    frame_ids: tuple[str, ...] = ()
    probabilities: NDArray[np.float32] | None = None
    decided: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.units)

    def ids(self, rows: Integers) -> list[str]:
        """Ids of the units at these rows: the post's key, for sentences with ":" and the sentence's index."""
        keys = self.units["post_key"].iloc[rows]
        if self.kind == "post":
            return [str(key) for key in keys]
        return [f"{key}:{i}" for key, i in zip(keys, self.units["sentence_index"].iloc[rows], strict=True)]

    def subset(self, rows: Integers) -> "Population":
        """The units at these rows alone."""
        return Population(
            self.kind,
            self.units.iloc[rows].reset_index(drop=True),
            self.read_posts,
            self.frame_ids,
            None if self.probabilities is None else self.probabilities[rows],
            None if self.decided is None else self.decided[rows],
            self.notes,
        )

    def read_texts(self, rows: Integers) -> pd.DataFrame:
        """Columns text, before and after (the neighbouring sentences; empty at the ends and for posts), digest."""
        chosen = self.units.iloc[rows]
        posts = self.read_posts(list(dict.fromkeys(chosen["post_key"])))
        indices = zip(chosen["post_key"], chosen["sentence_index"], strict=True)
        found = [_find_text(posts[key], int(index)) for key, index in indices]
        return pd.DataFrame(found, columns=["text", "before", "after", "digest"])


def open_population(source: Path, kind: UnitKind, *, with_scores: bool) -> Population:
    """List the units of an output folder of `frames predict`, or of a posts table.

    Args:
        source: the folder, or the Parquet file.
        kind: what is labelled.
        with_scores: also read probabilities and decisions.

    Raises:
        DataError: neither of both, no scores where they are needed, or no unit.
    """
    if source.is_dir():
        population = _open_scores(source, kind, with_scores=with_scores)
    elif is_posts_table(source) and not with_scores:
        population = _open_posts(source, kind)
    elif with_scores:
        raise DataError(
            f"{source}: active and scored sampling needs scores: give an output folder of `frames predict`, or "
            "--design random"
        )
    else:
        raise DataError(
            f"{source}: expected an output folder of `frames predict` or a posts table of `frames ingest`"
        )
    if not len(population):
        raise DataError(f"{source}: nothing to draw from: no {kind} with text")
    return population


def _open_scores(out: Path, kind: UnitKind, *, with_scores: bool) -> Population:
    frame_ids = read_tables(out).frame_ids
    columns = ["post_key", "channel", "lang", "published_at", "scored_at"]
    columns.append("sentence_index" if kind == "sentence" else "n_sentences")
    if with_scores:
        columns += [*map(probability_column, frame_ids), "frames"]
    table = read_scores(out, "sentences" if kind == "sentence" else "posts", columns=columns)
    notes: list[str] = []
    if kind == "post":
        table["sentence_index"] = -1
        has_text = table["n_sentences"] > 0
        notes = _note_empty(int((~has_text).sum()))
        table = table[has_text].reset_index(drop=True)

    def read_posts(keys: Sequence[str]) -> dict[str, PostText]:
        rows = read_scores(out, "sentences", columns=["post_key", "sentence_index", "text"], post_keys=keys)
        posts: dict[str, PostText] = {}
        for key, group in rows.groupby("post_key", sort=False):
            sentences = list(zip(group["sentence_index"], group["text"], strict=True))
            posts[str(key)] = ("\n".join(text for _, text in sentences), sentences)
        return posts

    units = _to_units(table)
    if not with_scores:
        return Population(kind, units, read_posts, frame_ids, notes=tuple(notes))
    probabilities = table[[probability_column(frame) for frame in frame_ids]].to_numpy(np.float32)
    return Population(
        kind, units, read_posts, frame_ids, probabilities, _indicate(table["frames"], frame_ids), tuple(notes)
    )


def _open_posts(path: Path, kind: UnitKind) -> Population:
    columns: dict[str, list[object]] = {
        name: [] for name in ("post_key", "sentence_index", "channel", "lang", "published_at")
    }
    n_empty = 0
    for batch in iter_posts(path, ["post_key", "channel", "lang", "published_at", "text"]):
        for post in batch.to_pylist():
            indices = [index for index, _ in _sentences(post["text"])]
            n_empty += not indices
            if kind == "post" and indices:
                indices = [-1]
            columns["sentence_index"] += indices
            for name in ("post_key", "channel", "lang", "published_at"):
                columns[name] += [post[name]] * len(indices)

    def read_posts(keys: Sequence[str]) -> dict[str, PostText]:
        wanted, posts = set(keys), {}
        for batch in iter_posts(path, ["post_key", "text"]):
            for key, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if key in wanted:
                    posts[key] = (text, _sentences(text))
        return posts

    notes = _note_empty(n_empty) if kind == "post" else []
    return Population(
        kind, _to_units(pd.DataFrame(columns | {"scored_at": None})), read_posts, notes=tuple(notes)
    )


def _sentences(text: str) -> list[tuple[int, str]]:
    return [(s.index, s.text) for s in split_sentences(text) if not s.is_boilerplate]


def _to_units(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "post_key": table["post_key"],
            "sentence_index": table["sentence_index"].astype("int64"),
            "channel": table["channel"].fillna(""),
            "lang": table["lang"]
            .astype(object)
            .where(table["lang"].notna() & (table["lang"] != UNDETERMINED), None),
            **{
                name: pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")
                for name in ("published_at", "scored_at")
            },
        }
    )


def _indicate(frames: Iterable[Iterable[str] | None], frame_ids: tuple[str, ...]) -> NDArray[np.bool_]:
    column = {frame: k for k, frame in enumerate(frame_ids)}
    rows = list(frames)
    decided = np.zeros((len(rows), len(frame_ids)), bool)
    for i, row in enumerate(rows):
        for frame in row if row is not None else ():
            decided[i, column[frame]] = True
    return decided


def _note_empty(n: int) -> list[str]:
    have_none = say_count(n, "post has", "posts have")
    return [f"{have_none} no sentence besides boilerplate: nothing to label there"] if n else []


def _find_text(post: PostText, index: int) -> tuple[str, str, str, str]:
    whole, sentences = post
    if index < 0:
        return whole, "", "", digest_unit(text for _, text in sentences)
    place = next(i for i, (number, _) in enumerate(sentences) if number == index)
    before = sentences[place - 1][1] if place else ""
    after = sentences[place + 1][1] if place + 1 < len(sentences) else ""
    return sentences[place][1], before, after, digest_unit([sentences[place][1]])
