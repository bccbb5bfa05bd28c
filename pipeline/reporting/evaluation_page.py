"""`frames evaluation-report`: one model's test fold as one HTML page, in the look of the report of scores."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import DataError
from pipeline.evaluation.evaluate_bundle import read_test_predictions
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.reporting.card_numbers import (
    CALIBRATION_FIGURES,
    say_calibration_harmed,
    say_estimate,
    say_none_worse,
)
from pipeline.reporting.curves import precision_recall_curve, reliability_bins
from pipeline.reporting.html_page import render_page, write_page
from pipeline.reporting.model_facts import describe_origin, describe_quality, frame_titles
from pipeline.tracking.provenance import installed_version

ERRORS: Final = 5  # of each kind and frame
_POINTS: Final = 200  # of a curve
_CHARACTERS: Final = 600  # of a text

Texts = Mapping[str, tuple[str, str]]


def write_evaluation_report(bundle: ModelBundle, output: Path, *, data: LabelledData | None = None) -> int:
    """Write the evaluation of a model on its test fold.

    Args:
        bundle: the model, with the predictions that it keeps.
        output: the HTML file, replaced if it exists.
        data: the labelled file of the training, for the texts of errors, which no bundle holds.

    Returns:
        Size of the file in bytes.

    Raises:
        ModelError: the bundle keeps no predictions.
        DataError: `data` holds none of the test rows; no room to write.
    """
    predictions = read_test_predictions(bundle)
    texts = None if data is None else texts_by_id(data)
    if data is not None and texts is not None and texts.keys().isdisjoint(map(str, predictions.ids)):
        raise DataError(
            f"{data.path}: holds none of the {len(predictions.ids):,} texts that {bundle.model_id} was tested on; "
            "give the labelled file that it was trained and tested with"
        )
    return write_page(output, render_evaluation(bundle, predictions, texts))


def texts_by_id(data: LabelledData) -> Texts:
    """Text and language ("und" where unknown) of each labelled row by its id."""
    columns = (data.table[name] for name in ("id", "text", "lang"))
    return {
        str(name): (text, lang if isinstance(lang, str) and lang.isalpha() else "und")
        for name, text, lang in zip(*columns, strict=True)
    }


def render_evaluation(bundle: ModelBundle, predictions: TestPredictions, texts: Texts | None) -> str:
    """The page as HTML.

    Args:
        bundle: the model with its metrics.
        predictions: for its test fold.
        texts: text and language of test rows by their id; None where texts are not at hand.
    """
    titles = frame_titles(bundle)
    slices = bundle.metrics.get("slices") or {}
    context = {
        "title": f"Evaluation of {bundle.manifest['name']}",
        "quality": describe_quality(bundle),
        "calibration": _describe_calibration(bundle.metrics),
        "calibration_notes": _some(say_calibration_harmed(bundle.metrics)),
        "slices": slices.get("slices", []),
        "slice_notes": [*_some(say_none_worse(slices.get("slices", []))), *slices.get("notes", [])],
        "has_texts": texts is not None,
        "errors": _find_errors(bundle, predictions, texts, titles),
        "provenance": [
            *describe_origin(bundle),
            ("Report written at", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
            ("narrative-frames", installed_version("narrative-frames") or "unknown"),
        ],
    }
    payload = {
        "curves": [_curve(predictions, k, titles[f], bundle) for k, f in enumerate(bundle.frame_ids)],
        "reliability": _reliability(predictions),
    }
    return render_page("evaluation.html.j2", scripts=("evaluation.js",), payload=payload, context=context)


def _curve(predictions: TestPredictions, k: int, title: str, bundle: ModelBundle) -> dict[str, Any]:
    """Points of one frame's curve, and where its threshold stands on it."""
    truth, scores = predictions.truth[:, k].astype(bool), predictions.calibrated[:, k]
    decided = predictions.decided[:, k].astype(bool)
    positives = int(truth.sum())
    curve: dict[str, Any] = {"title": title, "positives": positives, "base": positives / max(len(truth), 1)}
    hits = int((truth & decided).sum())
    curve["at"] = [hits / positives, hits / int(decided.sum())] if positives and decided.any() else None
    curve["threshold"] = None if bundle.decisions.single_label else float(bundle.decisions.thresholds[k])
    recall, precision = precision_recall_curve(truth, scores) if positives else (np.zeros(0), np.zeros(0))
    some = np.unique(np.linspace(0, len(recall) - 1, min(_POINTS, len(recall))).astype(int))
    return curve | {"recall": _plain(recall[some]), "precision": _plain(precision[some])}


def _reliability(predictions: TestPredictions) -> dict[str, list[float]]:
    """Bins of all frames' probabilities together; those without decisions are not there."""
    stated, observed, low, high, sizes = reliability_bins(
        predictions.truth.ravel().astype(bool), predictions.calibrated.ravel()
    )
    named = {"stated": stated, "observed": observed, "low": low, "high": high}
    return {**{name: _plain(values) for name, values in named.items()}, "n": sizes[sizes > 0].tolist()}


def _describe_calibration(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    overall = (metrics.get("calibration") or {}).get("overall")
    if overall is None:
        return []
    figures = [
        (
            title,
            f"{overall[after]:.4f}"
            + ("" if overall[before] is None else f", before calibration {overall[before]:.4f}"),
        )
        for title, before, after in CALIBRATION_FIGURES
    ]
    if overall.get("error_above") is not None:
        figures.append(
            (
                "Calibration error, p above .1",
                f"{overall['error_above']:.4f} ({overall['above']:,} decisions)",
            )
        )
    for title, name in (("Slope (right: 1)", "slope"), ("Intercept (right: 0)", "intercept")):
        if name in overall:
            figures.append((title, say_estimate(overall[name])))
    return figures


def _find_errors(
    bundle: ModelBundle, predictions: TestPredictions, texts: Texts | None, titles: Mapping[str, str]
) -> list[dict[str, Any]]:
    """For each frame what the model was surest of and wrong: sentences missed, sentences given by mistake.

    Of the sentences of one cluster of copies only the worst is shown.
    """
    truth, decided = predictions.truth.astype(bool), predictions.decided.astype(bool)
    found = []
    for k, frame in enumerate(bundle.frame_ids):
        probabilities = predictions.calibrated[:, k]
        missed = np.flatnonzero(truth[:, k] & ~decided[:, k])
        mistaken = np.flatnonzero(~truth[:, k] & decided[:, k])
        entry = {"title": titles[frame], "n_missed": len(missed), "n_mistaken": len(mistaken)}
        for name, rows, sign in (("missed", missed, 1.0), ("mistaken", mistaken, -1.0)):
            ordered = rows[np.argsort(sign * probabilities[rows], kind="stable")]
            _, first = np.unique(predictions.clusters[ordered], return_index=True)  # copies are shown once
            worst = ordered[np.sort(first)][:ERRORS]
            entry[name] = [
                {
                    "probability": float(probabilities[row]),
                    **_describe_error(bundle, predictions, int(row), texts, titles),
                }
                for row in worst
            ]
        found.append(entry)
    return found


def _describe_error(
    bundle: ModelBundle,
    predictions: TestPredictions,
    row: int,
    texts: Texts | None,
    titles: Mapping[str, str],
) -> dict[str, Any]:
    name = str(predictions.ids[row])
    text, language = (texts or {}).get(name, ("", "und"))
    if len(text) > _CHARACTERS:
        text = f"{text[:_CHARACTERS].rstrip()} … [shortened]"
    coded = [titles[frame] for j, frame in enumerate(bundle.frame_ids) if predictions.truth[row, j]]
    return {"id": name, "text": text, "language": language, "coded": ", ".join(coded) or "no frame"}


def _some(sentence: str | None) -> list[str]:
    return [] if sentence is None else [sentence]


def _plain(values: NDArray[Any]) -> list[float]:
    return [float(value) for value in values]
