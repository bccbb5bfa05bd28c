"""The tracker of those who use the pipeline as a library: nothing is recorded, MLflow is never imported."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.data.labelled_rows import LabelledData


class NullTracker:
    """Records nothing; a run without MLflow leaves its bundle and nothing else."""

    run_id: str | None = None
    run_url: str | None = None
    model_uri: str | None = None

    def log_config(self, config: Mapping[str, Any]) -> None:
        """Record nothing."""

    def log_dataset(self, data: LabelledData, context: str) -> None:
        """Record nothing."""

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Record nothing."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record nothing."""

    def log_figure(self, figure: Any, name: str) -> None:
        """Record nothing."""

    def log_dict(self, content: Mapping[str, Any], name: str) -> None:
        """Record nothing."""

    def log_text(self, text: str, name: str) -> None:
        """Record nothing."""

    def log_table(self, table: pd.DataFrame, name: str) -> None:
        """Record nothing."""

    def log_bundle(self, folder: Path, input_example: Sequence[str] = ()) -> str | None:
        """Record nothing; there is no URI."""

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Record nothing."""
