"""Measure narrative frames in channel posts: the names that a notebook needs.

Each is loaded when it is first asked for, so that `import pipeline` costs nothing:

    from pipeline import load_bundle, predict, read_scores
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.annotation.draw_sample import draw_sample
    from pipeline.bundle import load_bundle
    from pipeline.config.run_config import load_run_config
    from pipeline.data.codebook import load_codebook
    from pipeline.data.exports.raw_posts import ReadOptions
    from pipeline.data.ingest import ingest
    from pipeline.data.labelled_rows import read_labelled
    from pipeline.evaluation.evaluate_bundle import compare_bundles, evaluate_bundle
    from pipeline.prevalence.share_estimates import estimate_shares
    from pipeline.reporting.html_report import write_report
    from pipeline.scoring.prediction import predict
    from pipeline.scoring.read_scores import read_scores
    from pipeline.training.run_training import run_training
    from pipeline.training.tracked_training import train_and_record

_PLACES = {
    "ReadOptions": "data.exports.raw_posts",
    "compare_bundles": "evaluation.evaluate_bundle",
    "draw_sample": "annotation.draw_sample",
    "estimate_shares": "prevalence.share_estimates",
    "evaluate_bundle": "evaluation.evaluate_bundle",
    "ingest": "data.ingest",
    "load_bundle": "bundle",
    "load_codebook": "data.codebook",
    "load_run_config": "config.run_config",
    "predict": "scoring.prediction",
    "read_labelled": "data.labelled_rows",
    "read_scores": "scoring.read_scores",
    "run_training": "training.run_training",
    "train_and_record": "training.tracked_training",
    "write_report": "reporting.html_report",
}

__all__ = [
    "ReadOptions",
    "compare_bundles",
    "draw_sample",
    "estimate_shares",
    "evaluate_bundle",
    "ingest",
    "load_bundle",
    "load_codebook",
    "load_run_config",
    "predict",
    "read_labelled",
    "read_scores",
    "run_training",
    "train_and_record",
    "write_report",
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
