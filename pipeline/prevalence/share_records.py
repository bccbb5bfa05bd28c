"""Estimated shares as records: what the terminal, a table and a report show of them."""

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from pipeline.measures.intervals import Estimate

Domain = Literal["whole", "channel", "month", "channel_month"]
DOMAINS: Final[tuple[Domain, ...]] = get_args(Domain)
FEWEST_LABELLED: Final = 30  # independent labelled units of a domain; below, no interval is given
NO_ESTIMATE: Final = Estimate(None)


@dataclass(frozen=True, slots=True)
class ShareEstimate:
    """The share of one frame in one domain.

    Attributes:
        domain: which kind of domain.
        channel: None unless the domain is one channel's.
        month: "2024-05" (UTC) or "undated"; None unless the domain is one month's.
        frame: frame id.
        n_units: scored units of the domain, all of them.
        n_labelled: labelled units among them.
        n_independent: labelled units that are no copies of each other, sentences of one post counting once.
        raw_share: of units for which the classifier decided the frame; not corrected for its errors.
        classical: from the labels alone; without a value where labels are too few.
        corrected: from predictions and labels (PPI++).
        power: weight of the predictions in `corrected`, 0 to 1, the lambda of PPI++; None without an estimate.
        standard_error: of `corrected`; None without an estimate.
        labels_needed: labelled units, independent of the others, that are missing for an estimate; 0 where there
            is one.
    """

    domain: Domain
    channel: str | None
    month: str | None
    frame: str
    n_units: int
    n_labelled: int
    n_independent: int
    raw_share: float
    classical: Estimate = NO_ESTIMATE
    corrected: Estimate = NO_ESTIMATE
    power: float | None = None
    standard_error: float | None = None
    labels_needed: int = FEWEST_LABELLED

    def to_json(self) -> dict[str, Any]:
        """Plain values, the intervals as `classical_low` and so on: also the columns of a table."""
        return {
            "domain": self.domain,
            "channel": self.channel,
            "month": self.month,
            "frame": self.frame,
            "n_units": self.n_units,
            "n_labelled": self.n_labelled,
            "n_independent": self.n_independent,
            "raw_share": self.raw_share,
            "classical": self.classical.value,
            "classical_low": self.classical.low,
            "classical_high": self.classical.high,
            "corrected": self.corrected.value,
            "corrected_low": self.corrected.low,
            "corrected_high": self.corrected.high,
            "lambda": self.power,
            "standard_error": self.standard_error,
            "labels_needed": self.labels_needed,
        }


@dataclass(frozen=True, eq=False)
class ShareReport:
    """Estimates of all domains, and what a reader has to know.

    Attributes:
        unit: "post" or "sentence".
        estimates: domain after domain (whole, channels, months, both), each with its frames in codebook order.
        target: what the shares are shares of, in words.
        models: model_id, bundle_hash and number of units of each model whose scores were used.
        sample_ids: of the labelled sample; empty without one.
        confidence: of the intervals.
        notes: for people.
    """

    unit: str
    estimates: tuple[ShareEstimate, ...]
    target: str
    models: tuple[dict[str, str | int], ...]
    sample_ids: tuple[str, ...]
    confidence: float
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "unit": self.unit,
            "target": self.target,
            "confidence": self.confidence,
            "models": list(self.models),
            "sample_ids": list(self.sample_ids),
            "estimates": [estimate.to_json() for estimate in self.estimates],
            "notes": list(self.notes),
        }
