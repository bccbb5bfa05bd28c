"""Coded texts for the prompt: from train alone, and never for a text of their own cluster of copies."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.llm.questions import Example
from pipeline.data.labels.labelled_rows import LabelledData

_LONGEST: Final = 1000  # characters of an example: a prompt is paid for with every call
_EVERY: Final = 4  # of so many examples one carries no frame


@dataclass(frozen=True, slots=True)
class ChosenExamples:
    """Examples, each of another cluster, and one in reserve.

    Attributes:
        examples: of the prompt; the last is only used in place of one that is left out.
        clusters: of each.
    """

    examples: tuple[Example, ...]
    clusters: tuple[int, ...]

    @property
    def usual(self) -> tuple[Example, ...]:
        """Of the prompt that new texts meet."""
        return self.examples[:-1]

    def without(self, cluster: int) -> tuple[Example, ...]:
        """Of the prompt that a training text of this cluster meets: as many, none of them a copy of it."""
        if cluster not in self.clusters[:-1]:
            return self.usual
        return tuple(
            example for example, own in zip(self.examples, self.clusters, strict=True) if own != cluster
        )


def choose_examples(
    train: LabelledData, clusters: NDArray[np.int64], n: int, *, seed: int
) -> ChosenExamples | None:
    """Draw `n` examples and one in reserve, so that rare frames have some too; None for none.

    Each is of the frame that has fewest so far, one of four of no frame; among those it is drawn.

    Args:
        train: the rows that they are taken from.
        clusters: of its rows, shape (n_train,).
        n: how many.
        seed: of the drawing.
    """
    texts, labels = list(train.table["text"]), list(train.table["labels"])
    order = [int(i) for i in np.random.default_rng(seed).permutation(len(texts)) if len(texts[i]) <= _LONGEST]
    counts: Counter[str] = Counter()
    chosen: list[int] = []
    taken: set[int] = set()
    while n and len(chosen) < n + 1:
        left = [i for i in order if int(clusters[i]) not in taken]
        if not left:
            break
        i = _next(left, labels, train.frame_ids, counts, wants_none=len(chosen) % _EVERY == _EVERY - 1)
        chosen.append(i)
        taken.add(int(clusters[i]))
        counts.update(labels[i])
    if len(chosen) < 2:  # noqa: PLR2004 - one, and one in reserve
        return None
    return ChosenExamples(
        tuple(Example(texts[i], labels[i]) for i in chosen), tuple(int(clusters[i]) for i in chosen)
    )


def _next(
    left: Sequence[int],
    labels: Sequence[tuple[str, ...]],
    frame_ids: Sequence[str],
    counts: Counter[str],
    *,
    wants_none: bool,
) -> int:
    if wants_none:
        return next((i for i in left if not labels[i]), left[0])
    for frame in sorted(frame_ids, key=lambda name: (counts[name], frame_ids.index(name))):
        if found := [i for i in left if frame in labels[i]]:
            return found[0]
    return left[0]
