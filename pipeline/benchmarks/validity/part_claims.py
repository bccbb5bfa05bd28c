"""Claims about shares in parts of an output: a small channel of which alone a good model is half of the time wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.annotation.probability_designs import draw_random, draw_scored
from pipeline.benchmarks.share_coverage import UNITS, simulate_output
from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.prevalence.contrasts import JointShares
from pipeline.prevalence.estimators import Shares, estimate_means
from pipeline.prevalence.label_designs import Design, Floats, Integers

_N: Final = 400
_CHANNELS: Final = np.array(
    [0.1, 0.1, 0.8]
)  # shares of the units: the hard channel, one of its size, the rest
_HARD, _LIKE = 0, 1
_OUTPUTS: Final = 8  # simulated, many samples of each
_SHARES: Final = (0.2, 0.05)
_DESIGNS: Final = ("random", "scored")


@dataclass(frozen=True, eq=False)
class World:
    """Units of an output, (N,) each."""

    channels: Integers
    labels: Floats
    scores: Floats


def simulate_world(share: float, wrong: str, seed: int) -> World:
    """A good, calibrated classifier; of the hard channel's positives half are missed, or are no positives.

    Args:
        share: of the units that carry the frame.
        wrong: "misses", scored like units without the frame; "false alarms"; or "nothing".
        seed: of everything random.
    """
    generator = np.random.default_rng([41, seed])
    output = simulate_output("random", "good", share, seed)
    labels, scores = output.labels.copy(), output.predictions.copy()
    channels = generator.choice(len(_CHANNELS), UNITS, p=_CHANNELS)
    chosen = (channels == _HARD) & (labels > 0) & (generator.random(UNITS) < 0.5)  # noqa: PLR2004 - a half
    if wrong == "misses":
        scores[chosen] = generator.choice(scores[labels == 0], chosen.sum())
    if wrong == "false alarms":
        labels[chosen] = 0
    return World(channels, labels, scores)


def estimate_channels(world: World, design: str, seed: int, power: float | None = None) -> list[Shares]:
    """Of the hard channel and of the one of its size, from one sample."""
    numbers = np.random.default_rng([42, seed]).permutation(UNITS).astype(np.uint64)
    doubt = np.sqrt(world.scores * (1 - world.scores))
    drawn = draw_random(numbers, _N) if design == "random" else draw_scored(numbers, doubt, _N, 2)
    strata = np.unique(drawn.strata.astype(str), return_inverse=True)[1]
    return [
        estimate_means(
            world.labels[drawn.rows, None],
            world.scores[drawn.rows, None],
            world.scores[world.channels == channel].mean(keepdims=True),
            Design(drawn.inclusion, strata, np.arange(_N)),
            in_domain=world.channels[drawn.rows] == channel,
            power=power,
        )
        for channel in (_HARD, _LIKE)
    ]


def cover_hard_channels(repetitions: int) -> Iterator[Finding]:
    """Coverage of the hard channel's share, and of its difference from the one of its size."""
    for share in _SHARES:
        for wrong in ("misses", "false alarms"):
            worlds = [simulate_world(share, wrong, seed) for seed in range(_OUTPUTS)]
            for design in _DESIGNS:
                held = []
                for r in range(repetitions):
                    world = worlds[r % _OUTPUTS]
                    truth = [world.labels[world.channels == channel].mean() for channel in (_HARD, _LIKE)]
                    shares = estimate_channels(world, design, r)
                    joint = JointShares.of(("hard", "like"), shares, 0)
                    low, high = joint.combine(np.array([[-1.0, 1.0]]), np.array([joint.quantile(0.95)]))
                    held.append(
                        (
                            shares[0].low[0] <= truth[0] <= shares[0].high[0],
                            low[0] <= truth[1] - truth[0] <= high[0],
                        )
                    )
                for what, covered in zip(("share", "difference"), np.mean(held, axis=0), strict=True):
                    setting = f"{what}, half {wrong}, {design}, share {share:.0%}, n {_N}"
                    yield Finding.of_share(setting, float(covered), Target(low=0.93), repetitions)


def measure_like_channels(repetitions: int) -> Iterator[Finding]:
    """What it costs where the model errs alike everywhere: coverage, and width by that of labels alone."""
    for share in _SHARES:
        worlds = [simulate_world(share, "nothing", seed) for seed in range(_OUTPUTS)]
        for design in _DESIGNS:
            held, widths = [], []
            for r in range(repetitions):
                world = worlds[r % _OUTPUTS]
                found, labels_only = (
                    estimate_channels(world, design, r, power)[_LIKE] for power in (None, 0.0)
                )
                truth = world.labels[world.channels == _LIKE].mean()
                held.append(found.low[0] <= truth <= found.high[0])
                widths.append([shares.high[0] - shares.low[0] for shares in (found, labels_only)])
            setting = f"{design}, share {share:.0%}, n {_N}"
            yield Finding.of_share(
                f"coverage, {setting}", float(np.mean(held)), Target(low=0.93), repetitions
            )
            width, of_labels = np.mean(widths, axis=0)
            yield Finding(
                f"width by labels alone, {setting}", width / of_labels, Target(None, 0.75), repetitions
            )


CLAIMS: Final = (
    Claim("A small channel of which alone the model is wrong", cover_hard_channels, short=60, long=1000),
    Claim("A small channel like the others", measure_like_channels, short=60, long=1000),
)
