"""Drift as the HTML report shows it: an explanation, warnings, and pairs of a name and a figure."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from pipeline.bundle import ModelBundle
from pipeline.errors import DataError
from pipeline.evaluation.drift_check import TOLERANCE, DriftReport, describe_move, measure_drift
from pipeline.evaluation.drift_statistics import Shift
from pipeline.reporting.share_plots import name_folder
from pipeline.scoring.drift_reference import read_drift_reference

_EXPLANATION: Final = (
    "The posts against the texts that the model was trained on: by how much the mean probability of each frame moved, "
    f"with an interval for all of them together and a tolerance of {TOLERANCE:g}, and the Jensen-Shannon divergence "
    "between probabilities then and now, from 0 (alike) to 1; chance alone reaches the noise level. Sentences "
    "that are training texts are left out. A shift may be what there is to find; it means that test figures need not "
    "hold here, and that a coded sample of these posts is due."
)
_LANGUAGES: Final = 5


def describe_drift(
    scores: Path, bundle: ModelBundle, frame_names: dict[str, str], absent: Collection[tuple[str, str]] = ()
) -> dict[str, Any] | None:
    """What the section of the report is made of; None for a model that keeps no reference.

    Args:
        scores: output folder of `frames predict`.
        bundle: the model that scored.
        frame_names: by frame id.
        absent: frames with languages in which a coded sample shows none.
    """
    if read_drift_reference(bundle) is None:
        return None
    try:
        report = measure_drift(scores, bundle, absent=absent)
    except DataError as error:  # such as scores of training texts alone
        return {
            "explanation": _EXPLANATION,
            "notes": [f"Not measured: {name_folder(str(error), scores)}"],
            "rows": [],
        }
    return {
        "explanation": _EXPLANATION,
        "notes": list(report.warnings),
        "rows": _list_figures(report, frame_names),
    }


def _list_figures(report: DriftReport, frame_names: dict[str, str]) -> list[tuple[str, str]]:
    compared = (
        f"{report.sampled_sentences:,} distinct new sentences of {report.sampled_posts:,} posts with "
        f"{report.training_rows:,} training texts; left out: {report.seen_share:.0%}, which are training texts"
    )
    unknown = "no words"
    if report.unknown_words.value is not None:
        unknown = f"{report.unknown_words.value:.1%}, expected {report.unknown_expected:.1%}"
    languages = ", ".join(
        f"{entry.code} {entry.now:.1%} (training {entry.then:.1%})" for entry in report.languages[:_LANGUAGES]
    )
    return [
        ("Compared", compared),
        ("Words that training lacked", unknown),
        ("Languages", languages),
        *(
            (frame_names.get(shift.name, shift.name), _describe_shift(shift, report.tolerance))
            for shift in report.frames
        ),
        ("Length, characters", _describe_shift(report.length)),
    ]


def _describe_shift(shift: Shift, tolerance: float | None = None) -> str:
    words = ["moved beyond the tolerance"] if tolerance is not None and shift.moved_beyond(tolerance) else []
    words += ["spread otherwise"] if shift.is_shifted else []
    verdict = ", ".join(words) or "no shift"
    return f"{verdict}: {describe_move(shift)}; divergence {shift.divergence:.3f}, noise {shift.noise:.3f}"
