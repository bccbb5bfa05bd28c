"""Shares of frames in each part of an output, from sums over its units and from labelled ones; contrasts of parts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.measures.intervals import Estimate
from pipeline.prevalence.coder_doubt import CoderDoubt
from pipeline.prevalence.contrasts import JointShares, bound_together, find_contrasts
from pipeline.prevalence.domains import FEWEST_LABELLED, WHOLE, group_cells
from pipeline.prevalence.estimators import Shares, estimate_means
from pipeline.prevalence.label_designs import Design, Floats
from pipeline.prevalence.score_totals import ScoreTotals
from pipeline.prevalence.scored_labels import ScoredLabels
from pipeline.prevalence.share_records import NO_ESTIMATE, Contrast, ShareEstimate
from pipeline.prevalence.share_settings import ShareSettings


def estimate_domains(
    totals: ScoreTotals,
    scored: ScoredLabels | None,
    settings: ShareSettings,
    doubt: CoderDoubt | None = None,
) -> tuple[tuple[ShareEstimate, ...], tuple[Contrast, ...]]:
    """Estimates in all wanted parts, and contrasts between them.

    Args:
        totals: sums over the units that could have been drawn.
        scored: labelled units with their scores; None for raw shares alone.
        settings: kinds of parts, contrasts, confidence.
        doubt: of second coders; None without any.
    """
    estimates: list[ShareEstimate] = []
    contrasts: list[Contrast] = []
    for kind in dict.fromkeys(settings.domains):
        domains = [
            DomainShares.estimate(place, rows, totals, scored, settings, doubt=doubt)
            for place, rows in group_cells(totals.cells, kind)
        ]
        known = [domain for domain in domains if domain.corrected is not None]
        together: list[dict[str, Estimate]] = [{} for _ in totals.frame_ids]
        for i, frame in enumerate(totals.frame_ids) if known else ():
            joint = JointShares.of([d.name for d in known], [d.corrected for d in known if d.corrected], i)
            together[i] = dict(zip(joint.names, bound_together(joint, settings.confidence), strict=True))
            if kind not in (WHOLE, "channel_month"):
                contrasts += find_contrasts(joint, kind, frame, settings.wanted, settings.confidence)
        estimates += [
            domain.describe(kind, frame, i, together[i])
            for domain in domains
            for i, frame in enumerate(totals.frame_ids)
        ]
    return tuple(estimates), tuple(contrasts)


@dataclass(frozen=True, eq=False)
class DomainShares:
    """Both estimates of all frames in a domain; None where labels are too few."""

    place: dict[str, str]
    n_units: int
    raw: Floats
    n_labelled: int
    n_clusters: int
    classical: Shares | None = None
    corrected: Shares | None = None
    coders: tuple[Estimate, ...] = ()

    @property
    def name(self) -> str:
        """What tells it from the others of its kind."""
        return ", ".join(self.place.values())

    @classmethod
    def estimate(
        cls,
        place: dict[str, str],
        rows: NDArray[np.int64],
        totals: ScoreTotals,
        scored: ScoredLabels | None,
        settings: ShareSettings,
        *,
        doubt: CoderDoubt | None,
    ) -> "DomainShares":
        """Of the cells at these rows."""
        n_units = int(totals.cells["n"].to_numpy()[rows].sum())
        raw = totals.decided[rows].sum(axis=0) / n_units
        if scored is None:
            return cls(place, n_units, raw, 0, 0)
        inside = np.ones(len(scored.design), bool)
        for name, value in place.items():
            inside &= (scored.cells[name].astype(str) == value).to_numpy(bool)
        n_labelled = int(inside.sum())
        n_clusters = len(np.unique(scored.design.clusters[inside]))
        if n_clusters < FEWEST_LABELLED and n_labelled < n_units:
            return cls(place, n_units, raw, n_labelled, n_clusters)
        design = scored.design
        means = np.stack([sums[rows].sum(axis=0) / n_units for sums in (totals.probability, *totals.others)])
        expected = scored.mixture.expect(means, design, inside)
        if n_labelled == n_units:  # nothing is left to chance, however the units were drawn
            design = Design(np.where(inside, 1.0, design.inclusion), inside.astype(np.int64), design.clusters)
        classical, corrected = (
            estimate_means(
                scored.labels,
                scored.mixture.predictions,
                expected,
                design,
                in_domain=inside,
                power=power,
                confidence=settings.confidence,
            )
            for power in (0.0, 0.0 if settings.labels_only else None)
        )
        coders = (
            () if doubt is None else doubt.bound(corrected.value, scored.labels, 1 / design.inclusion, inside)
        )
        return cls(place, n_units, raw, n_labelled, n_clusters, classical, corrected, tuple(coders))

    def describe(self, kind: str, frame: str, i: int, together: dict[str, Estimate]) -> ShareEstimate:
        """Of frame number i, with the simultaneous intervals of the kind by name of the domain."""
        channel, month = self.place.get("channel"), self.place.get("month")
        group = None if channel or month or not self.place else self.name
        counts = (self.n_units, self.n_labelled, self.n_clusters, float(self.raw[i]))
        if self.classical is None or self.corrected is None:
            needed = FEWEST_LABELLED - self.n_clusters
            return ShareEstimate(kind, channel, month, group, frame, *counts, labels_needed=needed)
        return ShareEstimate(
            kind,
            channel,
            month,
            group,
            frame,
            *counts,
            classical=_as_estimate(self.classical, i),
            corrected=_as_estimate(self.corrected, i),
            simultaneous=together.get(self.name, NO_ESTIMATE),
            coders=self.coders[i] if self.coders else NO_ESTIMATE,
            power=float(self.corrected.power[i]),
            standard_error=float(np.sqrt(self.corrected.variance[i])),
            labels_needed=0,
        )


def _as_estimate(shares: Shares, i: int) -> Estimate:
    return Estimate(float(shares.value[i]), float(shares.low[i]), float(shares.high[i]))
