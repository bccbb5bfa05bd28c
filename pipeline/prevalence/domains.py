"""The parts of an output of which shares are told: the whole, its channels, months, languages, and what else posts say.

A cell is the smallest part for which scores are summed; its keys are SQL over the columns of the scores, so that
DuckDB does the summing. A domain kind is a set of keys; each of its domains is a set of cells.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import ConfigError, DataError, list_names

WHOLE: Final = "whole"
DOMAINS: Final = (WHOLE, "channel", "month", "channel_month")  # what is told unless other kinds are asked for
PERIOD: Final = "period"  # before and after a date
UNDATED: Final = "undated"
BEFORE, AFTER = "before", "after"
MOST_VALUES: Final = 500  # of a column; more are no parts of an output but properties of single posts

_KEYS: Final = {
    "channel": "coalesce(channel, '')",
    "month": f"coalesce(strftime(published_at, '%Y-%m'), '{UNDATED}')",
    "quarter": f"coalesce(strftime(published_at, '%Y') || '-Q' || quarter(published_at), '{UNDATED}')",
    "year": f"coalesce(strftime(published_at, '%Y'), '{UNDATED}')",
    "language": "coalesce(nullif(lang, ''), 'unknown')",
    "forwarded": "CASE WHEN coalesce(forwarded_from, '') = '' THEN 'original' ELSE 'forwarded' END",
    "edited": "CASE WHEN edited_at IS NULL THEN 'unedited' ELSE 'edited' END",
    **{name: f"coalesce({name}::VARCHAR, '')" for name in ("forwarded_from", "views", "forwards", "lang")},
}
TIMES: Final = ("month", "quarter", "year")  # whose values follow one another


def check_kind(kind: str) -> None:
    """Refuse a kind of domain that the scores cannot tell.

    Raises:
        ConfigError: names those that they can.
    """
    if kind not in (*DOMAINS, PERIOD, *_KEYS):
        raise ConfigError(
            f"--by {kind}: expected one of {list_names([*_KEYS, 'channel_month'], 50)}; other columns are not kept "
            "with the scores"
        )


def keys_of(kind: str) -> tuple[str, ...]:
    """Names of the keys that tell the domains of a kind apart."""
    return {WHOLE: (), "channel_month": ("channel", "month")}.get(kind, (kind,))


def express_keys(kinds: Sequence[str], split_at: date | None = None) -> dict[str, str]:
    """The keys of these kinds, as SQL by name; channel and month are always among them.

    Args:
        kinds: of domains.
        split_at: first day of "after" of the kind "period".
    """
    expressions = dict(_KEYS)
    if split_at is not None:
        expressions[PERIOD] = (
            f"CASE WHEN published_at IS NULL THEN '{UNDATED}' "
            f"WHEN published_at < TIMESTAMPTZ '{split_at.isoformat()} 00:00:00+00' THEN '{BEFORE}' ELSE '{AFTER}' END"
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
