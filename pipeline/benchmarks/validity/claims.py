"""What a claim about a figure is: a simulation whose truth is known, what it measured, and what is promised.

A module of claims ends in a tuple `CLAIMS`; `__main__` names the modules.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """What is promised: a value within [low, high], both ends included; None is no end."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a measured value keeps the promise; NaN does not."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        if self.low is None and self.high is None:
            return "no target"
        if self.low is None:
            return f"at most {self.high:g}"
        if self.high is None:
            return f"at least {self.low:g}"
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One measured figure.

    Attributes:
        setting: what was simulated, in words.
        value: measured; NaN where the simulation gave none, which no target holds.
        target: of this figure.
        repetitions: it rests on.
        error: Monte Carlo standard error of the value; None where it has none.
    """

    setting: str
    value: float
    target: Target
    repetitions: int
    error: float | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the value meets its target as measured, its Monte Carlo error not counted in its favour."""
        return self.target.holds(self.value)

    @staticmethod
    def of_share(setting: str, share: float, target: Target, repetitions: int) -> "Finding":
        """A share of the repetitions, such as the coverage of an interval, with its binomial error."""
        return Finding(setting, share, target, repetitions, (share * (1 - share) / repetitions) ** 0.5)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that the documentation says of a figure, and the simulation behind it.

    Attributes:
        name: the sentence, short.
        measure: runs so many repetitions from fixed seeds and yields one finding for each setting.
        short: repetitions of the short form; all claims of a module should take under three minutes on one core.
        long: repetitions of the long form, whose figures the documentation quotes.
    """

    name: str
    measure: Callable[[int], Iterator[Finding]]
    short: int
    long: int
