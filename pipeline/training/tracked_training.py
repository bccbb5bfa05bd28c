"""Training as a run in MLflow: what `frames train` does besides the work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.bundle import read_manifest
from pipeline.classifiers.processes import ALONE, Processes
from pipeline.classifiers.protocols import Progress
from pipeline.config.run_config import RunConfig
from pipeline.config.tracking import TrackingSettings
from pipeline.evaluation.evaluation_report import EvaluationReport
from pipeline.evaluation.slices import SliceReport
from pipeline.reporting.model_card import MODEL_CARD, read_card, shorten_card
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.model_registry import DESCRIPTION_LIMIT, register_bundle
from pipeline.tracking.run_links import bundle_tags
from pipeline.training.repeated_fits import FitSpread, check_repeats, repeat_fits
from pipeline.training.run_training import run_training
from pipeline.training.unfinished_work import mention_kept


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A recorded training run.

    Attributes:
        run_id: in MLflow.
        bundle: folder of the model.
        bundle_hash: what names the model on every scored row.
        registered: name in the registry, or None.
        version: there, or None.
        report: evaluation on the test fold.
        slices: the same figures for parts of it.
        notes: what a reader of the figures has to know.
        tracking_uri: where the run was recorded.
        spread: how far other seeds lead, where that was asked for.
    """

    run_id: str
    bundle: Path
    bundle_hash: str
    registered: str | None
    version: int | None
    report: EvaluationReport
    slices: SliceReport
    notes: tuple[str, ...]
    tracking_uri: str
    spread: FitSpread | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "run_id": self.run_id,
            "bundle": str(self.bundle),
            "bundle_hash": self.bundle_hash,
            "registered": self.registered,
            "version": self.version,
            "tracking_uri": self.tracking_uri,
            "evaluation": self.report.to_json(),
            "slices": self.slices.to_json(),
            "repeats": None if self.spread is None else self.spread.to_json(),
            "notes": list(self.notes),
        }


def train_and_record(
    config: RunConfig,
    progress: Progress,
    *,
    parent_run_id: str | None = None,
    processes: Processes = ALONE,
    repeats: int = 1,
) -> TrainedModel:
    """Train a model as one MLflow run and, if the config names a registered model, as its newest version.

    Of several processes only the first calls this.

    Args:
        config: of the run.
        progress: told how far it is.
        parent_run_id: nests the run under another.
        processes: that train together.
        repeats: fits in all, each with its own seed; the first is kept, see `pipeline.training.repeated_fits`.

    Raises:
        ConfigError, DataError: as `run_training`.
    """
    check_repeats(repeats, processes.size)
    tags = {"kind": config.model.kind, "processes": str(processes.size)}
    kept: list[Path] = []
    with (
        mention_kept(kept),
        MlflowTracker.start(config.tracking, config.name, parent_run_id=parent_run_id, tags=tags) as tracker,
    ):
        result = run_training(config, tracker, progress, processes)
        kept.append(result.bundle)
        manifest = read_manifest(result.bundle)
        version = register_with_card(tracker, result.bundle, result.report, config.tracking, why="trained")
        spread = None
        if repeats > 1:
            spread = repeat_fits(config, result.folds, result.report, progress, repeats=repeats)
            _record_spread(tracker, spread)
        return TrainedModel(
            run_id=tracker.run_id,
            bundle=result.bundle,
            bundle_hash=str(manifest["bundle_hash"]),
            registered=config.tracking.register_as,
            version=version,
            report=result.report,
            slices=result.slices,
            notes=(*result.notes, *_note_closed(tracker.closed_runs)),
            tracking_uri=tracker.tracking_uri,
            spread=spread,
        )


def register_with_card(
    tracker: MlflowTracker, bundle: Path, report: EvaluationReport, settings: TrackingSettings, *, why: str
) -> int | None:
    """Put a model's card and hashes on its run and make it the newest version of the registered model, if there is one.

    Args:
        tracker: of the run, which has logged the bundle.
        bundle: its folder.
        report: of its test fold.
        settings: `register_as`, and the store.
        why: reason, kept with the version.

    Returns:
        The version; None where the model is not registered.
    """
    manifest = read_manifest(bundle)
    card = read_card(bundle, manifest)
    tracker.log_text(card, MODEL_CARD)
    tracker.set_tags(bundle_tags(manifest))
    if not settings.register_as:
        return None
    return register_bundle(
        tracker.run_id,
        settings.register_as,
        manifest,
        macro_f1=report.macro_f1.value,
        macro_name=report.macro_name,
        why=why,
        description=shorten_card(card, DESCRIPTION_LIMIT, f"The whole card: {MODEL_CARD} of the run."),
        uri=settings.uri,
    )


def _record_spread(tracker: MlflowTracker, spread: FitSpread) -> None:
    """Figures of every fit as a curve whose step is the fit, their deviations, and the whole as a file."""
    for figure in spread.figures:
        for number, value in enumerate(figure.fits):
            tracker.log_metric(f"repeats/{figure.name}", value, number)
    tracker.log_metrics({f"repeats/{figure.name}/deviation": figure.deviation for figure in spread.figures})
    tracker.log_dict(spread.to_json(), "repeats.json")


def _note_closed(run_ids: Sequence[str]) -> Iterator[str]:
    for run_id in run_ids:
        yield (
            f"the MLflow run {run_id} was still open, but its process had ended before its time; it is now marked as "
            "KILLED, with the tag state=interrupted"
        )
