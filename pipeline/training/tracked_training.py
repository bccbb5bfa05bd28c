"""Training and comparison as runs in MLflow: what `frames train` and `frames compare` do besides the work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.bundle import ModelBundle, read_manifest
from pipeline.classifiers.processes import ALONE, Processes
from pipeline.classifiers.protocols import Progress
from pipeline.config.run_config import RunConfig
from pipeline.config.tracking import TrackingSettings
from pipeline.evaluation.comparison import Comparison
from pipeline.evaluation.evaluation_report import EvaluationReport
from pipeline.evaluation.slices import SliceReport
from pipeline.reporting.model_card import MODEL_CARD, read_card, shorten_card
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.model_registry import DESCRIPTION_LIMIT, register_bundle
from pipeline.tracking.run_links import adopt_runs, bundle_tags, find_bundle_runs
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
            "notes": list(self.notes),
        }


def train_and_record(
    config: RunConfig, progress: Progress, *, parent_run_id: str | None = None, processes: Processes = ALONE
) -> TrainedModel:
    """Train a model as one MLflow run and, if the config names a registered model, as its newest version.

    Of several processes only the first calls this.
    """
    tags = {"kind": config.model.kind, "processes": str(processes.size)}
    kept: list[Path] = []
    with (
        mention_kept(kept),
        MlflowTracker.start(config.tracking, config.name, parent_run_id=parent_run_id, tags=tags) as tracker,
    ):
        result = run_training(config, tracker, progress, processes)
        kept.append(result.bundle)
        manifest = read_manifest(result.bundle)
        card = read_card(result.bundle, manifest)
        tracker.log_text(card, MODEL_CARD)
        tracker.set_tags(bundle_tags(manifest))
        version = None
        if config.tracking.register_as:
            version = register_bundle(
                tracker.run_id,
                config.tracking.register_as,
                manifest,
                macro_f1=result.report.macro_f1.value,
                description=shorten_card(
                    card, DESCRIPTION_LIMIT, f"The whole card: {MODEL_CARD} of the run."
                ),
                uri=config.tracking.uri,
            )
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
        )


def _note_closed(run_ids: Sequence[str]) -> Iterator[str]:
    for run_id in run_ids:
        yield (
            f"the MLflow run {run_id} was still open, but its process had ended before its time; it is now marked as "
            "KILLED, with the tag state=interrupted"
        )


def record_comparison(
    comparison: Comparison,
    first: ModelBundle,
    second: ModelBundle,
    *,
    settings: TrackingSettings | None = None,
    parent_run_id: str | None = None,
) -> str:
    """Record a comparison as one MLflow run and return its id.

    The runs that trained the two models are named in its tags, and become its children where they lie in the same
    experiment and have no parent yet. Without settings the comparison is recorded in their experiment.
    """
    members = find_bundle_runs((first.manifest, second.manifest), None if settings is None else settings.uri)
    if settings is None:
        settings = TrackingSettings()
        if members:
            settings = settings.model_copy(update={"experiment": members[-1].experiment})
    tags = {
        "kind": "comparison",
        "first_bundle_hash": first.bundle_hash,
        "second_bundle_hash": second.bundle_hash,
        **{f"{member.role}_run_id": member.run_id for member in members},
    }
    name = f"{first.manifest['name']} against {second.manifest['name']}"
    with MlflowTracker.start(settings, name, parent_run_id=parent_run_id, tags=tags) as tracker:
        gain = comparison.macro_f1.gain
        figures = {
            "macro_f1_first": comparison.macro_f1.first,
            "macro_f1_second": comparison.macro_f1.second,
            "macro_f1_gain": gain.value,
            "macro_f1_gain_low": gain.low,
            "macro_f1_gain_high": gain.high,
            "macro_f1_p_value": comparison.macro_f1.p_value,
        }
        tracker.log_metrics({name: value for name, value in figures.items() if value is not None})
        tracker.log_dict(comparison.to_json(), "comparison.json")
        adopt_runs(tracker.run_id, members, settings.uri)
        return tracker.run_id
