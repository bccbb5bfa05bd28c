"""Posts whose text changed after publication, and what became of their frames.

Texts are those of the posts table and its history, which `pipeline.data.posts.ingest` keeps; so an edit is seen where
two exports show two texts. Frames are the classifier's decisions, with its errors: of each version those of its
scores, or, for versions that were never scored, those that the model gives now.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import Indel

from pipeline.annotation.record_files import write_records
from pipeline.bundle import ModelBundle
from pipeline.data.posts.posts_table import POSTS_SCHEMA, history_path, iter_posts
from pipeline.data.text.word_pattern import WORD
from pipeline.scoring.read_scores import read_scores
from pipeline.scoring.score_output import read_tables
from pipeline.scoring.score_posts import probability_column, score_batch

_AT_ONCE: Final = 2000  # posts that are scored together
_MOST_PAIRS: Final = (
    400_000_000  # of words that are compared: 50 MB; longer texts are shown as exchanged whole
)
_ONE_DAY: Final = timedelta(days=1)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_WORDS: Final = re.compile(rf"\s+|{WORD}|[^\w\s]")
_WORD: Final = re.compile(r"\w")

_COLUMNS: Final = (
    *("post_key", "channel", "message_id", "published_at", "edited_at", "seen_before", "seen_after"),
    *("hours_after_publication", "gained", "lost", "probabilities", "before", "after"),
)

Mark = Literal["=", "-", "+"]
_CHANGES: Final[tuple[Mark, Mark]] = ("-", "+")
VersionKey = tuple[str, str]  # post_key, content_hash


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a post's text, from one version that was seen to the next.

    Attributes:
        post_key, channel, message_id, published_at: of the post.
        edited_at: time of the edit as the export states it; None where no mark of an edit is newer than the version
            before.
        seen_before: when the older text was still seen, None where no export tells; seen_after: when the newer one was.
        before, after: the two texts.
        gained: frames that only the newer text carries -> probability before and after; lost: only the older one.
    """

    post_key: str
    channel: str
    message_id: int | None
    published_at: datetime | None
    edited_at: datetime | None
    seen_before: datetime | None
    seen_after: datetime | None
    before: str
    after: str
    gained: dict[str, tuple[float, float]]
    lost: dict[str, tuple[float, float]]

    @property
    def changes_frames(self) -> bool:
        """Whether the two texts carry different frames."""
        return bool(self.gained or self.lost)

    @property
    def delay(self) -> timedelta | None:
        """From publication to the edit, where both times are known."""
        if self.edited_at is None or self.published_at is None:
            return None
        return self.edited_at - self.published_at

    @property
    def marks(self) -> list[tuple[Mark, str]]:
        """The two texts as one, see `mark_difference`."""
        return mark_difference(self.before, self.after)

    def describe_time(self, zone: tzinfo = UTC) -> str:
        """When it was changed, as far as exports tell; by the clock of a zone."""
        if self.delay is not None:
            return f"{say_span(self.delay)} after publication"
        if self.seen_before and self.seen_after:
            before, after = (
                f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (self.seen_before, self.seen_after)
            )
            return f"between {before} and {after} {zone}, unmarked"
        return "time unknown, unmarked"

    def to_json(self) -> dict[str, Any]:
        """Plain values: also the columns of a table."""
        times = ("published_at", "edited_at", "seen_before", "seen_after")
        return {
            "post_key": self.post_key,
            "channel": self.channel,
            "message_id": self.message_id,
            **{name: _iso(getattr(self, name)) for name in times},
            "hours_after_publication": None if self.delay is None else self.delay / timedelta(hours=1),
            "gained": list(self.gained),
            "lost": list(self.lost),
            "probabilities": {
                frame: list(pair) for frame, pair in sorted({**self.gained, **self.lost}.items())
            },
            "before": self.before,
            "after": self.after,
        }


@dataclass(frozen=True, slots=True)
class EditReport:
    """All edits that can be judged, and how many cannot.

    Attributes:
        edits: latest first.
        posts_edited: posts with more than one text.
        not_judged: changes of which a version has no scores and no model was at hand.
        other_posts: changes that are none: two posts under one number, published more than a day apart.
        model_id: whose decisions these are.
    """

    edits: tuple[Edit, ...]
    posts_edited: int
    not_judged: int
    other_posts: int
    model_id: str

    @property
    def changing(self) -> tuple[Edit, ...]:
        """Edits that changed frames."""
        return tuple(edit for edit in self.edits if edit.changes_frames)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "model_id": self.model_id,
            "posts_edited": self.posts_edited,
            "edits": len(self.edits),
            "not_judged": self.not_judged,
            "other_posts": self.other_posts,
            "changing": [edit.to_json() for edit in self.changing],
        }


def find_edits(posts: Path, scores: Path, bundle: ModelBundle | None = None) -> EditReport:
    """Compare the versions of each post that was edited.

    Args:
        posts: posts table, its history beside it.
        scores: output folder of `frames predict`.
        bundle: the model whose decisions are compared, which also scores versions that never were; None for the model
            that scored last.

    Raises:
        DataError: no posts table, no scores.
    """
    versions = _read_versions(posts)
    model_id, frames = _read_frames(scores, versions, bundle)
    edits, posts_edited, not_judged, other_posts = [], 0, 0, 0
    for _, of_post in groupby(versions.to_pylist(), key=itemgetter("post_key")):
        posts_edited += 1
        for before, after in pairwise(of_post):
            old, new = (frames.get((row["post_key"], row["content_hash"])) for row in (before, after))
            if _are_two_posts(before, after):
                other_posts += 1
            elif old is None or new is None:
                not_judged += 1
            else:
                edits.append(_compare(before, after, old, new))
    edits.sort(key=lambda edit: (edit.edited_at or edit.seen_after or _NEVER, edit.post_key), reverse=True)
    return EditReport(tuple(edits), posts_edited, not_judged, other_posts, model_id)


def write_edits(path: Path, report: EditReport) -> None:
    """Write edits that changed frames as a table, in the format that the suffix names."""
    rows = [edit.to_json() for edit in report.changing]
    for row in rows:
        row["probabilities"] = json.dumps(row["probabilities"], ensure_ascii=False)
    write_records(path, rows, _COLUMNS)


def mark_difference(before: str, after: str) -> list[tuple[Mark, str]]:
    """Both texts as one: words of both ("="), of the older alone ("-"), of the newer alone ("+")."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) * len(new) > _MOST_PAIRS:
        return [("-", before), ("+", after)]
    marked: list[tuple[Mark, str]] = []
    change = {"-": "", "+": ""}

    def flush() -> None:
        marked.extend((mark, change[mark]) for mark in _CHANGES if change[mark])
        change.update({"-": "", "+": ""})

    for operation in Indel.opcodes(old, new):
        removed = "".join(old[operation.src_start : operation.src_end])
        added = "".join(new[operation.dest_start : operation.dest_end])
        is_between = any(change.values()) and not _WORD.search(removed)  # a space between two changed words
        if operation.tag == "equal" and not is_between:
            flush()
            marked.append(("=", removed))
        else:
            change["-"] += removed
            change["+"] += added
    flush()
    return marked


def shorten_same(marks: Sequence[tuple[Mark, str]], kept: int) -> list[tuple[Mark, str]]:
    """Marked text, of what stayed the same only so many characters on either side of a change."""
    shown: list[tuple[Mark, str]] = []
    for i, (mark, text) in enumerate(marks):
        head, tail = text[:kept] if i else "", text[-kept:] if i < len(marks) - 1 else ""
        is_long = mark == "=" and len(text) > len(head) + len(tail)
        shown.append((mark, f"{head} … {tail}" if is_long else text))
    return shown


def say_span(span: timedelta) -> str:
    """A span of time in its two largest units: "3 d 4 h", "12 min"."""
    minutes = int(span.total_seconds() // 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("", minutes)
    parts = [
        (minutes // 1440, "d"),
        (minutes // 60 % 24, "h"),
        (minutes % 60, "min"),
    ]
    first = next((i for i, (n, _) in enumerate(parts) if n), len(parts) - 1)
    return sign + " ".join(f"{n} {unit}" for n, unit in parts[first : first + 2] if n or unit == "min")


def _read_versions(posts: Path) -> pa.Table:
    """All texts of each edited post, in the order in which they stood; the current one is last."""
    history = history_path(posts)
    older = pa.Table.from_batches(iter_posts(history) if history.exists() else (), POSTS_SCHEMA)
    keys = pc.unique(older["post_key"])
    current = [batch.filter(pc.is_in(batch.column("post_key"), keys)) for batch in iter_posts(posts)]
    table = pa.concat_tables([older, pa.Table.from_batches(current, POSTS_SCHEMA)])
    is_current = np.arange(len(table)) >= len(older)
    table = table.append_column("is_current", pa.array(is_current))
    unknown = pa.scalar(0, table.schema.field("seen_at").type)  # long before any channel
    table = table.append_column("stood_at", pc.coalesce(table["seen_at"], table["edited_at"], unknown))
    order = [("post_key", "ascending"), ("is_current", "ascending"), ("stood_at", "ascending")]
    return table.take(pc.sort_indices(table, order))


def _read_frames(
    scores: Path, versions: pa.Table, bundle: ModelBundle | None
) -> tuple[str, dict[VersionKey, dict[str, tuple[bool, float]]]]:
    """Whose decisions they are; and of each version, by frame, the decision and the probability."""
    frame_ids = bundle.frame_ids if bundle else read_tables(scores).frame_ids
    columns = ["post_key", "content_hash", "model_id", "bundle_hash", "frames", "sequence"]
    columns += [probability_column(frame) for frame in frame_ids]
    keys = pc.unique(versions["post_key"]).to_pylist()
    scored = read_scores(scores, latest=False, columns=columns, post_keys=keys).sort_values("sequence")
    if bundle is None and scored.empty:
        return "", {}
    if bundle is None:
        model_id, bundle_hash = (str(scored[name].iloc[-1]) for name in ("model_id", "bundle_hash"))
    else:
        model_id, bundle_hash = bundle.model_id, bundle.bundle_hash
    found = _by_version(scored[scored["bundle_hash"] == bundle_hash].to_dict("records"), frame_ids)
    if bundle is not None:
        pairs = zip(versions["post_key"].to_pylist(), versions["content_hash"].to_pylist(), strict=True)
        unscored = versions.filter(pa.array([pair not in found for pair in pairs], pa.bool_()))
        for batch in unscored.select(POSTS_SCHEMA.names).combine_chunks().to_batches(_AT_ONCE):
            rows = score_batch(batch, bundle, scored_at=datetime.now(UTC)).posts.to_pylist()
            found |= _by_version(rows, frame_ids)
    return model_id, found


def _by_version(
    rows: Iterable[Mapping[Any, Any]], frame_ids: Sequence[str]
) -> dict[VersionKey, dict[str, tuple[bool, float]]]:
    found = {}
    for row in rows:
        decided = {str(frame) for frame in row["frames"]}
        probabilities = [row[probability_column(frame)] for frame in frame_ids]  # null without a sentence
        found[row["post_key"], row["content_hash"]] = {
            frame: (frame in decided, 0.0 if pd.isna(p) else float(p))
            for frame, p in zip(frame_ids, probabilities, strict=True)
        }
    return found


def _are_two_posts(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    first, second = before["published_at"], after["published_at"]
    return first is not None and second is not None and abs(second - first) > _ONE_DAY


def _compare(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    old: Mapping[str, tuple[bool, float]],
    new: Mapping[str, tuple[bool, float]],
) -> Edit:
    moved = {frame: (old[frame], new[frame]) for frame in old if old[frame][0] != new[frame][0]}
    same = ("post_key", "channel", "message_id", "published_at")
    return Edit(
        **{name: after[name] for name in same},
        edited_at=None if after["edited_at"] == before["edited_at"] else after["edited_at"],
        seen_before=before["seen_at"],
        seen_after=after["seen_at"],
        before=before["text"],
        after=after["text"],
        gained={frame: (a[1], b[1]) for frame, (a, b) in moved.items() if b[0]},
        lost={frame: (a[1], b[1]) for frame, (a, b) in moved.items() if a[0]},
    )


def _iso(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
