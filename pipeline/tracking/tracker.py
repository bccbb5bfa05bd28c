"""Where a training run is recorded, whichever store that is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from pipeline.data.labels.labelled_rows import LabelledData


class Tracker(Protocol):
    """Where a run is recorded: an MLflow store, or nowhere."""

    @property
    def run_id(self) -> str | None:
        """Id of the run."""
        ...

    @property
    def model_uri(self) -> str | None:
        """URI of the model that `log_bundle` recorded."""
        ...

    def log_config(self, config: Mapping[str, Any]) -> None:
        """Record the resolved configuration."""
        ...

    def log_dataset(self, data: LabelledData, context: str) -> None:
        """Record what data was used as "train", "dev" or "test": its fingerprint and counts, not its texts."""
        ...

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Add a point to a curve."""
        ...

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record figures by name."""
        ...

    def log_figure(self, figure: Any, name: str) -> None:
        """Record a matplotlib figure; the suffix of the name is its format."""
        ...

    def log_dict(self, content: Mapping[str, Any], name: str) -> None:
        """Record plain values as a JSON file."""
        ...

    def log_text(self, text: str, name: str) -> None:
        """Record a text as a file, such as an HTML page."""
        ...

    def log_table(self, table: pd.DataFrame, name: str) -> None:
        """Record a table as a CSV file."""
        ...

    def log_bundle(self, folder: Path, input_example: Sequence[str] = ()) -> str | None:
        """Record a model bundle; the URI it can be found by, if there is one."""
        ...

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags on the run."""
        ...


class NullTracker:
    """Records nothing, for use as a library: a run leaves its bundle, and MLflow is never imported."""

    run_id: str | None = None
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
