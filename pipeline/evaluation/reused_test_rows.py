"""How often test rows have been used already, and what that costs.

The best of many models on the same rows owes part of its figures to those rows. Of m models whose figures on them are
known, any of the m (m - 1) / 2 pairs may be the one that is looked at, so a comparison has the level 1 - alpha / pairs:
all pairs hold together (Bonferroni). Where each new model is compared with the champion, the chance that one no better
is ever called better adds up to alpha at most, however many follow: sum over m of alpha / (m (m - 1)) = alpha.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm


@dataclass(frozen=True, slots=True)
class TestUse:
    """What a ledger knows of some test rows.

    Attributes:
        comparisons: earlier ones on these rows, promotions among them.
        pairs: of models that they compared.
        models: whose figures on these rows are known, the two to be compared among them.
    """

    __test__ = False  # pytest: the name is a noun, not a test

    comparisons: int
    pairs: int
    models: int

    @property
    def possible_pairs(self) -> int:
        """Pairs of known models: so many comparisons share the error of one."""
        return max(self.models * (self.models - 1) // 2, 1)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "comparisons_before": self.comparisons,
            "pairs_before": self.pairs,
            "models": self.models,
            "possible_pairs": self.possible_pairs,
        }

    def describe(self, n: int) -> str:
        """One sentence on n rows."""
        if not self.comparisons:
            before = f"these {n} test rows have been used for no comparison before"
        else:
            times = "1 comparison" if self.comparisons == 1 else f"{self.comparisons} comparisons"
            pairs = "1 pair" if self.pairs == 1 else f"{self.pairs} pairs"
            before = f"these {n} test rows have been used for {times} ({pairs} of models) before"
        known = "1 model" if self.models == 1 else f"{self.models} models"
        return f"{before}; the figures of {known} on them are known"


def expected_luck(models: int, error: float) -> float:
    """How far the best of equal models is expected to lie above its true figure.

    Args:
        models: how many, their errors on the same rows being independent but for what the rows have in common.
        error: standard error of the difference of two of them.
    """
    x = np.linspace(-9.0, 9.0, 3600)  # 0, where the next line jumps, is none of them
    below = norm.cdf(x) ** models
    largest = np.trapezoid(np.where(x > 0, 1 - below, -below), x)  # mean of the largest of standard normals
    return float(largest * error / np.sqrt(2))
