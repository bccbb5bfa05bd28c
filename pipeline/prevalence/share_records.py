"""Estimated shares as records: what the terminal, a table and a report show of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pipeline.measures.intervals import Estimate
from pipeline.prevalence.domains import FEWEST_LABELLED

NO_ESTIMATE: Final = Estimate(None)


@dataclass(frozen=True, slots=True)
class ShareEstimate:
    """The share of one frame in one domain.

    Attributes:
        domain: which kind of domain, see `pipeline.prevalence.domains`.
        channel: None unless the domain is one channel's.
        month: "2024-05" (UTC) or "undated"; None unless the domain is one month's.
        group: value of any other kind (a language, a quarter); None for the whole, channels and months.
        frame: frame id.
        n_units: scored units of the domain, all of them.
        n_labelled: labelled units among them.
        n_clusters: clusters of copies among them; sentences of one post are in one.
        raw_share: of units for which the classifier decided the frame; not corrected for its errors.
        classical: from the labels alone; without a value where labels are too few.
        corrected: from predictions and labels (PPI++).
        simultaneous: the corrected share with an interval that holds together with those of all other domains of
            the kind, for this frame; without a value where there is but one.
        coders: the corrected share with what it would be if all disputes of coders were settled against or for the
            frame, see `pipeline.prevalence.coder_doubt`; without a value where nobody coded twice.
        power: weight of the predictions in `corrected`, 0 to 1, the lambda of PPI++; None without an estimate.
        standard_error: of `corrected`; None without an estimate.
        labels_needed: labelled units, independent of the others, that are missing for an estimate; 0 where there
            is one.
    """

    domain: str
    channel: str | None
    month: str | None
    group: str | None
    frame: str
    n_units: int
    n_labelled: int
    n_clusters: int
    raw_share: float
    classical: Estimate = NO_ESTIMATE
    corrected: Estimate = NO_ESTIMATE
    simultaneous: Estimate = NO_ESTIMATE
    coders: Estimate = NO_ESTIMATE
    power: float | None = None
    standard_error: float | None = None
    labels_needed: int = FEWEST_LABELLED

    @property
    def shows_none(self) -> bool:
        """Whether enough units were coded for an estimate, and none of them carries the frame."""
        return self.classical.value == 0

    @property
    def group_or_month(self) -> str | None:
        """What tells the domain from the others of its kind, but for its channel."""
        return self.group if self.group is not None else self.month

    def to_json(self) -> dict[str, Any]:
        """Plain values, the intervals as `classical_low` and so on: also the columns of a table."""
        return {
            "domain": self.domain,
            "channel": self.channel,
            "month": self.month,
            "group": self.group,
            "frame": self.frame,
            "n_units": self.n_units,
            "n_labelled": self.n_labelled,
            "n_clusters": self.n_clusters,
            "raw_share": self.raw_share,
            "classical": self.classical.value,
            "classical_low": self.classical.low,
            "classical_high": self.classical.high,
            "corrected": self.corrected.value,
            "corrected_low": self.corrected.low,
            "corrected_high": self.corrected.high,
            "simultaneous_low": self.simultaneous.low,
            "simultaneous_high": self.simultaneous.high,
            "coders_low": self.coders.low,
            "coders_high": self.coders.high,
            "lambda": self.power,
            "standard_error": self.standard_error,
            "labels_needed": self.labels_needed,
        }


def find_absent(estimates: Iterable[ShareEstimate]) -> frozenset[tuple[str, str]]:
    """Frames with the languages in which a coded sample shows none of them."""
    return frozenset(
        (e.frame, e.group) for e in estimates if e.domain == "language" and e.group and e.shows_none
    )


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference, ratio or slope of the shares of one frame.

    Attributes:
        kind: "difference", "ratio" or "slope".
        domain: the kind of domain that is compared, or whose values follow one another.
        first, second: the domains; of a slope, the first and the last. A difference is the second less the first, a
            ratio the second by the first; a slope is the change from one domain to the next.
        frame: frame id.
        estimate: with an interval that holds for this contrast alone; of a ratio without an upper end where the
            first share may be zero.
        simultaneous: the same with an interval that holds together with those of all contrasts of this kind, domain
            and frame; without a value of a ratio or where there is but one.
        p: of the hypothesis that there is none, by the same procedure as the interval; None of a ratio.
        p_holm: the same, corrected for the number of contrasts of this kind, domain and frame (Holm 1979).
    """

    kind: str
    domain: str
    first: str
    second: str
    frame: str
    estimate: Estimate
    simultaneous: Estimate = NO_ESTIMATE
    p: float | None = None
    p_holm: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values: also the columns of a table."""
        return {
            "contrast": self.kind,
            "domain": self.domain,
            "first": self.first,
            "second": self.second,
            "frame": self.frame,
            "estimate": self.estimate.value,
            "low": self.estimate.low,
            "high": self.estimate.high,
            "simultaneous_low": self.simultaneous.low,
            "simultaneous_high": self.simultaneous.high,
            "p": self.p,
            "p_holm": self.p_holm,
        }


@dataclass(frozen=True, eq=False)
class ShareReport:
    """Estimates of all domains, and what a reader has to know.

    Attributes:
        unit: "post" or "sentence".
        estimates: domain after domain (whole, channels, months, both), each with its frames in codebook order.
        target: what the shares are shares of, in words.
        cautions: what has to be known before any figure is read.
        models: model_id, bundle_hash and number of units of each model whose scores were used.
        sample_ids: of the labelled sample; empty without one.
        confidence: of the intervals.
        notes: for people.
        contrasts: differences, ratios and slopes, where they were asked for.
    """

    unit: str
    estimates: tuple[ShareEstimate, ...]
    target: str
    models: tuple[dict[str, str | int], ...]
    sample_ids: tuple[str, ...]
    confidence: float
    notes: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    contrasts: tuple[Contrast, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "unit": self.unit,
            "target": self.target,
            "confidence": self.confidence,
            "models": list(self.models),
            "sample_ids": list(self.sample_ids),
            "estimates": [estimate.to_json() for estimate in self.estimates],
            "contrasts": [contrast.to_json() for contrast in self.contrasts],
            "cautions": list(self.cautions),
            "notes": list(self.notes),
        }
