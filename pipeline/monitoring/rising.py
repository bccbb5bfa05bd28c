"""Frames whose share rises: alerts that may be looked at every day, see `pipeline.measures.rise_evidence`.

Counted are clusters of copies, each once, on the day of its earliest post, and only of channels that are there all the
time: a channel that comes, goes or was not exported is no rise of what it writes. Shares are raw: a frame also rises
when the classifier begins to err.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.measures.rise_evidence import (
    DAYS,
    FEWEST,
    FOLLOWED,
    REFERENCE,
    follow_starts,
    mix,
    sum_blocks,
)
from pipeline.monitoring.copies import read_copies, within
from pipeline.scoring.read_scores import open_scores
from pipeline.scoring.score_output import read_tables

LEVEL: Final = 0.05  # chance of any false alert in a year
MATERIAL: Final = 1.25  # times the share before; less is no alert, however sure
_PRESENT: Final = 0.8  # of the weeks that a channel has to be there
_WINDOW: Final = (REFERENCE + FOLLOWED + 1) * DAYS  # days

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FrameRise:
    """What is known of a frame's rise.

    Attributes:
        frame: id.
        e_value: mean of the test martingales; as large as `needed` is an alert.
        needed: number of frames by the level.
        since: first day of the likeliest start, None where it was not looked at.
        before: share of clusters with the frame in up to 26 weeks before that day; after: from it on.
        n_before: clusters; n_after: likewise.
    """

    frame: str
    e_value: float
    needed: float
    since: date | None
    before: float | None
    after: float | None
    n_before: int
    n_after: int

    @property
    def is_alert(self) -> bool:
        """Whether the evidence is enough and the rise worth telling."""
        if self.before is None or self.after is None or self.e_value < self.needed:
            return False
        return self.after >= MATERIAL * self.before

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"since": self.since and self.since.isoformat(), "is_alert": self.is_alert}


@dataclass(frozen=True, slots=True)
class RisingReport:
    """All frames, those with most evidence first.

    Attributes:
        as_of: last day that was counted; None without any dated post.
        level: chance of any false alert in a year.
        weeks: of posts that could be looked at.
        channels: that were counted; left_out: those that were not, for not being there all the time.
        frames: in order of evidence; empty where the weeks are too few.
    """

    as_of: date | None
    level: float
    weeks: int
    channels: int
    left_out: tuple[str, ...]
    frames: tuple[FrameRise, ...]

    @property
    def alerts(self) -> tuple[FrameRise, ...]:
        """Frames that rise."""
        return tuple(rise for rise in self.frames if rise.is_alert)

    @property
    def too_few(self) -> str | None:
        """Why nothing can be said."""
        if self.frames:
            return None
        return f"posts of {self.weeks} full weeks, of channels that are there all the time; {FEWEST + 1} are needed"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "as_of": self.as_of and self.as_of.isoformat(),
            "level": self.level,
            "weeks": self.weeks,
            "channels": self.channels,
            "left_out": list(self.left_out),
            "too_few": self.too_few,
            "alerts": [rise.frame for rise in self.alerts],
            "frames": [rise.to_json() for rise in self.frames],
        }


def find_rising(scores: Path, *, level: float = LEVEL, as_of: date | None = None) -> RisingReport:
    """Look at the days up to one of them.

    Args:
        scores: output folder of `frames predict`.
        level: chance of any false alert of any frame in a year of days.
        as_of: last day (UTC), which must be complete; None for the day before that of the last post.

    Raises:
        DataError: no scores there.
    """
    frame_ids = read_tables(scores).frame_ids
    last = as_of or _last_complete_day(scores)
    if last is None:
        return RisingReport(None, level, 0, 0, (), ())
    begins = last - timedelta(days=_WINDOW - 1)
    condition, parameters = within(_midnight(begins), _midnight(last + timedelta(days=1)))
    posts = read_copies(scores, condition, parameters)
    posts["day"] = (posts["published_at"] - pd.Timestamp(_midnight(begins))).dt.days
    posts, weeks, left_out = _keep_steady(posts)
    carrying, counted = _count_days(posts, frame_ids)
    frames = _judge(carrying, counted, frame_ids, begins, level)
    return RisingReport(last, level, weeks, posts["channel"].nunique(), left_out, frames)


def _last_complete_day(scores: Path) -> date | None:
    with open_scores(scores) as connection:
        [(last,)] = connection.sql("SELECT max(published_at) FROM current_posts").fetchall()
    return None if last is None else last.astimezone(UTC).date() - timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _keep_steady(posts: pd.DataFrame) -> tuple[pd.DataFrame, int, tuple[str, ...]]:
    """Posts of channels that are there in the last week and in most weeks; how many weeks; the other channels."""
    if posts.empty:
        return posts, 0, ()
    week = (_WINDOW - 1 - posts["day"]) // DAYS  # 0 is the last one
    weeks = int(week.max()) + 1
    has_begun_before = int(posts["day"].min()) <= _WINDOW - weeks * DAYS
    whole = weeks if has_begun_before else weeks - 1  # a week in which the posts begin is none
    present = posts.assign(week=week)[week < whole].groupby("channel")["week"].agg(["nunique", "min"])
    steady = present[(present["nunique"] >= _PRESENT * whole) & (present["min"] == 0)].index
    left_out = tuple(sorted(set(posts["channel"]) - set(steady)))
    kept = posts[posts["channel"].isin(steady) & (week < whole)]
    return kept, whole if len(steady) else 0, left_out


def _count_days(posts: pd.DataFrame, frame_ids: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Clusters by the day of their earliest post: with each frame, shape (k, days), and in all, shape (days,)."""
    days = posts.groupby("cluster")["day"].min()
    counted = np.bincount(days.to_numpy(int), minlength=_WINDOW).astype(float)
    carried = posts[["cluster", "frames"]].explode("frames").drop_duplicates().dropna()
    carrying = np.zeros((len(frame_ids), _WINDOW))
    rows = carried["frames"].map({frame: k for k, frame in enumerate(frame_ids)}).to_numpy(int)
    np.add.at(carrying, (rows, days.loc[carried["cluster"]].to_numpy(int)), 1)
    return carrying, counted


def _judge(
    carrying: Floats, counted: Floats, frame_ids: tuple[str, ...], begins: date, level: float
) -> tuple[FrameRise, ...]:
    last = len(counted) - 1
    followed = np.stack([follow_starts(carrying, counted, last - back) for back in range(DAYS)])
    if not np.isfinite(followed).any():
        return ()
    limit = len(frame_ids) / level
    e_values = np.exp(np.minimum(mix(followed), 700))  # beyond any float's range there is no difference
    rises = [
        FrameRise(
            frame,
            float(e_values[k]),
            limit,
            **_find_start(followed[:, k], carrying[k], counted, begins),
        )
        for k, frame in enumerate(frame_ids)
    ]
    return tuple(sorted(rises, key=lambda rise: (-rise.e_value, rise.frame)))


def _find_start(followed: Floats, carrying: Floats, counted: Floats, begins: date) -> dict[str, Any]:
    """The likeliest start, and the shares on both sides of it."""
    back, place = (int(i) for i in np.unravel_index(int(np.argmax(followed)), followed.shape))
    last = len(counted) - 1 - back
    n, x = (sum_blocks(daily, last) for daily in (counted, carrying))
    after = slice(-(place + 1), None)
    before = slice(-(place + 1 + REFERENCE), -(place + 1))
    return {
        "since": begins + timedelta(days=last + 1 - DAYS * (place + 1)),
        "before": _divide(x[before], n[before]),
        "after": _divide(x[after], n[after]),
        "n_before": int(n[before].sum()),
        "n_after": int(n[after].sum()),
    }


def _divide(x: Floats, n: Floats) -> float | None:
    return float(x.sum() / n.sum()) if n.sum() else None
