"""Alerts of rising frames: false ones in quiet years that are looked at every day, and the delay of a true one.

A quiet year: ten frames that 1 to 30 % of a day's clusters carry, 30 clusters on a weekday and half as many at
weekends, when frames are 1.4 times as frequent; news that move each frame's share by about 30 % and last, so that half
of them is gone after a day or after three.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.measures.rise_evidence import (
    DAYS,
    FOLLOWED,
    REFERENCE,
    follow_starts,
    mix,
    threshold,
)

_SHARES: Final = np.array([0.01, 0.02, 0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.3, 0.3])
_RISING: Final = 4  # the frame that doubles, 10 %
_LEVEL: Final = 0.05
_WARM: Final = (REFERENCE + FOLLOWED + 1) * DAYS  # days before the year that is looked at
_YEAR: Final = 365
_CHANGE: Final = 60  # day of the year on which a share doubles
_FOUR_WEEKS: Final = 28
_MOVES: Final = 0.3  # standard deviation of the logarithm of a share
_WEEKEND: Final = 5  # first day of it

Floats = NDArray[np.float64]


def count_false_alerts(repetitions: int) -> Iterator[Finding]:
    """Quiet years with any alert of any frame on any day."""
    for words, kept in (("news half gone after a day", 0.5), ("after three days", 0.8)):
        false = [
            _first_alert(*_draw_year(r, kept), frames=slice(None)) is not None for r in range(repetitions)
        ]
        setting = f"any of 10 frames in a year, {words}"
        yield Finding.of_share(setting, float(np.mean(false)), Target(high=_LEVEL), repetitions)


def time_a_doubling(repetitions: int) -> Iterator[Finding]:
    """Days from the day on which a share of 10 % doubles to its alert."""
    for clusters in (30, 100):
        delays = []
        for r in range(repetitions):
            found = _first_alert(
                *_draw_year(r, 0.5, clusters=clusters, factor=2.0), frames=[_RISING], since=_CHANGE
            )
            delays.append(np.inf if found is None else found - _CHANGE + 1)
        setting = f"{clusters} clusters a day"
        yield Finding(f"{setting}, median days", float(np.median(delays)), Target(), repetitions)
        soon = float(np.mean(np.array(delays) <= _FOUR_WEEKS))
        yield Finding.of_share(f"{setting}, alerts within four weeks", soon, Target(), repetitions)


def _draw_year(r: int, kept: float, *, clusters: int = 30, factor: float = 1.0) -> tuple[Floats, Floats]:
    """What carries each frame on each day, and what there is; `kept` is the correlation of news from day to day."""
    generator = np.random.default_rng([24, r])
    n_days, k = _WARM + _YEAR, len(_SHARES)
    is_weekend = np.arange(n_days) % DAYS >= _WEEKEND
    counted = generator.poisson(clusters * np.where(is_weekend, 0.5, 1.0))
    news = np.zeros((k, n_days))
    shocks = generator.normal(0, _MOVES, (k, n_days))
    news[:, 0] = shocks[:, 0]
    for day in range(1, n_days):
        news[:, day] = kept * news[:, day - 1] + np.sqrt(1 - kept**2) * shocks[:, day]
    shares = _SHARES[:, None] * np.exp(news - _MOVES**2 / 2) * np.where(is_weekend, 1.26, 0.9)
    shares[_RISING, _WARM + _CHANGE :] *= factor
    carrying = generator.binomial(counted, np.minimum(shares, 0.95))
    return carrying.astype(float), counted.astype(float)


def _first_alert(
    carrying: Floats, counted: Floats, *, frames: slice | list[int], since: int = 0
) -> int | None:
    """The first day of the year from `since` on with an alert, looking every day."""
    limit = threshold(len(carrying), _LEVEL)
    carrying_all = carrying[frames]
    followed = np.full((DAYS, len(carrying_all), FOLLOWED), -np.inf)
    for day in range(_WARM + since - DAYS, _WARM + _YEAR):
        followed[day % DAYS] = follow_starts(carrying, counted, day)[frames]
        if day >= _WARM + since and (mix(followed) >= limit).any():
            return day - _WARM
    return None


CLAIMS: Final = (
    Claim("Quiet years looked at every day raise false alerts", count_false_alerts, short=4, long=200),
    Claim("A share that doubles is told after", time_a_doubling, short=4, long=100),
)
