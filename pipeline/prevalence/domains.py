"""The parts of an output of which shares are told: the whole, its channels, months, languages, and what else posts say.

A cell is the smallest part for which scores are summed; its keys are SQL over the columns of the scores, so that
DuckDB does the summing. A domain kind is a set of keys; each of its domains is a set of cells.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.config.time_zones import read_zone
from pipeline.errors import ConfigError, DataError, list_names, shorten
from pipeline.scoring.score_queries import quote_name, quote_text

WHOLE: Final = "whole"
DOMAINS: Final = (WHOLE, "channel", "month", "channel_month")  # what is told unless other kinds are asked for
PERIOD: Final = "period"  # before and after a date
UNDATED: Final = "undated"
UNKNOWN: Final = "unknown"  # where a table says nothing of a post
BEFORE, AFTER = "before", "after"
FEWEST_LABELLED: Final = 30  # clusters of copies among a domain's labelled units; below, no interval is given
MOST_VALUES: Final = 500  # of a column; more are no parts of an output but properties of single posts

_POST: Final = "post_key"
_TAKEN: Final = re.compile(r"n|v\d+|row|found|is_empty|model_id|bundle_hash|could_be_drawn|whole|period")
_CLOCK: Final = "published_at"  # in UTC, which the connection's zone is
_KEYS: Final = {
    "channel": "coalesce(channel, '')",
    "month": f"coalesce(strftime({_CLOCK}, '%Y-%m'), '{UNDATED}')",
    "quarter": f"coalesce(strftime({_CLOCK}, '%Y') || '-Q' || quarter({_CLOCK}), '{UNDATED}')",
    "year": f"coalesce(strftime({_CLOCK}, '%Y'), '{UNDATED}')",
    "language": "coalesce(nullif(lang, ''), 'unknown')",
    "forwarded": "CASE WHEN coalesce(forwarded_from, '') = '' THEN 'original' ELSE 'forwarded' END",
    "edited": "CASE WHEN edited_at IS NULL THEN 'unedited' ELSE 'edited' END",
    **{name: f"coalesce({name}::VARCHAR, '')" for name in ("forwarded_from", "views", "forwards", "lang")},
}
TIMES: Final = ("month", "quarter", "year")  # whose values follow one another


@dataclass(frozen=True, slots=True)
class PostColumns:
    """Columns of a table with a row for each post, by which shares may be told too.

    Attributes:
        path: of the table.
        names: of its columns but post_key.
    """

    path: Path
    names: tuple[str, ...]

    @staticmethod
    def read(path: Path) -> "PostColumns":
        """Look at the table.

        Raises:
            DataError: not a table that can be read, without post_key, or with a post twice.
        """
        source = quote_table(path)
        try:
            with duckdb.connect() as connection:
                names = [str(row[0]) for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()]
                if _POST not in names:
                    raise DataError(f"{path}: expected a column {_POST}, got {list_names(names, 20)}")
                twice = connection.execute(
                    f"SELECT {_POST} FROM {source} GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1"  # noqa: S608 - names of ours
                ).fetchall()
        except duckdb.Error as error:
            raise DataError(f"{path}: cannot be read as a table: {shorten(str(error), 200)}") from None
        if twice:
            raise DataError(f"{path}: has {_POST} {twice[0][0]!r:.80} twice; expected one row for each post")
        return PostColumns(path, tuple(name for name in names if name != _POST))

    def express(self, name: str) -> str:
        """The value of a column for a unit of the scores, as SQL."""
        return (
            f"coalesce((SELECT any_value(told.{quote_name(name)}::VARCHAR) FROM {quote_table(self.path)} AS told "  # noqa: S608 - names are quoted
            f"WHERE told.{_POST} = units.{_POST}), '{UNKNOWN}')"
        )


def quote_table(path: Path) -> str:
    """A table of posts as SQL.

    Raises:
        DataError: a suffix that is not read.
    """
    reader = {".parquet": "read_parquet({})", ".csv": "read_csv({}, all_varchar = true)"}.get(
        path.suffix.lower()
    )
    if reader is None:
        raise DataError(f"{path}: expected .parquet or .csv")
    return reader.format(quote_text(str(path)))


def check_kind(kind: str, columns: PostColumns | None = None) -> None:
    """Refuse a kind of domain that neither the scores nor a table of posts can tell.

    Raises:
        ConfigError: names those that they can.
    """
    more = () if columns is None else columns.names
    if kind in more and _TAKEN.fullmatch(kind):
        raise ConfigError(f"--by {kind}: this name has a meaning of its own here; rename the column")
    if kind not in (*DOMAINS, PERIOD, *_KEYS, *more):
        place = (
            "other columns are not kept with the scores: give the posts table with --table"
            if not more
            else ""
        )
        raise ConfigError(
            f"--by {kind}: expected one of {list_names([*_KEYS, 'channel_month', *more], 50)}"
            + (f"; {place}" if place else "")
        )


def keys_of(kind: str) -> tuple[str, ...]:
    """Names of the keys that tell the domains of a kind apart."""
    return {WHOLE: (), "channel_month": ("channel", "month")}.get(kind, (kind,))


def express_keys(
    kinds: Sequence[str],
    split_at: date | None = None,
    columns: PostColumns | None = None,
    timezone: str | None = None,
) -> dict[str, str]:
    """The keys of these kinds, as SQL by name; channel and month are always among them.

    Args:
        kinds: of domains.
        split_at: first day of "after" of the kind "period".
        columns: of a table of posts; those of the scores go before.
        timezone: at whose midnight months, quarters, years and the day begin; None for UTC.

    Raises:
        DataError: no such time zone.
    """
    more = {} if columns is None else {name: columns.express(name) for name in kinds if name in columns.names}
    expressions = more | _KEYS
    zone = UTC if timezone is None else read_zone(timezone)
    if timezone is not None:
        clock = f"timezone({quote_text(timezone)}, published_at)"
        expressions |= {name: _KEYS[name].replace(_CLOCK, clock) for name in TIMES}
    if split_at is not None:
        start = datetime.combine(split_at, datetime.min.time(), zone).astimezone(UTC)
        expressions[PERIOD] = (
            f"CASE WHEN published_at IS NULL THEN '{UNDATED}' "
            f"WHEN published_at < TIMESTAMPTZ '{start.isoformat()}' THEN '{BEFORE}' ELSE '{AFTER}' END"
        )
    names = dict.fromkeys(name for kind in ("channel_month", *kinds) for name in keys_of(kind))
    return {name: expressions[name] for name in names}


def group_cells(cells: pd.DataFrame, kind: str) -> Iterator[tuple[dict[str, str], NDArray[np.int64]]]:
    """Each domain's keys with their values, and its rows of the cells, in order of the values.

    Raises:
        DataError: more domains than anybody reads.
    """
    names = list(keys_of(kind))
    if not names:
        yield {}, np.arange(len(cells))
        return
    groups = cells.groupby(names, sort=True).indices
    if kind not in DOMAINS and len(groups) > MOST_VALUES:
        raise DataError(f"--by {kind}: has {len(groups):,} values; expected at most {MOST_VALUES}")
    for values, rows in groups.items():
        parts = values if isinstance(values, tuple) else (values,)
        yield dict(zip(names, map(str, parts), strict=True)), np.asarray(rows, np.int64)
