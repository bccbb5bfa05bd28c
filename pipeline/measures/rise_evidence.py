"""Evidence that a share has risen, which may be looked at every day: an e-process with a stated yearly level.

Days are taken together in blocks of seven, so that every weekday stands in every block once and news that last some
days stay inside a block, mostly. A block's share x/n is brought to a scale on which its variance hardly depends on the
share, z = arcsin sqrt((x + 3/8) / (n + 3/4)) (Anscombe 1948), and what neighbouring blocks have in common is taken
off: w is z less the z of the block before times the correlation that a quarter of the frames exceed in the reference.

Null hypothesis: the w are independent and normal, with any mean and any variance, which need not be known. For each
block s at which a rise may have begun, E_s compares "z is larger by d standard deviations from s on" with "nothing
changed", by the ratio of the likelihoods of what location and scale leave of the data (right Haar prior). Such a ratio
is a test martingale (Hendriksen, de Heide and Grünwald 2021; Pérez-Ortiz, Lardy, de Heide and Grünwald 2024), so its
chance of ever exceeding 1/a is at most a (Ville 1939). Means of test martingales are test martingales: over d, over the
seven ways of cutting days into blocks, and over the starts of a year and of what is still followed of the year before
(a mixture over unknown change points, as in Shin, Ramdas and Rinaldo 2022). So an alert when the mean reaches K / level
is false for any of K frames in a year with a chance of at most `level`, however often one looks (Ramdas, Grünwald, Vovk
and Shafer 2023; Howard, Ramdas, McAuliffe and Sekhon 2021). That correlation is estimated, days are not quite normal,
and news may last for weeks: `pipeline.benchmarks.validity.rise_claims` measures what this does to the level.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

DAYS: Final = 7  # of a block
FOLLOWED: Final = 8  # blocks after a start; what rose before that is no news
REFERENCE: Final = 26  # blocks before a start that are compared with, at most
FEWEST: Final = 8  # at least
STARTS: Final = 52 + FOLLOWED  # that share the level of one year
MOST_ALIKE: Final = 0.7  # correlation of neighbouring blocks that is taken off
_RISES: Final = np.array([1.0, 2.0, 3.0, 5.0])  # standard deviations
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_REACH: Final = 8.0  # from the mode: the integrand falls at least as fast as a normal density

Floats = NDArray[np.float64]


def log_evidence(z: Floats, n_after: int, floor: float, alike: float = 0.0) -> Floats:
    """Logarithm of E_s, the mean over the rises that are thought of.

    With c what a rise of one adds to the w, less its mean, and y the w less theirs, the ratio for a rise of d standard
    deviations is exp(-d² Scc / 2) E[exp(d r t)], where r = Scy / sqrt(Syy) and t is chi-distributed with one degree of
    freedom less than there are w: the integral over mean and standard deviation, done by hand but for one dimension.

    Args:
        z: blocks in order, shape (..., n); n is 4 or more.
        n_after: how many of them, the last ones, come after the start.
        floor: variance of a w that chance alone gives; less is not believed, so that a few equal blocks are no proof
            of a small variance. It makes evidence smaller, never larger.
        alike: correlation of neighbouring blocks, which is taken off: w is z less so much of the z before.

    Returns:
        Shape (...).
    """
    rise = np.where(np.arange(z.shape[-1]) >= z.shape[-1] - n_after, 1.0, 0.0)
    w, c = (values[..., 1:] - alike * values[..., :-1] for values in (z, rise))
    n = w.shape[-1]
    y, c = w - w.mean(axis=-1, keepdims=True), c - c.mean()
    scc, scy = float(c @ c), y @ c
    between = scy**2 / scc
    within = np.maximum((y**2).sum(axis=-1) - between, (n - 2) * floor)
    r = scy / np.sqrt(within + between)
    ratios = _log_exponential_moment(_RISES * r[..., None], n - 1) - _RISES**2 * scc / 2
    mean: Floats = logsumexp(ratios, axis=-1) - np.log(len(_RISES))
    return mean


def _log_exponential_moment(a: Floats, freedom: int) -> Floats:
    """Log E[exp(a t)] of a chi-distributed t."""
    power = freedom - 1
    mode = (a + np.sqrt(a**2 + 4 * power)) / 2
    low, high = np.maximum(mode - _REACH, 1e-9), mode + _REACH
    half = (high - low) / 2
    t = low[..., None] + half[..., None] * (_NODES + 1)
    top = power * np.log(mode) - mode**2 / 2 + a * mode
    logs = power * np.log(t) - t**2 / 2 + a[..., None] * t - top[..., None]
    constant = (freedom / 2 - 1) * np.log(2) + gammaln(freedom / 2)
    moment: Floats = np.log(half * (np.exp(logs) @ _WEIGHTS)) + top - constant
    return moment


def stabilise(x: Floats, n: Floats) -> Floats:
    """Shares on the scale of constant variance, which is 1 / (4 n + 2) by chance alone."""
    scaled: Floats = np.arcsin(np.sqrt((x + 3 / 8) / (n + 3 / 4)))
    return scaled


def sum_blocks(daily: Floats, last: int) -> Floats:
    """Sums of blocks of seven days, of which the last one ends with day `last`; shape (..., days) -> (..., blocks)."""
    n_blocks = (last + 1) // DAYS
    chosen = daily[..., last + 1 - n_blocks * DAYS : last + 1]
    blocks: Floats = chosen.reshape(*daily.shape[:-1], n_blocks, DAYS).sum(axis=-1)
    return blocks


def measure_likeness(z: Floats) -> float:
    """Correlation of neighbouring blocks: the median over frames, z of shape (k, n).

    Of each frame it is corrected for its bias, -(1 + 4 r) / n (Kendall 1954; Marriott and Pope 1954).
    """
    n = z.shape[-1]
    if n < FEWEST:
        return 0.0
    y = z - z.mean(axis=-1, keepdims=True)
    total = (y**2).sum(axis=-1)
    r = (y[:, 1:] * y[:, :-1]).sum(axis=-1)[total > 0] / total[total > 0]
    if not len(r):
        return 0.0
    return float(np.clip(np.quantile((n * r + 1) / (n - 4), 0.75), 0, MOST_ALIKE))


def follow_starts(carrying: Floats, counted: Floats, last: int) -> Floats:
    """Logarithms of E_s of the blocks that end with day `last`.

    Args:
        carrying: of each frame and day what carries it, shape (k, days).
        counted: of each day all that could, shape (days,).
        last: number of the last complete day.

    Returns:
        Shape (k, FOLLOWED): the start of 1, 2, ... blocks; minus infinity where too few blocks come before it.
    """
    n = sum_blocks(counted, last)[-(REFERENCE + FOLLOWED) :]
    x = sum_blocks(carrying, last)[:, -(REFERENCE + FOLLOWED) :]
    full = n > 0  # a block without posts says nothing
    z, n = stabilise(x[:, full], n[full]), n[full]
    alike = measure_likeness(z[:, :-FOLLOWED])
    found = np.full((len(carrying), FOLLOWED), -np.inf)
    is_current = bool(len(full)) and bool(full[-1])
    for n_after in range(1, FOLLOWED + 1):
        n_blocks = min(len(n), n_after + REFERENCE)
        if is_current and n_blocks - n_after >= FEWEST:
            floor = (1 + alike**2) * float(np.mean(1 / (4 * n[-n_blocks:] + 2)))
            found[:, n_after - 1] = log_evidence(z[:, -n_blocks:], n_after, floor, alike)
    return found


def mix(by_phase: Floats) -> Floats:
    """Logarithm of the mean of test martingales: E_s of seven phases, shape (DAYS, k, FOLLOWED) -> (k,)."""
    mixed: Floats = logsumexp(by_phase, axis=(0, 2)) - np.log(DAYS * STARTS)
    return mixed


def threshold(n_frames: int, level: float) -> float:
    """Logarithm of what the mean has to reach."""
    return float(np.log(n_frames / level))
