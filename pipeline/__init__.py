"""Measure narrative frames in channel posts: the names that a notebook needs.

Each is loaded when it is first asked for, so that `import pipeline` costs nothing:

    from pipeline import load_bundle, predict, read_scores
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.annotation.agreement import measure_agreement, read_for_agreement
    from pipeline.annotation.draw_sample import SampleSettings, draw_sample
    from pipeline.annotation.label_exchange import export_units
    from pipeline.annotation.record_files import write_records
    from pipeline.annotation.sample_files import write_sample
    from pipeline.bundle import load_bundle
    from pipeline.config.evaluation import EvaluationSettings
    from pipeline.config.run_config import SAMPLE_FOLDER, load_run_config
    from pipeline.data.codebooks.codebook import load_codebook
    from pipeline.data.exports.raw_posts import ReadOptions
    from pipeline.data.labels.labelled_rows import read_labelled
    from pipeline.data.new_project import init_project
    from pipeline.data.posts.ingest import ingest
    from pipeline.evaluation.evaluate_bundle import compare_bundles, evaluate_bundle
    from pipeline.prevalence.estimators import plan_labels
    from pipeline.prevalence.share_estimates import estimate_shares
    from pipeline.reporting.html_report import write_report
    from pipeline.scoring.prediction import predict
    from pipeline.scoring.read_scores import open_scores, read_scores
    from pipeline.tracking.tracker import NullTracker
    from pipeline.training.check_inputs import check_run
    from pipeline.training.fit_model import read_folds
    from pipeline.training.run_training import run_training
    from pipeline.training.tracked_training import train_and_record

_PLACES = {
    "EvaluationSettings": "config.evaluation",
    "NullTracker": "tracking.tracker",
    "ReadOptions": "data.exports.raw_posts",
    "SAMPLE_FOLDER": "config.run_config",
    "SampleSettings": "annotation.draw_sample",
    "check_run": "training.check_inputs",
    "compare_bundles": "evaluation.evaluate_bundle",
    "draw_sample": "annotation.draw_sample",
    "estimate_shares": "prevalence.share_estimates",
    "evaluate_bundle": "evaluation.evaluate_bundle",
    "export_units": "annotation.label_exchange",
    "ingest": "data.posts.ingest",
    "init_project": "data.new_project",
    "load_bundle": "bundle",
    "load_codebook": "data.codebooks.codebook",
    "load_run_config": "config.run_config",
    "measure_agreement": "annotation.agreement",
    "open_scores": "scoring.read_scores",
    "plan_labels": "prevalence.estimators",
    "predict": "scoring.prediction",
    "read_folds": "training.fit_model",
    "read_for_agreement": "annotation.agreement",
    "read_labelled": "data.labels.labelled_rows",
    "read_scores": "scoring.read_scores",
    "run_training": "training.run_training",
    "train_and_record": "training.tracked_training",
    "write_records": "annotation.record_files",
    "write_report": "reporting.html_report",
    "write_sample": "annotation.sample_files",
}

__all__ = [
    "SAMPLE_FOLDER",
    "EvaluationSettings",
    "NullTracker",
    "ReadOptions",
    "SampleSettings",
    "check_run",
    "compare_bundles",
    "draw_sample",
    "estimate_shares",
    "evaluate_bundle",
    "export_units",
    "ingest",
    "init_project",
    "load_bundle",
    "load_codebook",
    "load_run_config",
    "measure_agreement",
    "open_scores",
    "plan_labels",
    "predict",
    "read_folds",
    "read_for_agreement",
    "read_labelled",
    "read_scores",
    "run_training",
    "train_and_record",
    "write_records",
    "write_report",
    "write_sample",
]


def __getattr__(name: str) -> Any:
    """Load a name when it is asked for; see PEP 562."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The names above; what else is in the package has a path of its own."""
    return sorted(__all__)
