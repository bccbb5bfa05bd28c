"""How far a share could move if disagreements of coders were settled otherwise.

Of units that two coders or more coded, a label in the sample is in dispute where one of them coded otherwise. Let a be
the weighted share in dispute among units labelled with the frame, b among those labelled without. If all disputes were
settled against the frame, a share p would be p (1 - a); if all in its favour, p + (1 - p) b. Units that one person
coded are taken to be as disputable as the others. These are bounds for what coders see differently, and say nothing of
what all of them get wrong alike; chance of the sample comes on top.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.annotation.agreement import read_for_agreement
from pipeline.annotation.coded_table import say_count
from pipeline.annotation.coefficients import PAIR
from pipeline.data.codebooks.codebook import draft_codebook
from pipeline.errors import DataError
from pipeline.measures.intervals import Estimate
from pipeline.prevalence.domains import FEWEST_LABELLED
from pipeline.prevalence.share_records import NO_ESTIMATE

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CoderDoubt:
    """Which labels of a sample are in dispute.

    Attributes:
        is_double: units that two coders or more coded, shape (n,).
        in_dispute: labels that one of them gave otherwise, shape (n, k).
    """

    is_double: Mask
    in_dispute: Mask

    def bound(self, share: Floats, labels: Floats, weights: Floats, inside: Mask) -> list[Estimate]:
        """Bounds around shares of k frames in a domain; none where too few units were coded twice.

        Args:
            share: as estimated, shape (k,).
            labels: of the sample, shape (n, k).
            weights: one over inclusion, shape (n,).
            inside: units of the domain, shape (n,).
        """
        used = inside & self.is_double
        if used.sum() < FEWEST_LABELLED:
            return [NO_ESTIMATE] * len(share)
        bounds = []
        for k, p in enumerate(share):
            gone, won = (
                _weigh(weights, used & (labels[:, k] == value), self.in_dispute[:, k]) for value in (1, 0)
            )
            low, high = p * (1 - gone), p + (1 - p) * won
            bounds.append(Estimate(float(p), float(low), float(high)))
        return bounds


def _weigh(weights: Floats, chosen: Mask, in_dispute: Mask) -> float:
    """Weighted share in dispute; all of nothing, as nothing speaks against it."""
    whole = float(weights[chosen].sum())
    return float(weights[chosen & in_dispute].sum()) / whole if whole else 1.0


def read_doubt(
    samples: Sequence[Path],
    codings: Sequence[Path],
    units: pd.DataFrame,
    labels: Floats,
    frames: Sequence[str],
    *,
    all_frames: Sequence[str],
    parents: Mapping[str, str],
    empty_is_coded: bool = False,
    encoding: str | None = None,
) -> tuple[CoderDoubt, str]:
    """Labels in dispute by the codings of several coders, and a note.

    Args:
        samples: files of the sample, which count as one coder's where they name none.
        codings: files of further codings, as `frames agreement` reads them.
        units: of the sample, column id, shape (n, ...).
        labels: of these, shape (n, k).
        frames: names of the k columns.
        all_frames: of the scores; codings may name any of them.
        parents: of the frames that have one.
        empty_is_coded: a row without labels carries no frame.
        encoding: of text files that are not UTF-8.

    Raises:
        DataError: a file cannot be read; too few units of the sample were coded by two.
    """
    codebook = draft_codebook("scores", all_frames, mode="multi_label", parents=parents)
    read, _ = read_for_agreement(
        [*samples, *codings], codebook, empty_is_coded=empty_is_coded, encoding=encoding
    )
    by_unit: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for coding in read:
        if coding.is_by_model:  # it disagrees in ways of its own
            continue
        by_unit[coding.id][coding.annotator] = coding.labels
    is_double, in_dispute = np.zeros(len(units), bool), np.zeros(labels.shape, bool)
    for row, unit in enumerate(units["id"]):
        given = by_unit.get(str(unit), {})
        if len(given) >= PAIR:
            is_double[row] = True
            coded = np.array([[frame in codes for frame in frames] for codes in given.values()])
            in_dispute[row] = (coded != (labels[row] > 0)).any(axis=0)
    n = int(is_double.sum())
    if n < FEWEST_LABELLED:
        listed = ", ".join(map(str, codings))
        raise DataError(
            f"{listed}: {say_count(n, 'unit', 'units')} of the sample coded by two coders; expected {FEWEST_LABELLED} "
            "or more, with the ids of the sample, to say how far their disagreement moves shares"
        )
    return CoderDoubt(is_double, in_dispute), (
        f"coders: what a share would be if every label in dispute among the {n} units that two or more coded were "
        "settled against or for its frame, all other units being as disputable; what coders get wrong alike is not in "
        "it, and the interval of the sample comes on top"
    )
