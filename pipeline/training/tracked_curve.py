"""A learning curve as a run in MLflow and as files: what `frames learning-curve` does besides the work."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.classifiers.protocols import Progress
from pipeline.config.run_config import RunConfig
from pipeline.evaluation.learning_curve_record import LearningCurve
from pipeline.files.durable_files import replacing
from pipeline.reporting.learning_curve_figure import learning_curve_figure
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.training.learning_curve import describe_gain, learning_curve

PlotFormat = Literal["png", "svg"]
NAME = "learning_curve"
ON_TEST = (
    "measured on the test fold, as a figure for a report: settings chosen by this curve would be tuned on test; "
    "choose them with frames sweep"
)


@dataclass(frozen=True, slots=True)
class RecordedCurve:
    """A learning curve that was recorded.

    Attributes:
        curve: the figures.
        run_id: in MLflow.
        tracking_uri: where the run was recorded.
        files: that were written.
    """

    curve: LearningCurve
    run_id: str
    tracking_uri: str
    files: tuple[Path, ...]

    @property
    def outlook(self) -> str:
        """What more labels would buy, in one sentence."""
        half, whole = self.curve.half, self.curve.sizes[-1]
        gain, confidence = self.curve.last_doubling, self.curve.confidence
        return describe_gain(gain, half.size if half else 0, whole.size, confidence)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "run_id": self.run_id,
            "tracking_uri": self.tracking_uri,
            "files": [str(path) for path in self.files],
            "outlook": self.outlook,
            **self.curve.to_json(),
            "notes": [ON_TEST, *self.curve.notes],
        }


def draw_and_record_curve(
    config: RunConfig,
    sizes: Sequence[int],
    progress: Progress,
    *,
    repeats: int,
    output: Path | None = None,
    plot_format: PlotFormat = "png",
) -> RecordedCurve:
    """Measure a learning curve as one MLflow run, whose metrics have the number of sentences as their step.

    Args:
        config: of a training run.
        sizes: see `learning_curve`.
        progress: likewise.
        repeats: likewise.
        output: folder for the plot and the table; None writes neither.
        plot_format: of the plot.

    Raises:
        PipelineError: see `learning_curve`; the store failed.
    """
    if output is not None:
        output.mkdir(
            parents=True, exist_ok=True
        )  # a folder that cannot be is told before the work, not after
    tags = {"kind": "learning-curve", "classifier": config.model.kind}
    with MlflowTracker.start(config.tracking, f"{config.name} learning curve", tags=tags) as tracker:
        tracker.log_config(config.model_dump(mode="json"))
        curve = learning_curve(config, sizes, progress, repeats=repeats)
        for summary in curve.sizes:
            named = {"macro_f1": summary.macro_f1.value, "macro_f1_smallest": summary.macro_f1.low}
            named |= {"macro_f1_largest": summary.macro_f1.high, "fit_seconds": summary.seconds}
            known = {name: value for name, value in named.items() if value is not None}
            tracker.log_metrics(known, step=summary.size)
        tracker.log_figure(learning_curve_figure(curve), f"{NAME}.{plot_format}")
        tracker.log_table(curve.to_table(), f"{NAME}.csv")
        files = () if output is None else write_curve(curve, output, plot_format)
        recorded = RecordedCurve(curve, tracker.run_id, tracker.tracking_uri, files)
        tracker.log_dict(recorded.to_json(), f"{NAME}.json")
        return recorded


def write_curve(curve: LearningCurve, folder: Path, plot_format: PlotFormat) -> tuple[Path, ...]:
    """Write `learning_curve.png` (or .svg) and `learning_curve.csv`, replacing what was there."""
    plot, table = folder / f"{NAME}.{plot_format}", folder / f"{NAME}.csv"
    with replacing(plot) as temporary:
        learning_curve_figure(curve).savefig(temporary, format=plot_format)
    with replacing(table) as temporary:
        curve.to_table().to_csv(temporary, index=False, encoding="utf-8-sig")
    return plot, table
