"""The figures of a model card: overall, for each frame, for slices, and for probabilities."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import list_names
from pipeline.measures.enough_positives import describe_macro
from pipeline.reporting.markdown import bullets, escape, table

WORST = 5  # slices on the card; all stand in metrics.json
_OVERALL = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "samples_f1": "samples-F1",
    "mean_average_precision": "mean average precision",
}
CALIBRATION_FIGURES = (  # title and keys of metrics.json
    ("Brier score", "brier_before", "brier_after"),
    ("Calibration error", "error_before", "error_after"),
)
_NONE = "Not recorded in this bundle."


def metrics_part(metrics: Mapping[str, Any]) -> str:
    """Overall figures with their intervals."""
    intervals = metrics.get("intervals")
    if not intervals:
        return _NONE
    titles = {**_OVERALL, "macro_f1": name_macro_f1(metrics)}
    rows = [(title, _plain(intervals[name]), _range(intervals[name])) for name, title in titles.items()]
    rows[1:1] = [
        (
            f"{level}: macro-F1 over {of['judged']} of {of['frames']} frames",
            _plain(of["macro_f1"]),
            _range(of["macro_f1"]),
        )
        for level, of in metrics.get("levels", {}).items()
    ]
    text = (
        f"{metrics['n']} texts in {metrics['n_clusters']} clusters of copies, which the intervals "
        f"({metrics['confidence']:.0%}) count. They are of this one fit."
    )
    return f"{text}\n\n{table(('figure', 'value', 'interval'), rows)}"


def name_macro_f1(metrics: Mapping[str, Any], figure: str = "macro-F1") -> str:
    """The figure with the frames it covers; its bare name for a bundle that was saved before it said so."""
    if "macro_frames" not in metrics:
        return figure
    return describe_macro(len(metrics["macro_frames"]), len(metrics["per_frame"]), figure)


def frames_part(metrics: Mapping[str, Any], decisions: Mapping[str, Any], frame_ids: Sequence[str]) -> str:
    """Each frame's figures and threshold."""
    per_frame = metrics.get("per_frame")
    if not per_frame:
        return _NONE
    thresholds = dict(zip(frame_ids, decisions["thresholds"], strict=True))
    rows = []
    for frame in frame_ids:
        scores = per_frame[frame]
        figures = [_plain(scores[name], 2) for name in ("precision", "recall", "f1")]
        threshold = "largest" if decisions["single_label"] else f"{thresholds[frame]:.2f}"
        rows.append(
            (
                frame,
                scores["positives"],
                scores["predicted"],
                *figures,
                _range(scores["f1"], 2),
                _plain(scores["average_precision"], 2),
                threshold,
            )
        )
    columns = ("frame", "coded", "found", "precision", "recall", "F1", "interval of F1", "AP", "threshold")
    return table(columns, rows)


def slices_part(metrics: Mapping[str, Any]) -> str:
    """The slices furthest below the rest, and always those of unseen channels and later months."""
    slices = metrics.get("slices")
    if not slices:
        return _NONE
    judged = [entry for entry in slices["slices"] if entry["gap"]["value"] is not None]
    worst = [entry for entry in judged if entry["gap"]["value"] < 0][:WORST]
    shown = [*worst, *(e for e in slices["slices"] if e["dimension"] == "novelty" and e not in worst)]
    rows = [
        (
            f"{entry['dimension']}: {entry['value']}",
            entry["n"],
            _plain(entry["macro_f1"], 2),
            _range(entry["macro_f1"], 2),
            "" if entry.get("overall") is None else f"{entry['overall']:.2f}",
            _plain(entry["gap"], 2, "+"),
            _range(entry["gap"], 2, "+"),
            list_names(entry.get("frames", ())),
        )
        for entry in shown
    ]
    few = sum(1 for entry in slices["slices"] if entry["too_few"])
    text = (
        "Macro-F1: over the slice's frames with enough positives; overall: of all test texts over the same frames. "
        "Gap: the slice minus all other test texts, over the frames with enough in both. Listed are the lowest gaps "
        "below zero, then channels and months that training has not seen. The worst of many slices looks worse than it "
        f"is. Slices with too few texts for figures: {few}."
    )
    columns = ("slice", "texts", "macro-F1", "interval", "overall", "gap", "interval of gap", "frames")
    body = table(columns, rows) if rows else ""
    if not judged and not rows:
        body = "No slice has enough texts and positives to be compared."
    notes = bullets(slices["notes"])
    return "\n\n".join(part for part in (text, say_none_worse(slices["slices"]), body, notes) if part)


def say_none_worse(slices: Sequence[Mapping[str, Any]]) -> str | None:
    """A sentence where slices were compared and chance may explain every gap; `slices` as in `metrics.json`."""
    highs = [entry["gap"]["high"] for entry in slices if entry["gap"]["value"] is not None]
    if not highs or any(high is not None and high < 0 for high in highs):
        return None
    return "No slice is shown to be worse than the rest: no gap has its whole interval below zero."


def calibration_part(metrics: Mapping[str, Any], frame_ids: Sequence[str]) -> str:
    """Brier score and calibration error before and after calibration."""
    calibration = metrics.get("calibration")
    if not calibration:
        return _NONE
    entries = [("all frames", calibration["overall"])]
    entries += [(frame, calibration["per_frame"][frame]) for frame in frame_ids]
    names = ("brier_before", "brier_after", "error_before", "error_after", "error_above")
    rows = [
        (
            title,
            *("unknown" if scores.get(name) is None else f"{scores[name]:.3f}" for name in names),
            *(say_estimate(scores.get(name)) for name in ("slope", "intercept")),
        )
        for title, scores in entries
    ]
    text = (
        "Brier score and expected calibration error (ten bins) on the test fold; smaller is better. Most probabilities "
        "are near 0 and easily right: the error among those above .1 stands beside. Slope (right: 1; below, "
        "probabilities are too far out) and intercept (right: 0; above, they are too low) are after calibration, with "
        "intervals over clusters of copies."
    )
    columns = (
        *("frame", "Brier before", "Brier after", "error before", "error after", "error above .1"),
        *("slope", "intercept"),
    )
    return "\n\n".join(part for part in (text, say_calibration_harmed(metrics), table(columns, rows)) if part)


def say_estimate(estimate: Mapping[str, float | None] | None) -> str:
    """Value and interval in one cell; also of a bundle that was saved before it was measured."""
    if estimate is None:
        return "unknown"
    bounds = _range(estimate, 2)
    return f"{_plain(estimate, 2)} ({bounds})" if bounds else _plain(estimate, 2)


def teacher_part(distilled: Mapping[str, Any]) -> str:
    """Whom a student copies, what it learnt from, and how far it agrees."""
    texts, n = distilled["texts"], distilled["agreement"]["n"]
    facts = {
        "Teacher": f"{escape(distilled['teacher'])}, kind {escape(distilled['kind'])}",
        "Bundle hash of the teacher": escape(distilled["bundle_hash"]),
        "Sentences without labels that were learnt from": f"{texts['learnt']:,}",
        "Of these learnt from by the teacher too": f"{texts['seen_by_teacher']:,}",
        "SHA-256 of their digests": escape(distilled["texts_sha256"]),
        "Left out as texts of the test fold or of other labelled rows": f"{texts['of_tests']:,}",
        "Recipe": ", ".join(f"{escape(key)} {escape(value)}" for key, value in distilled["recipe"].items()),
        "Calibrated to the teacher's probabilities": f"on {texts['held_out'] - n:,} sentences that neither learnt from",
        "Thresholds": "of best expected F1 on the held-out sentences, or the teacher's where its config sets one",
    }
    rows = [
        (
            entry["frame"],
            entry["teacher"],
            entry["student"],
            "too few" if entry["f1"] is None else f"{entry['f1']:.2f}",
            f"{entry['difference']:.3f}",
        )
        for entry in distilled["agreement"]["frames"]
    ]
    columns = (
        "frame",
        "teacher found",
        "student found",
        "F1 against the teacher",
        "mean difference of probability",
    )
    text = (
        "A student: it was taught to answer as its teacher does, and has seen no label. The data below are those "
        "of the teacher's labels. What the teacher learnt from counts as learnt by it."
    )
    listed = bullets(f"{name}: {fact}" for name, fact in facts.items())
    return f"{text}\n\n{listed}\n\nAgreement on {n:,} further such sentences:\n\n{table(columns, rows)}"


def say_calibration_harmed(metrics: Mapping[str, Any]) -> str | None:
    """A sentence where calibration made a figure of all frames worse on the test fold."""
    overall = (metrics.get("calibration") or {}).get("overall") or {}
    worse = [
        f"{title} ({overall[before]:.4f} before, {overall[after]:.4f} after)"
        for title, before, after in CALIBRATION_FIGURES
        if overall.get(before) is not None and overall[after] > overall[before]
    ]
    if not worse:
        return None
    return f"Calibration, fitted on other rows, made it worse on the test fold: {' and '.join(worse)}."


def _plain(estimate: Mapping[str, float | None], digits: int = 3, sign: str = "") -> str:
    value = estimate["value"]
    return "too few" if value is None else f"{value:{sign}.{digits}f}"


def _range(estimate: Mapping[str, float | None], digits: int = 3, sign: str = "") -> str:
    low, high = estimate["low"], estimate["high"]
    if low is None or high is None:
        return ""
    return f"{low:{sign}.{digits}f} to {high:{sign}.{digits}f}"
