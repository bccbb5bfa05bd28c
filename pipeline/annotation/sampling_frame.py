"""Which units could have been drawn: what a sample keeps of its sampling frame, and how they are found again later.

An output grows; a sample speaks for the units that were there when it was drawn. Their ids are too many to keep, so
the sample keeps their number, their dates and the time of the last score among them. What could have been drawn is
then found by the rule that comes nearest to that number: all units; those published no later than the last one of the
frame; or those scored no later than it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Rule = Literal["all", "published", "scored"]
RULES: Final[tuple[Rule, ...]] = ("all", "published", "scored")
FRAME_COLUMNS: Final = ("drawn_units", "drawn_first", "drawn_last", "drawn_scored")
TOLERANCE: Final = 0.01  # by which the number of units found may miss the one that was kept


@dataclass(frozen=True, slots=True)
class DrawnFrame:
    """The units from which a sample was drawn.

    Attributes:
        units: how many.
        first: time of the earliest post, UTC; None where no post has a time.
        last: of the latest.
        scored: when the last of them was scored; None for a posts table.
    """

    units: int
    first: datetime | None = None
    last: datetime | None = None
    scored: datetime | None = None

    @staticmethod
    def of(units: pd.DataFrame) -> "DrawnFrame":
        """Of units with the columns published_at and scored_at."""
        published, scored = units["published_at"], units["scored_at"]
        return DrawnFrame(
            len(units),
            _as_datetime(published.min()),
            _as_datetime(published.max()),
            _as_datetime(scored.max()),
        )

    @staticmethod
    def from_cells(cells: Mapping[str, Any]) -> "DrawnFrame | None":
        """From the values of FRAME_COLUMNS, checked before; None without a number of units."""
        units, *times = (cells.get(name) for name in FRAME_COLUMNS)
        return None if units is None else DrawnFrame(int(units), *map(_read_time, times))

    def to_cells(self) -> dict[str, Any]:
        """By FRAME_COLUMNS."""
        values = (self.units, self.first, self.last, self.scored)
        return dict(zip(FRAME_COLUMNS, values, strict=True))

    def choose_rule(self, counts: Mapping[Rule, int]) -> Rule:
        """The rule whose number of units is nearest to that of the frame; of equals the first of RULES."""
        usable = [rule for rule in RULES if self._has(rule)]
        return min(usable, key=lambda rule: abs(counts[rule] - self.units))

    def find_units(self, units: pd.DataFrame) -> NDArray[np.bool_]:
        """Which of the units (columns published_at and scored_at) could have been drawn, shape (n,)."""
        masks = {rule: np.ones(len(units), bool) for rule in RULES}
        if self.last is not None:
            masks["published"] = ~(units["published_at"] > self.last).to_numpy(bool)
        if self.scored is not None:
            masks["scored"] = (units["scored_at"] <= self.scored).to_numpy(bool)
        return masks[self.choose_rule({rule: int(mask.sum()) for rule, mask in masks.items()})]

    def express(self, rule: Rule) -> str:
        """The rule as SQL over the columns published_at and scored_at; "true" for one that the frame cannot tell."""
        if rule == "published" and self.last is not None:
            return f"(published_at IS NULL OR published_at <= TIMESTAMPTZ '{self.last.isoformat()}')"
        if rule == "scored" and self.scored is not None:
            return f"scored_at <= TIMESTAMPTZ '{self.scored.isoformat()}'"
        return "true"

    def _has(self, rule: Rule) -> bool:
        return rule == "all" or (self.last if rule == "published" else self.scored) is not None

    def __str__(self) -> str:
        if self.first is None or self.last is None:
            return "without dates"
        return f"of {self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}"


def read_frame(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The values of FRAME_COLUMNS that a row has, checked; None for the others.

    Raises:
        ValueError: names the field, what was expected and what stands there.
    """
    found: dict[str, Any] = dict.fromkeys(FRAME_COLUMNS)
    units = cells.get("drawn_units")
    if units not in (None, ""):
        try:
            found["drawn_units"] = int(float(units))  # what is no number raises
        except (TypeError, ValueError, OverflowError):
            found["drawn_units"] = 0
        if found["drawn_units"] < 1:
            raise ValueError(f"field 'drawn_units': expected a number of units, got {units!r:.60}")
    for name in FRAME_COLUMNS[1:]:
        if cells.get(name) in (None, ""):
            continue
        try:
            found[name] = _read_time(cells[name])
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"field '{name}': expected a time, got {cells[name]!r:.60}") from None
    return found


def _read_time(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _as_datetime(moment: Any) -> datetime | None:
    return None if pd.isna(moment) else moment.to_pydatetime()
