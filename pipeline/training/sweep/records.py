"""What a sweep found: its trials, the best of them first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from pipeline.measures.enough_positives import describe_macro

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """What became of one trial.

    Attributes:
        number: from 0; numbers of trials that were interrupted are missing.
        state: whether it came to its end.
        value: of the metric; None unless complete.
        tried: what was tried, by the key of the config.
        figures: both metrics, frames they are means over, and seconds.
        reason: why it was pruned or failed.
        run_id: in MLflow.
    """

    number: int
    state: State
    value: float | None
    tried: dict[str, Any]
    figures: dict[str, float]
    reason: str | None
    run_id: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class SweepResult:
    """A sweep that came to its end, or to its time limit.

    Attributes:
        metric: what was maximised.
        frames: of the codebook.
        wanted: trials that were asked for.
        records: one for each finished trial.
        importances: share of each key in the differences, where enough trials are complete.
        best_config: file of the best settings; None where no trial is complete.
        run_id: in MLflow.
        tracking_uri: where the runs were recorded.
        notes: what a reader has to know.
    """

    metric: str
    frames: int
    wanted: int
    records: tuple[TrialRecord, ...]
    importances: dict[str, float]
    best_config: Path | None
    run_id: str
    tracking_uri: str
    notes: tuple[str, ...]

    @property
    def ranked(self) -> list[TrialRecord]:
        """Complete trials, the best first; of equals the earliest."""
        return rank(self.records)

    @property
    def metric_name(self) -> str:
        """The metric with the frames it covers; all trials are judged on the same rows."""
        judged = [
            record.figures["judged_frames"] for record in self.ranked if "judged_frames" in record.figures
        ]
        words = {"macro_f1": "macro-F1", "mean_average_precision": "mean average precision"}[self.metric]
        return describe_macro(int(judged[0]), self.frames, words) if judged else words

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "metric": self.metric,
            "metric_name": self.metric_name,
            "wanted": self.wanted,
            "best": self.ranked[0].to_json() if self.ranked else None,
            "best_config": None if self.best_config is None else str(self.best_config),
            "importances": self.importances,
            "trials": [record.to_json() for record in self.records],
            "run_id": self.run_id,
            "tracking_uri": self.tracking_uri,
            "notes": list(self.notes),
        }


def rank(records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Complete trials, the best first; of equals the earliest."""
    complete = [record for record in records if record.value is not None]
    return sorted(complete, key=lambda record: -(record.value or 0.0))


def trial_table(records: Sequence[TrialRecord]) -> pd.DataFrame:
    """One row for each trial, with a column for each key that was tried (JSON)."""
    return pd.DataFrame(
        [
            {
                "trial": record.number,
                "state": record.state,
                **record.figures,
                **{key: json.dumps(value) for key, value in record.tried.items()},
                "reason": record.reason,
                "run_id": record.run_id,
            }
            for record in records
        ]
    )
