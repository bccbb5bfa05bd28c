"""Which share of the output carries each frame: whole, by channel, by month, and by both.

The target is the units in this output folder (posts, or sentences, with at least one scored sentence), not what
else the channels may have written. The prediction is the calibrated probability, which says more than the decision;
the raw share counts decisions and stands beside the estimates uncorrected.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.measures.intervals import Estimate
from pipeline.prevalence.estimators import Design, Shares, estimate_means
from pipeline.prevalence.labelled_sample import LabelledSample, read_labelled_sample
from pipeline.prevalence.score_totals import (
    ScoreTotals,
    UnitScores,
    look_up_scores,
    read_frames,
    sum_scores,
)
from pipeline.prevalence.share_records import DOMAINS, FEWEST_LABELLED, Domain, ShareEstimate, ShareReport

_KEYS: Final[dict[Domain, list[str]]] = {
    "whole": [],
    "channel": ["channel"],
    "month": ["month"],
    "channel_month": ["channel", "month"],
}
_TOLERANCE: Final = 0.01  # by which the sample's weights may miss the number of units
_LISTED: Final = 3  # ids that one note names

Floats = NDArray[np.float64]


def estimate_shares(
    scores: Path,
    sample: Path | None = None,
    frames: Sequence[str] | None = None,
    *,
    unit: str | None = None,
    domains: Sequence[Domain] = DOMAINS,
    confidence: float = 0.95,
    empty_is_coded: bool = False,
) -> tuple[ShareEstimate, ...]:
    """The estimates of `report_shares`, without its notes and provenance."""
    report = report_shares(
        scores,
        sample,
        frames,
        unit=unit,
        domains=domains,
        confidence=confidence,
        empty_is_coded=empty_is_coded,
    )
    return report.estimates


def report_shares(
    scores: Path,
    sample: Path | None = None,
    frames: Sequence[str] | None = None,
    *,
    unit: str | None = None,
    domains: Sequence[Domain] = DOMAINS,
    confidence: float = 0.95,
    empty_is_coded: bool = False,
) -> ShareReport:
    """Estimate the share of each frame in each domain.

    Args:
        scores: output folder of `frames predict`.
        sample: coded file that `frames sample` drew from these scores; None gives raw shares alone.
        frames: ids of the frames wanted, in this order; None for all.
        unit: "post" or "sentence"; None for that of the sample, or posts without one.
        domains: which kinds of domains.
        confidence: of the intervals.
        empty_is_coded: a row of the sample without labels carries no frame; else it is not coded yet.

    Raises:
        DataError: no scores, an unknown frame, or a sample that cannot be used.
    """
    all_frames = read_frames(scores)
    chosen = tuple(frames or all_frames)
    if unknown := [frame for frame in chosen if frame not in all_frames]:
        raise DataError(
            f"{scores}: has no frame {', '.join(unknown)}; expected some of {', '.join(all_frames)}"
        )
    coded = read_labelled_sample(sample, all_frames, unit, empty_is_coded=empty_is_coded) if sample else None
    kind = coded.unit if coded else unit or "post"
    totals = sum_scores(scores, kind, chosen)
    notes = _note_units(totals)
    if coded is None:
        notes.append(
            "these are raw counts of the classifier's decisions, with its errors; an interval cannot be had without "
            f"labels: draw a sample with `frames sample {scores} --unit {kind} -n 400 -o sample.csv`, code it, and "
            "give it with --sample"
        )
        evidence = None
    else:
        evidence = _Evidence.join(
            coded, look_up_scores(scores, kind, chosen, coded.units), chosen, all_frames
        )
        notes += [*coded.notes, *evidence.describe(coded, totals)]
    target = f"the {int(totals.cells['n'].sum()):,} {kind}s in this output, {scores}"
    estimates = tuple(_estimate_domains(totals, evidence, domains, confidence))
    return ShareReport(
        kind, estimates, target, totals.models, coded.sample_ids if coded else (), confidence, tuple(notes)
    )


@dataclass(frozen=True, eq=False)
class _Evidence:
    """Labelled units that are in the scores: cells (n rows), labels and predictions (n, k), how they were drawn."""

    cells: pd.DataFrame
    labels: Floats
    predictions: Floats
    design: Design
    missing: tuple[str, ...]

    @classmethod
    def join(
        cls, sample: LabelledSample, scores: UnitScores, chosen: Sequence[str], all_frames: Sequence[str]
    ) -> "_Evidence":
        """Put labels and predictions side by side; units that are not in the scores are left out.

        Raises:
            DataError: none is.
        """
        found = scores.found
        missing = tuple(sample.units["id"][~found])
        if not found.any():
            raise DataError(
                f"none of the {len(found)} coded units is in these scores, the first: {missing[0]!r:.80}; the sample "
                "was drawn from another output"
            )
        units = sample.units[found]
        design = Design(
            units["inclusion"].to_numpy(np.float64),
            np.asarray(pd.factorize(units["stratum"])[0], np.int64),
            np.asarray(pd.factorize(units["cluster"])[0], np.int64),
        )
        labels = sample.labels[:, [all_frames.index(frame) for frame in chosen]][found]
        cells = scores.cells[found].reset_index(drop=True)
        return cls(cells, labels, scores.probability[found], design, missing)

    def describe(self, sample: LabelledSample, totals: ScoreTotals) -> list[str]:
        """Notes on how sample and scores fit."""
        notes = []
        if self.missing:
            listed = ", ".join(self.missing[:_LISTED]) + (" ..." if len(self.missing) > _LISTED else "")
            notes.append(
                f"{len(self.missing)} coded units are not in these scores (removed, edited into other sentences, or "
                f"without a scored sentence) and were left out: {listed}"
            )
        n_units = int(totals.cells["n"].sum())
        if abs(sample.weight_drawn - n_units) > _TOLERANCE * n_units:
            notes.append(
                f"the sample stands for {sample.weight_drawn:,.0f} {totals.unit}s, the scores hold {n_units:,}: it was "
                "drawn from another state of the data, or rows are missing; estimates are right only if what is "
                "missing is like the rest. If rows that were not coded were left out, give the table of codings instead"
            )
        return notes


def _estimate_domains(
    totals: ScoreTotals, evidence: _Evidence | None, domains: Sequence[Domain], confidence: float
) -> Iterator[ShareEstimate]:
    for domain in DOMAINS:
        if domain not in domains:
            continue
        for place, rows in _group_cells(totals.cells, domain):
            n_units = int(totals.cells["n"].to_numpy()[rows].sum())
            raw = totals.decided[rows].sum(axis=0) / n_units
            means = totals.probability[rows].sum(axis=0) / n_units
            known = _estimate_one(place, n_units, means, evidence, confidence)
            for i, frame in enumerate(totals.frame_ids):
                names = (domain, place.get("channel"), place.get("month"), frame, n_units)
                yield ShareEstimate(
                    *names, known.n_labelled, known.n_independent, float(raw[i]), **known.figures(i)
                )


def _group_cells(cells: pd.DataFrame, domain: Domain) -> Iterator[tuple[dict[str, str], NDArray[np.int64]]]:
    """Each domain's channel and month, where it has one, and its rows of the cells."""
    keys = _KEYS[domain]
    if not keys:
        yield {}, np.arange(len(cells))
        return
    for values, rows in cells.groupby(keys, sort=True).indices.items():
        names = values if isinstance(values, tuple) else (values,)
        yield dict(zip(keys, map(str, names), strict=True)), np.asarray(rows, np.int64)


@dataclass(frozen=True, eq=False)
class _DomainShares:
    """Both estimates of all frames in a domain; None where labels are too few."""

    n_labelled: int
    n_independent: int
    classical: Shares | None = None
    corrected: Shares | None = None

    def figures(self, i: int) -> dict[str, Any]:
        """Of one frame, by the names of `ShareEstimate`."""
        if self.classical is None or self.corrected is None:
            return {"labels_needed": FEWEST_LABELLED - self.n_independent}
        return {
            "classical": _as_estimate(self.classical, i),
            "corrected": _as_estimate(self.corrected, i),
            "power": float(self.corrected.power[i]),
            "standard_error": float(np.sqrt(self.corrected.variance[i])),
            "labels_needed": 0,
        }


def _estimate_one(
    place: dict[str, str], n_units: int, means: Floats, evidence: _Evidence | None, confidence: float
) -> _DomainShares:
    if evidence is None:
        return _DomainShares(0, 0)
    inside = np.ones(len(evidence.design), bool)
    for name, value in place.items():
        inside &= (evidence.cells[name] == value).to_numpy(bool)
    n_labelled = int(inside.sum())
    n_independent = len(np.unique(evidence.design.clusters[inside]))
    if n_independent < FEWEST_LABELLED and n_labelled < n_units:
        return _DomainShares(n_labelled, n_independent)
    design = evidence.design
    if n_labelled == n_units:  # nothing is left to chance, however the units were drawn
        design = Design(np.where(inside, 1.0, design.inclusion), inside.astype(np.int64), design.clusters)
    classical, corrected = (
        estimate_means(
            evidence.labels,
            evidence.predictions,
            means,
            design,
            in_domain=inside,
            power=power,
            confidence=confidence,
        )
        for power in (0.0, None)
    )
    return _DomainShares(n_labelled, n_independent, classical, corrected)


def _as_estimate(shares: Shares, i: int) -> Estimate:
    return Estimate(float(shares.value[i]), float(shares.low[i]), float(shares.high[i]))


def _note_units(totals: ScoreTotals) -> list[str]:
    notes = []
    if totals.n_empty:
        notes.append(f"{totals.n_empty:,} posts without a scored sentence (no text) are not counted")
    if len(totals.models) > 1:
        names = ", ".join(f"{model['model_id']} ({model['units']:,})" for model in totals.models)
        notes.append(f"scores of several models stand together: {names}; raw shares mix them")
    return notes
