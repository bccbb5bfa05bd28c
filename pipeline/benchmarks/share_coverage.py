"""How often do intervals of shares hold the true share? Simulated outputs whose truth is known.

    python -m pipeline.benchmarks.share_coverage --repetitions 1000

In each repetition a sample is drawn from an output of `UNITS` units and both intervals are made: from labels alone,
and from predictions and labels. Designs: `random`; `stratified`, with unequal inclusion probabilities over strata of
unequal share (half of the labels from a fifth of the units); `clustered`, where whole clusters of one to six copies
of a text are drawn. Classifiers: see `CLASSIFIERS`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray

from pipeline.commands.result_tables import plain_table
from pipeline.commands.terminal import console, run_command
from pipeline.prevalence.estimators import estimate_means
from pipeline.prevalence.label_designs import Design, Floats, Integers

UNITS: Final = 20_000
DESIGNS: Final = ("random", "stratified", "clustered")
CLASSIFIERS: Final = {
    "good": "separates well, calibrated",
    "biased": "separates, with probabilities that are far too high",
    "overconfident": "misses a quarter of the frame's units with near certainty, and has false alarms",
    "useless": "knows nothing of the labels",
}
_LARGEST_CLUSTER: Final = 6  # copies of one text in the clustered output
_RICH_SHARE: Final = 0.2  # of the units, in the stratum that is oversampled


@dataclass(frozen=True, eq=False)
class Output:
    """A simulated output: labels and predictions (N,), and number of each unit's stratum and cluster (N,)."""

    labels: Floats
    predictions: Floats
    strata: Integers
    clusters: Integers


@dataclass(frozen=True, slots=True)
class Coverage:
    """What became of one kind of interval over the repetitions.

    Attributes:
        covered: share of the intervals that hold the truth.
        mean_width: of the intervals.
        bias: mean error of the estimate.
    """

    covered: float
    mean_width: float
    bias: float


def simulate_output(design: str, classifier: str, prevalence: float, seed: int) -> Output:
    """An output in which about `prevalence` of the units carry the frame.

    Args:
        design: of `DESIGNS`; says how units hang together.
        classifier: of `CLASSIFIERS`.
        prevalence: expected share.
        seed: of everything random.
    """
    generator = np.random.default_rng(seed)
    strata = (generator.random(UNITS) < _RICH_SHARE).astype(np.int64)
    clusters = np.arange(UNITS)
    chance = np.full(UNITS, prevalence)
    if design == "stratified":  # the oversampled fifth has more than twice the share of the rest
        chance = prevalence * np.where(strata == 1, 2.0, 0.75)
    if design == "clustered":
        sizes = generator.integers(1, _LARGEST_CLUSTER + 1, UNITS)
        clusters = np.repeat(np.arange(UNITS), sizes)[:UNITS]
    # copies of a text are coded and predicted alike: both are drawn for the first and taken over by the others
    first = np.unique(clusters, return_index=True)[1]
    labels = (generator.random(UNITS) < chance)[first[clusters]].astype(float)
    predictions = _predict(labels, prevalence, classifier, generator)[first[clusters]]
    return Output(labels, predictions, strata if design == "stratified" else np.zeros_like(strata), clusters)


def draw(output: Output, design: str, n: int, generator: np.random.Generator) -> tuple[Integers, Design]:
    """Rows of about n labelled units, exactly n but for clusters, and how they came into the sample."""
    if design == "clustered":
        n_clusters = int(output.clusters.max()) + 1
        fraction = n / UNITS
        chosen = generator.permutation(n_clusters)[: round(fraction * n_clusters)]
        rows = np.flatnonzero(np.isin(output.clusters, chosen))
        inclusion = np.full(len(rows), len(chosen) / n_clusters)
        return rows, Design(
            inclusion, np.zeros_like(rows), np.unique(output.clusters[rows], return_inverse=True)[1]
        )
    parts = [np.flatnonzero(output.strata == stratum) for stratum in range(int(output.strata.max()) + 1)]
    wanted = n // len(parts)
    rows = np.concatenate([generator.choice(part, wanted, replace=False, shuffle=False) for part in parts])
    fractions = np.array([wanted / len(part) for part in parts])
    return rows, Design(fractions[output.strata[rows]], output.strata[rows], np.arange(len(rows)))


def measure_coverage(
    design: str, classifier: str, prevalence: float, n: int, *, repetitions: int, seed: int = 0
) -> dict[str, Coverage]:
    """Coverage of 95 % intervals by estimator, "classical" and "corrected"."""
    output = simulate_output(design, classifier, prevalence, seed)
    truth, mean = output.labels.mean(), output.predictions.mean(keepdims=True)
    generator = np.random.default_rng([seed, n])
    found: dict[str, list[tuple[float, float, float]]] = {"classical": [], "corrected": []}
    for _ in range(repetitions):
        rows, drawn = draw(output, design, n, generator)
        for name, power in (("classical", 0.0), ("corrected", None)):
            shares = estimate_means(
                output.labels[rows, None], output.predictions[rows, None], mean, drawn, power=power
            )
            found[name].append((shares.low[0], shares.high[0], shares.value[0]))
    return {name: _summarise(np.array(intervals), float(truth)) for name, intervals in found.items()}


def _summarise(intervals: NDArray[np.float64], truth: float) -> Coverage:
    low, high, value = intervals.T
    return Coverage(
        float(((low <= truth) & (truth <= high)).mean()),
        float((high - low).mean()),
        float(value.mean() - truth),
    )


def _predict(labels: Floats, prevalence: float, classifier: str, generator: np.random.Generator) -> Floats:
    """Probabilities of a simulated classifier for each label."""
    noise, chance = generator.normal(size=len(labels)), generator.random(len(labels))
    prior = np.log(prevalence / (1 - prevalence))
    if classifier == "overconfident":
        is_hit = np.where(labels == 1, chance < 0.75, chance < prevalence / 5)  # noqa: PLR2004 - sensitivity
        return np.where(is_hit, 0.99, 0.01)
    # log odds of two normal distributions a distance apart are calibrated (linear discriminant)
    distance = {"good": 4.0, "biased": 3.0, "useless": 0.0}[classifier]
    odds = prior + distance * (noise + distance * labels) - distance**2 / 2
    odds += {"good": 0.0, "biased": 1.5, "useless": 1.5 * noise}[classifier]
    return np.asarray(1 / (1 + np.exp(-odds)))


def _measure_all(
    sizes: Sequence[int], prevalences: Sequence[float], repetitions: int
) -> Iterator[tuple[str, ...]]:
    for design in DESIGNS:
        for classifier in CLASSIFIERS:
            for prevalence in prevalences:
                for n in sizes:
                    found = measure_coverage(design, classifier, prevalence, n, repetitions=repetitions)
                    yield (
                        f"{design}, {classifier}",
                        f"{prevalence:.0%}",
                        f"{n}",
                        *(
                            text
                            for name in ("classical", "corrected")
                            for text in (f"{found[name].covered:.1%}", f"{found[name].mean_width:.3f}")
                        ),
                    )


def main(
    repetitions: Annotated[int, typer.Option("--repetitions", min=1, help="Samples of each kind.")] = 1000,
    n: Annotated[list[int] | None, typer.Option("--n", help="Labelled units; may be repeated.")] = None,
    prevalence: Annotated[
        list[float] | None, typer.Option("--prevalence", help="True share; may be repeated.")
    ] = None,
) -> None:
    """Print coverage and mean width of 95 % intervals for designs, classifiers, shares and sample sizes."""

    def work() -> None:
        rows = list(_measure_all(n or (50, 100, 400), prevalence or (0.03, 0.1, 0.3), repetitions))
        columns = ("design, classifier", "share", "n", "labels", "width", "corrected", "width")
        console().print(plain_table("Coverage of 95 % intervals", columns, rows))

    run_command(work)


if __name__ == "__main__":
    typer.run(main)
