"""Labels and scores side by side, for the units that could have been drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.prevalence.label_designs import Design
from pipeline.prevalence.labelled_sample import LabelledSample
from pipeline.prevalence.mixed_scores import Mixture, mix_scores
from pipeline.prevalence.score_totals import ScoreTotals, UnitScores
from pipeline.prevalence.training_overlap import Replacement

INSIDE: Final = "could_be_drawn"  # a key of the cells

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoredLabels:
    """Labelled units that are in the scores: keys and cells (n rows), labels (n, k), scores (m, n, k), how drawn."""

    units: pd.DataFrame
    cells: pd.DataFrame
    labels: Floats
    scores: Floats
    design: Design
    missing: tuple[str, ...]
    outside: tuple[str, ...]

    @classmethod
    def join(
        cls, sample: LabelledSample, scores: UnitScores, chosen: Sequence[str], all_frames: Sequence[str]
    ) -> "ScoredLabels":
        """Put labels and predictions side by side; units that are not in the scores are left out.

        Raises:
            DataError: none is.
        """
        ids = sample.units["id"].to_numpy(object)
        missing = tuple(ids[~scores.found])
        if not scores.found.any():
            raise DataError(
                f"none of the {len(ids)} coded units is in these scores, the first: {missing[0]!r:.80}; the sample "
                "was drawn from another output"
            )
        inside = scores.cells[INSIDE].fillna(value=False).to_numpy(bool)
        outside = tuple(ids[scores.found & ~inside])
        found = scores.found & inside
        if not found.any():
            raise DataError(f"none of the {len(ids)} coded units could have been drawn from these scores")
        units = sample.units[found].reset_index(drop=True)
        design = Design(
            units["inclusion"].to_numpy(np.float64),
            np.asarray(pd.factorize(units["stratum"])[0], np.int64),
            np.asarray(pd.factorize(units["cluster"])[0], np.int64),
        )
        labels = sample.labels[:, [all_frames.index(frame) for frame in chosen]][found]
        cells = scores.cells[found].reset_index(drop=True)
        return cls(units, cells, labels, scores.probability[None, found], design, missing, outside)

    @cached_property
    def mixture(self) -> Mixture:
        """The scores as one."""
        return mix_scores(self.labels, self.scores, self.design)

    def with_others(self, others: Sequence[Floats]) -> "ScoredLabels":
        """With further scores of the units, each of shape (n, k)."""
        return replace(self, scores=np.concatenate([self.scores, *(scores[None] for scores in others)]))

    def with_scores(self, replacement: Replacement, new: Floats) -> "ScoredLabels":
        """With other first scores of the units that the replacement names, given for the chosen frames."""
        names = ["post_key", "sentence_index"]
        place = pd.MultiIndex.from_frame(replacement.units[names]).get_indexer(
            pd.MultiIndex.from_frame(self.units[names])
        )
        first = np.where((place >= 0)[:, None], new[place], self.scores[0])
        return replace(self, scores=np.concatenate([first[None], self.scores[1:]]))


def adjust_totals(totals: ScoreTotals, old: UnitScores, new: Floats, keys: list[str]) -> ScoreTotals:
    """Sums with the scores of some units replaced."""
    probability = totals.probability.copy()
    cells = pd.MultiIndex.from_frame(totals.cells[keys])
    place = cells.get_indexer(pd.MultiIndex.from_frame(old.cells[keys]))
    usable = old.found & (place >= 0)
    np.add.at(probability, place[usable], (new - old.probability)[usable])
    return replace(totals, probability=probability)


def keep_inside(totals: ScoreTotals) -> ScoreTotals:
    """The sums over units that could have been drawn."""
    inside = totals.cells[INSIDE].to_numpy(bool)
    if not inside.any():
        raise DataError("none of the units in these scores could have been drawn for this sample")
    return replace(
        totals,
        cells=totals.cells[inside].drop(columns=INSIDE).reset_index(drop=True),
        decided=totals.decided[inside],
        probability=totals.probability[inside],
        others=tuple(sums[inside] for sums in totals.others),
    )
