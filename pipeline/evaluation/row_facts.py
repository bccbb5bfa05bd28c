"""What is known of the rows of an evaluation besides their labels: channel, day, language, length, copies.

The facts travel in the bundle beside the test predictions, so that figures for parts of the test fold need no
second look at the texts.
"""

from collections import defaultdict
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.language import UNDETERMINED, find_languages

_PREFIX = "row_"


@dataclass(frozen=True, slots=True)
class RowFacts:
    """One value for each row, all of shape (n,).

    Attributes:
        sources: channel; "" where unknown.
        langs: language code, as stated or else identified from the text; "" where neither is known.
        days: day of the post (UTC, datetime64[D]); NaT where unknown.
        lengths: characters of the text.
        posts: posts in its cluster of copies, its own included, as far as they are evaluated or were purged.
    """

    sources: NDArray[np.str_]
    langs: NDArray[np.str_]
    days: NDArray[np.datetime64]
    lengths: NDArray[np.int64]
    posts: NDArray[np.int64]

    @staticmethod
    def of(
        data: LabelledData, clusters: NDArray[np.int64], purged: NDArray[np.int64] | None = None
    ) -> "RowFacts":
        """Facts of labelled rows.

        Args:
            data: the rows.
            clusters: cluster of copies of each row, shape (n,).
            purged: clusters of rows that left the data because copies of them are evaluated; each counts as
                one more post of its cluster.
        """
        table = data.table
        return RowFacts(
            sources=_known(table["source"]),
            langs=_languages(table["lang"], table["text"]),
            days=_days(table["date"]),
            lengths=np.array([len(text) for text in table["text"]], np.int64),
            posts=_count_posts(table["group"], clusters)
            + (0 if purged is None else np.isin(clusters, purged).astype(np.int64)),
        )

    def take(self, rows: NDArray[Any]) -> "RowFacts":
        """The facts of some rows, by position (n_chosen,) or mask (n,), in that order."""
        return RowFacts(**{name: values[rows] for name, values in self._by_name().items()})

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays under names of their own, each of shape (n,)."""
        return {f"{_PREFIX}{name}": values for name, values in self._by_name().items()}

    @staticmethod
    def from_arrays(arrays: dict[str, NDArray[Any]]) -> "RowFacts | None":
        """The reverse of `to_arrays`, other arrays passed over; None where the arrays hold no facts."""
        names = [field.name for field in fields(RowFacts)]
        if not all(f"{_PREFIX}{name}" in arrays for name in names):
            return None
        return RowFacts(**{name: arrays[f"{_PREFIX}{name}"] for name in names})

    def _by_name(self) -> dict[str, NDArray[Any]]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """What the training rows were: the channels, sorted, and the last day (NaT where no row has a date)."""

    sources: NDArray[np.str_]
    last_day: np.datetime64

    @staticmethod
    def of(*parts: LabelledData) -> "TrainingFacts":
        """Facts of the rows of all parts together."""
        known = np.concatenate([_known(part.table["source"]) for part in parts])
        days = np.concatenate([_days(part.table["date"]) for part in parts])
        dated = days[~np.isnat(days)]
        last = dated.max() if len(dated) else np.datetime64("NaT", "D")
        return TrainingFacts(np.unique(known[known != ""]), last)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays."""
        return {"sources": self.sources, "last_day": np.asarray(self.last_day)}

    @staticmethod
    def from_arrays(arrays: dict[str, NDArray[Any]]) -> "TrainingFacts | None":
        """The reverse of `to_arrays`; None for a bundle that was written before these facts were kept."""
        if "sources" not in arrays or "last_day" not in arrays:
            return None
        return TrainingFacts(arrays["sources"], np.datetime64(arrays["last_day"].item(), "D"))


def _known(values: "pd.Series[Any]") -> NDArray[np.str_]:
    return np.array(["" if pd.isna(value) else str(value) for value in values], str)


def _languages(stated: "pd.Series[Any]", texts: "pd.Series[Any]") -> NDArray[np.str_]:
    return np.array(["" if code == UNDETERMINED else code for code in find_languages(stated, texts)], str)


def _days(dates: "pd.Series[Any]") -> NDArray[np.datetime64]:
    return np.asarray(dates.dt.tz_localize(None).to_numpy(), "datetime64[D]")


def _count_posts(groups: "pd.Series[Any]", clusters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Distinct groups in each row's cluster; a row without a group is a post of its own."""
    posts = defaultdict(set)
    for row, (group, cluster) in enumerate(zip(groups, clusters, strict=True)):
        posts[int(cluster)].add(("row", row) if pd.isna(group) else ("group", str(group)))
    return np.array([len(posts[int(cluster)]) for cluster in clusters], np.int64)
