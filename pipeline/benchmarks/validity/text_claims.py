"""Claims about what is one text: which texts are copies, and which say the same, on pairs with known answers."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.benchmarks.validity.text_pairs import LANGUAGES, make_pairs
from pipeline.data.near_duplicates import cluster_texts, find_statements

_PRECISION, _RECALL = Target(0.97), Target(0.95)


def find_copies(repetitions: int) -> Iterator[Finding]:
    """Precision and recall of "these two are copies, so they stand in one fold"."""
    yield from _measure(repetitions, cluster_texts, "are_copies")


def find_same_statements(repetitions: int) -> Iterator[Finding]:
    """Precision and recall of "these two say the same, so a label of one may be copied to the other"."""
    yield from _measure(repetitions, find_statements, "say_the_same")


def _measure(repetitions: int, judge: Callable[..., NDArray[np.int64]], question: str) -> Iterator[Finding]:
    for language in LANGUAGES:
        counts: Counter[tuple[bool, bool]] = Counter()
        for seed in range(repetitions):
            texts, pairs = make_pairs(language, seed)
            found = judge(texts, channels=["channel"] * len(texts))
            counts.update(
                (bool(found[pair.one] == found[pair.other]), bool(getattr(pair, question))) for pair in pairs
            )
        right, said, true = counts[True, True], counts[True, False], counts[False, True]
        yield Finding(f"{language}: precision", right / max(right + said, 1), _PRECISION, right + said)
        yield Finding(f"{language}: recall", right / max(right + true, 1), _RECALL, right + true)


CLAIMS: Final = (
    Claim("Copies are found, and nothing else is", find_copies, short=3, long=30),
    Claim("Labels are copied between texts that say the same alone", find_same_statements, short=3, long=30),
)
