"""Who published a text with a frame first, who repeated it, and how soon.

The unit is a cluster of copies (forwards, edited copies, quotations) of which posts carry the frame. First is the
channel whose post is the earliest; every other channel of the cluster repeated it, once, with its earliest post. What
comes more than some days after the first is no repeat of it but begins a cluster of its own: clusters grow by links of
two posts each, so posts of set phrases can hang together over months without one being taken from the other. All of
it is raw: frames are the classifier's decisions with its errors; first means first among the channels that are read, by
the times that exports state; and two channels that copied a third one, which is not read, look as if one copied the
other.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from xml.etree import ElementTree as ET

import pandas as pd

from pipeline.annotation.record_files import write_records
from pipeline.files.durable_files import new_file, replacing
from pipeline.files.safe_text import safe_text
from pipeline.monitoring.copies import read_copies, within

ANY: Final = "(any frame)"  # each cluster once, whatever its frames
RAW: Final = (
    "Raw counts: frames are the classifier's decisions, with its errors; first is first among the channels that are "
    "read, and who copied from a channel that is not read is not told"
)
DAYS: Final = 7.0  # within which a copy is told as a repeat: news are repeated in hours or days
Period = Literal["month", "quarter", "year", "whole"]
_REPEATS: Final = (
    *("frame", "period", "first_channel", "first_post", "first_at", "first_forwarded_from"),
    *("channel", "post", "published_at", "hours", "posts", "forwarded_from"),
)
_EDGES: Final = ("frame", "period", "source", "target", "clusters", "median_hours", "within_a_day")
_CHANNELS: Final = ("frame", "channel", "clusters", "first", "repeated", "median_hours_behind")
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_GRAPHML: Final = "http://graphml.graphdrawing.org/xmlns"


@dataclass(frozen=True, eq=False)
class Spread:
    """What spread from channel to channel.

    Attributes:
        repeats: a row for each frame, cluster and channel that repeated, with the columns `_REPEATS`; `hours` from the
            first post of the cluster; `posts` of that channel in the cluster.
        edges: a row for each frame, period of the first post, first channel (source) and repeating channel (target):
            in how many clusters, the median of `hours`, and how many of them within 24 hours.
        channels: a row for each frame and channel: clusters of at least two channels that it is in, in how many of them
            it was first, repeated, and the median of `hours` where it repeated.
        posts: that carry a frame and have a time; undated: that carry one and have none, left out.
        days: within which a post of another channel is a repeat; 0 for no limit.
        later: pairs of a cluster and a channel that came later than that, and are no repeats.
    """

    repeats: pd.DataFrame
    edges: pd.DataFrame
    channels: pd.DataFrame
    posts: int
    undated: int
    days: float
    later: int

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the single repeats."""
        return {
            "note": RAW,
            "posts": self.posts,
            "undated": self.undated,
            "days": self.days,
            "later": self.later,
            "clusters": int(self.repeats["first_post"].nunique()),
            "edges": _plain(self.edges),
            "channels": _plain(self.channels),
        }


def find_spread(
    scores: Path,
    *,
    period: Period = "month",
    frames: Sequence[str] = (),
    first: datetime | None = None,
    last: datetime | None = None,
    days: float = DAYS,
) -> Spread:
    """Follow texts with frames from channel to channel.

    Args:
        scores: output folder of `frames predict`.
        period: by which edges are counted: that of a cluster's first post (UTC).
        frames: only these; all where none is named.
        first: posts from then on alone.
        last: posts before it alone.
        days: within which of the first post another is a repeat; 0 for no limit.

    Raises:
        DataError: no scores there.
    """
    condition, parameters = within(first, last)
    posts = read_copies(scores, f"len(frames) > 0 AND {condition}", parameters)
    undated = int(posts["published_at"].isna().sum())
    posts = posts[posts["published_at"].notna()]
    carried = _by_frame(posts, frames)
    later = 0
    if days > 0:
        whole = _find_repeats(_of_several(carried), "whole")
        later = int((whole.loc[whole["frame"] == ANY, "hours"] > 24 * days).sum())
        carried["cluster"] = _part_by_time(carried, pd.Timedelta(days=days))
    carried = _of_several(carried)
    repeats = _find_repeats(carried, period)
    return Spread(
        repeats, _count_edges(repeats), _count_channels(carried, repeats), len(posts), undated, days, later
    )


def _by_frame(posts: pd.DataFrame, frames: Sequence[str]) -> pd.DataFrame:
    """One row for each post and frame, and one for ANY; by frame and cluster, the earliest first."""
    carried = posts.drop(columns="text").explode("frames").rename(columns={"frames": "frame"})
    if frames:
        carried = carried[carried["frame"].isin(list(frames))]
    once = carried.drop_duplicates("post_key").assign(frame=ANY)
    carried = pd.concat([once, carried], ignore_index=True)
    carried["frame"] = carried["frame"].astype(str)
    order = ["frame", "cluster", "published_at", "post_key"]
    return carried.sort_values(order, kind="stable", ignore_index=True)


def _of_several(carried: pd.DataFrame) -> pd.DataFrame:
    """The rows of clusters that several channels are in."""
    n_channels = carried.groupby(["frame", "cluster"])["channel"].transform("nunique")
    return carried[n_channels > 1].reset_index(drop=True)


def _part_by_time(carried: pd.DataFrame, most: pd.Timedelta) -> list[str]:
    """Clusters in parts: a post that comes later than `most` after the first of its part begins the next one."""
    parts: list[str] = []
    place, number, start = None, 0, None
    for frame, cluster, moment in zip(
        carried["frame"], carried["cluster"], carried["published_at"], strict=True
    ):
        if (frame, cluster) != place:
            place, number, start = (frame, cluster), 0, moment
        elif moment - start > most:
            number, start = number + 1, moment
        parts.append(f"{cluster:09}.{number:06}")
    return parts


def _find_repeats(carried: pd.DataFrame, period: Period) -> pd.DataFrame:
    of_channel = ["frame", "cluster", "channel"]
    n_posts = carried.groupby(of_channel).size().rename("posts").reset_index()
    earliest = carried.drop_duplicates(of_channel).merge(n_posts, on=of_channel)
    heads = earliest.drop_duplicates(["frame", "cluster"]).set_index(["frame", "cluster"])
    rows = earliest.join(
        heads[["channel", "post_key", "published_at", "forwarded_from"]].add_prefix("first_"),
        on=["frame", "cluster"],
    )
    rows = rows[rows["channel"] != rows["first_channel"]]
    rows = rows.rename(
        columns={"post_key": "post", "first_post_key": "first_post", "first_published_at": "first_at"}
    )
    rows["hours"] = (rows["published_at"] - rows["first_at"]).dt.total_seconds() / 3600
    rows["period"] = _name_period(rows["first_at"], period)
    order = ["frame", "first_at", "first_post", "published_at", "post"]
    return rows.sort_values(order, kind="stable", ignore_index=True)[list(_REPEATS)]


def _name_period(times: Any, period: Period) -> Any:
    if period == "whole":
        return pd.Series("whole", index=times.index)
    if period == "quarter":
        return times.dt.strftime("%Y-Q") + times.dt.quarter.astype(str)
    return times.dt.strftime("%Y-%m" if period == "month" else "%Y")


def _count_edges(repeats: pd.DataFrame) -> pd.DataFrame:
    by = ["frame", "period", "first_channel", "channel"]
    edges = (
        repeats.assign(soon=repeats["hours"] <= 24)  # noqa: PLR2004 - a day
        .groupby(by)
        .agg(clusters=("hours", "size"), median_hours=("hours", "median"), within_a_day=("soon", "sum"))
        .reset_index()
        .rename(columns={"first_channel": "source", "channel": "target"})
    )
    order = ["frame", "period", "clusters", "source", "target"]
    ascending = [True, True, False, True, True]
    return edges.sort_values(order, ascending=ascending, kind="stable", ignore_index=True)[list(_EDGES)]


def _count_channels(carried: pd.DataFrame, repeats: pd.DataFrame) -> pd.DataFrame:
    by = ["frame", "channel"]
    clusters = carried.groupby(by)["cluster"].nunique().rename("clusters")
    behind = repeats.groupby(by)["hours"].agg(repeated="size", median_hours_behind="median")
    found = clusters.to_frame().join(behind)
    found["repeated"] = found["repeated"].fillna(0).astype(int)
    found["first"] = found["clusters"] - found["repeated"]
    found = found.reset_index().sort_values(
        ["frame", "first", "channel"], ascending=[True, False, True], kind="stable", ignore_index=True
    )
    return found[list(_CHANNELS)]


def write_spread(folder: Path, spread: Spread) -> list[Path]:
    """Write repeats.csv, edges.csv, channels.csv and network.graphml into a folder; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in (("repeats", spread.repeats), ("edges", spread.edges), ("channels", spread.channels)):
        written.append(folder / f"{name}.csv")
        write_records(written[-1], _plain(table), list(table.columns))
    written.append(folder / "network.graphml")
    with replacing(written[-1]) as temporary, new_file(temporary) as stream:
        stream.write(draw_network(spread))
    return written


def draw_network(spread: Spread) -> bytes:
    """The network as GraphML: channels, and an arc from who was first to who repeated for each frame and period."""
    ET.register_namespace("", _GRAPHML)
    root = ET.Element(_tag("graphml"))
    kinds = {
        "node": {"label": "string", "first": "int", "repeated": "int"},
        "edge": {"frame": "string", "period": "string", "weight": "int", "median_hours": "double"},
    }
    for place, names in kinds.items():
        for name, kind in names.items():
            attributes = {"id": f"{place}_{name}", "for": place, "attr.name": name, "attr.type": kind}
            ET.SubElement(root, _tag("key"), attributes)
    graph = ET.SubElement(root, _tag("graph"), {"id": "spread", "edgedefault": "directed"})
    ET.SubElement(graph, _tag("desc")).text = RAW
    nodes = spread.channels[spread.channels["frame"] == ANY].to_dict("records")
    numbers = {row["channel"]: f"n{i}" for i, row in enumerate(nodes)}
    for row in nodes:
        node = ET.SubElement(graph, _tag("node"), {"id": numbers[row["channel"]]})
        _set(node, "node", {"label": row["channel"], "first": row["first"], "repeated": row["repeated"]})
    for i, row in enumerate(spread.edges.to_dict("records")):
        ends = {"source": numbers[row["source"]], "target": numbers[row["target"]]}
        edge = ET.SubElement(graph, _tag("edge"), {"id": f"e{i}", **ends})
        told = {name: row[name] for name in ("frame", "period", "median_hours")}
        _set(edge, "edge", {**told, "weight": row["clusters"]})
    drawn: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return drawn


def _set(element: ET.Element, place: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        data = ET.SubElement(element, _tag("data"), {"key": f"{place}_{name}"})
        data.text = _NO_XML.sub("", safe_text(str(value)))


def _tag(name: str) -> str:
    return f"{{{_GRAPHML}}}{name}"


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return list(_plain_rows(table))


def _plain_rows(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in table.to_dict("records"):
        yield {
            str(name): value.isoformat()
            if isinstance(value, pd.Timestamp)
            else round(value, 3)
            if isinstance(value, float)
            else value
            for name, value in row.items()
            if not pd.isna(value)
        }
