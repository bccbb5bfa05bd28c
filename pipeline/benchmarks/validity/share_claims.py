"""Claims about shares of frames, their differences and trends."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from pipeline.annotation.probability_designs import draw_random, draw_scored
from pipeline.benchmarks.share_coverage import UNITS, Output, simulate_output
from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.prevalence.contrasts import JointShares, Wanted, bound_together, find_contrasts
from pipeline.prevalence.estimators import estimate_means
from pipeline.prevalence.label_designs import Design, Floats, Integers

TARGET: Final = Target(0.93, 0.975)
_N: Final = 400
_OUTPUTS: Final = 5  # simulated, whose widths are averaged
_CHANNELS: Final = np.array([0.4, 0.2, 0.15, 0.15, 0.1])  # shares of the units
_SHARES: Final = (0.05, 0.2)  # of the units that carry the frame
_QUARTERS: Final = tuple(f"202{3 + i // 4}-Q{1 + i % 4}" for i in range(8))
_FEATURES: Final = 100
_CORPUS, _TRAINED, _FOLDS = 1600, 300, 5  # units, those that trained the model, folds


def cover_trained_sample(repetitions: int) -> Iterator[Finding]:
    """A sample that also trained the model: its own scores, none, and those from before it was learnt from."""
    held: dict[str, list[bool]] = {
        "scores of the model": [],
        "labels alone": [],
        "scores before the training": [],
    }
    for r in range(repetitions):
        generator = np.random.default_rng([7, r])
        features = generator.normal(size=(_CORPUS, _FEATURES))
        labels = (features[:, :3].sum(axis=1) + generator.normal(size=_CORPUS) > 2).astype(float)  # noqa: PLR2004
        rows = generator.permutation(_CORPUS)[:_TRAINED]
        scores = _fit_ridge(features[rows], labels[rows], features)
        before, folds = scores.copy(), generator.integers(0, _FOLDS, _TRAINED)
        for fold in range(_FOLDS):
            inside, held_out = rows[folds != fold], rows[folds == fold]
            before[held_out] = _fit_ridge(features[inside], labels[inside], features[held_out])
        design = _plain_design(_TRAINED, _TRAINED / _CORPUS)
        for (_, found), (used, power) in zip(
            held.items(), ((scores, None), (scores, 0.0), (before, None)), strict=True
        ):
            share = estimate_means(
                labels[rows, None], used[rows, None], used.mean(keepdims=True), design, power=power
            )
            found.append(bool(share.low[0] <= labels.mean() <= share.high[0]))
    for name, found in held.items():
        target = Target() if name == "scores of the model" else TARGET
        yield Finding.of_share(f"{name}, {_TRAINED} of {_CORPUS}", float(np.mean(found)), target, repetitions)


def cover_designs(repetitions: int) -> Iterator[Finding]:
    """Rare frames: coverage, and width by 3.92 true standard errors, of samples at random and by score."""
    for share in (0.015, 0.02):
        for design in ("random", "scored"):
            held, widths = [], []
            for seed in range(_OUTPUTS):
                output = simulate_output("random", "good", share, seed)
                generator = np.random.default_rng([13, seed, round(1000 * share)])
                found = [
                    _draw_and_estimate(output, design, generator) for _ in range(repetitions // _OUTPUTS)
                ]
                value, low, high = np.array(found).T
                truth = output.labels.mean()
                held += ((low <= truth) & (truth <= high)).tolist()
                widths.append((high - low).mean() / (3.92 * value.std()))
            setting = f"{design}, share {share:.1%}, n {_N}"
            yield Finding.of_share(
                f"coverage, {setting}", float(np.mean(held)), Target(0.93, 0.97), len(held)
            )
            width = float(np.mean(widths))
            yield Finding(
                f"width by 3.92 true standard errors, {setting}",
                width,
                Target(None, 1.1),
                len(held),
                width / (2 * len(held)) ** 0.5,
            )


def _draw_and_estimate(
    output: Output, design: str, generator: np.random.Generator
) -> tuple[float, float, float]:
    """Share, lower and upper end."""
    numbers = generator.permutation(UNITS).astype(np.uint64)
    doubt = np.sqrt(output.predictions * (1 - output.predictions))
    drawn = draw_random(numbers, _N) if design == "random" else draw_scored(numbers, doubt, _N, 2)
    estimate = estimate_means(
        output.labels[drawn.rows, None],
        output.predictions[drawn.rows, None],
        output.predictions.mean(keepdims=True),
        Design(drawn.inclusion, np.unique(drawn.strata.astype(str), return_inverse=True)[1], np.arange(_N)),
    )
    return float(estimate.value[0]), float(estimate.low[0]), float(estimate.high[0])


def cover_sure_models(repetitions: int) -> Iterator[Finding]:
    """Coverage of scored samples where a model misses a part of a rare frame with near certainty."""
    for share, missed in ((0.01, 0.3), (0.015, 0.2), (0.02, 0.1)):
        held = []
        for r in range(repetitions):
            generator = np.random.default_rng([17, r % 6])  # six outputs, many samples of each
            labels = (generator.random(UNITS) < share).astype(float)
            is_seen = (labels > 0) & (generator.random(UNITS) > missed)
            sure, unsure = generator.beta(8, 2, UNITS), generator.beta(0.05, 20, UNITS)
            scores = np.clip(np.where(is_seen, sure, unsure), 1e-6, 1 - 1e-6)
            numbers = np.random.default_rng([18, r]).permutation(UNITS).astype(np.uint64)
            drawn = draw_scored(numbers, np.sqrt(scores * (1 - scores)), _N, 2)
            estimate = estimate_means(
                labels[drawn.rows, None],
                scores[drawn.rows, None],
                scores.mean(keepdims=True),
                Design(
                    drawn.inclusion,
                    np.unique(drawn.strata.astype(str), return_inverse=True)[1],
                    np.arange(_N),
                ),
            )
            held.append(bool(estimate.low[0] <= labels.mean() <= estimate.high[0]))
        setting = f"share {share:.1%}, {missed:.0%} of it missed, n {_N}"
        yield Finding.of_share(setting, float(np.mean(held)), Target(low=0.93), repetitions)


def cover_differences(repetitions: int) -> Iterator[Finding]:
    """Differences and ratios of five channels: one by one, together, and Holm's family error where all are equal."""
    for share in _SHARES:
        for is_equal in (False, True):
            names = tuple(f"channel {i}" for i in range(len(_CHANNELS)))
            found = _measure(
                share, names, _CHANNELS, repetitions, is_equal=is_equal, wanted=Wanted(differences=True)
            )
            setting = f"share {share:.0%}, {'equal' if is_equal else 'unequal'} channels, n {_N}"
            yield from _summarise(found, setting, is_equal=is_equal)


def cover_slopes(repetitions: int) -> Iterator[Finding]:
    """The slope over eight quarters."""
    for share in _SHARES:
        weights = np.full(len(_QUARTERS), 1 / len(_QUARTERS))
        found = _measure(share, _QUARTERS, weights, repetitions, is_equal=False, wanted=Wanted(trend=True))
        yield Finding.of_share(
            f"slope, share {share:.0%}, n {_N}", float(np.mean(found["slope"])), TARGET, repetitions
        )


def _summarise(found: dict[str, list[float]], setting: str, *, is_equal: bool) -> Iterator[Finding]:
    n = len(found["together"])
    yield Finding.of_share(f"difference, {setting}", float(np.mean(found["difference"])), TARGET, n)
    yield Finding.of_share(f"ratio, {setting}", float(np.mean(found["ratio"])), TARGET, n)
    yield Finding.of_share(
        f"all differences, {setting}", float(np.mean(found["together"])), Target(0.93, 0.99), n
    )
    yield Finding.of_share(f"all shares, {setting}", float(np.mean(found["shares"])), Target(0.93, 0.99), n)
    if is_equal:
        yield Finding.of_share(
            f"some p (Holm) < .05, {setting}", float(np.mean(found["wrong"])), Target(None, 0.06), n
        )


def _measure(
    share: float,
    names: tuple[str, ...],
    weights: Floats,
    repetitions: int,
    *,
    is_equal: bool,
    wanted: Wanted,
) -> dict[str, list[float]]:
    """How often intervals held, by kind; "together" and "shares" all at once, "wrong" some small p."""
    generator = np.random.default_rng([11, round(1000 * share), is_equal])
    output = simulate_output("random", "biased", share, 5)
    domains = generator.choice(len(names), UNITS, p=weights)
    labels = output.labels.copy()
    if not is_equal:  # half of the positives of the second half of the domains are taken away
        labels[(domains >= len(names) / 2) & (generator.random(UNITS) < 0.5)] = 0  # noqa: PLR2004
    kind = "quarter" if wanted.trend else "channel"
    truth = _true_contrasts(names, domains, labels, kind, wanted)
    true_shares = np.array([labels[domains == d].mean() for d in range(len(names))])
    found: dict[str, list[float]] = {
        key: [] for key in ("difference", "ratio", "slope", "together", "shares", "wrong")
    }
    for _ in range(repetitions):
        rows = generator.permutation(UNITS)[:_N]
        joint = _estimate(names, domains, labels, output.predictions, rows)
        all_held, smallest = True, 1.0
        for contrast in find_contrasts(joint, kind, "frame", wanted, 0.95):
            true = truth[contrast.kind, contrast.first, contrast.second]
            found[contrast.kind].append(_holds(contrast.estimate, true))
            if contrast.simultaneous.value is not None:
                all_held &= _holds(contrast.simultaneous, true)
                smallest = min(smallest, contrast.p_holm or 0.0)
        found["together"].append(all_held)
        found["wrong"].append(smallest < 0.05)  # noqa: PLR2004
        bands = bound_together(joint, 0.95)
        found["shares"].append(all(_holds(band, true) for band, true in zip(bands, true_shares, strict=True)))
    return found


def _holds(estimate: object, true: float) -> bool:
    low, high = getattr(estimate, "low", None), getattr(estimate, "high", None)
    return (low is None or low <= true) and (high is None or true <= high)


def _estimate(
    names: tuple[str, ...], domains: Integers, labels: Floats, predictions: Floats, rows: Integers
) -> JointShares:
    design = _plain_design(len(rows), len(rows) / UNITS)
    shares = [
        estimate_means(
            labels[rows, None],
            predictions[rows, None],
            predictions[domains == d].mean(keepdims=True),
            design,
            in_domain=domains[rows] == d,
        )
        for d in range(len(names))
    ]
    return JointShares.of(names, shares, 0)


def _true_contrasts(
    names: tuple[str, ...], domains: Integers, labels: Floats, kind: str, wanted: Wanted
) -> dict[tuple[str, str, str], float]:
    """What the same contrasts are when everything is labelled."""
    everything = np.arange(UNITS)
    shares = [
        estimate_means(
            labels[:, None],
            labels[:, None],
            labels[domains == d].mean(keepdims=True),
            Design(np.ones(UNITS), np.zeros(UNITS, np.int64), everything),
            in_domain=domains == d,
            power=0.0,
        )
        for d in range(len(names))
    ]
    joint = JointShares.of(names, shares, 0)
    return {
        (c.kind, c.first, c.second): float(c.estimate.value or 0.0)
        for c in find_contrasts(_drop_residuals(joint), kind, "frame", wanted, 0.95)
    }


def _drop_residuals(joint: JointShares) -> JointShares:
    d = len(joint.names)
    return JointShares(
        joint.names, joint.value, np.zeros((2, d)), np.zeros(d), np.zeros(d), np.zeros((1, d)), 100.0
    )


def _plain_design(n: int, inclusion: float) -> Design:
    return Design(np.full(n, inclusion), np.zeros(n, np.int64), np.arange(n))


def _fit_ridge(features: Floats, labels: Floats, wanted: Floats) -> Floats:
    """Scores in [0, 1] of a ridge regression with a weak penalty, which knows its own rows well."""
    mean = labels.mean()
    gram = features.T @ features + np.eye(features.shape[1])
    return np.asarray(np.clip(mean + wanted @ np.linalg.solve(gram, features.T @ (labels - mean)), 0, 1))


CLAIMS: Final = (
    Claim("Shares from a sample that trained the model", cover_trained_sample, short=200, long=2000),
    Claim("Rare frames, by design of the sample", cover_designs, short=200, long=2000),
    Claim("Samples by score of a model that is sure and wrong", cover_sure_models, short=150, long=2000),
    Claim("Differences of shares between channels", cover_differences, short=60, long=1000),
    Claim("Slopes of shares over quarters", cover_slopes, short=100, long=1000),
)
