"""The page of one model's evaluation: what stands on it, and that a run records it."""

import base64
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_pages import PHRASES

from pipeline.bundle import ModelBundle
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.errors import DataError, ModelError
from pipeline.evaluation.evaluate_bundle import predict_labelled
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.reporting.curves import precision_recall_curve, reliability_bins
from pipeline.reporting.evaluation_page import ERRORS, render_evaluation, texts_by_id, write_evaluation_report
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import _record_page

HOSTILE = "<script>alert(1)</script> nothing of the kind, говорит министр"


def read(tiny_bundle: ModelBundle) -> LabelledData:
    return read_labelled(tiny_bundle.folder.with_suffix(".jsonl"), tiny_bundle.codebook)


def with_misses(data: LabelledData) -> LabelledData:
    """One more coded frame on each of the eight first texts, in which the model cannot see it; one is hostile."""
    labels = [tuple(PHRASES) if i < 8 else tuple(carried) for i, carried in enumerate(data.table["labels"])]
    texts = [HOSTILE, *data.table["text"][1:]]
    return replace(data, table=data.table.assign(labels=labels, text=texts))


@pytest.fixture
def judged(tiny_bundle: ModelBundle) -> tuple[TestPredictions, LabelledData]:
    data = with_misses(read(tiny_bundle))
    predictions = predict_labelled(tiny_bundle, data)
    return replace(predictions, clusters=np.arange(len(data))), data


def payload(html: str) -> Any:
    found = re.search(r'id="payload">([^<]*)</script>', html)
    assert found
    return json.loads(zlib.decompress(base64.b64decode(found[1])))


def test_errors_are_the_surest_ones_with_escaped_texts(
    tiny_bundle: ModelBundle, judged: tuple[TestPredictions, LabelledData]
) -> None:
    predictions, data = judged
    html = render_evaluation(tiny_bundle, predictions, texts_by_id(data))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; nothing" in html
    assert "<script>alert(1)" not in html
    for k in range(3):
        missed = predictions.truth[:, k].astype(bool) & ~predictions.decided[:, k]
        assert f"{missed.sum()} missed" in html
    shown = re.findall(r"row <bdi>([^<]*)</bdi>", html)
    first = predictions.truth[:, 0].astype(bool) & ~predictions.decided[:, 0]
    surest = np.flatnonzero(first)[np.argsort(predictions.calibrated[first, 0], kind="stable")][:ERRORS]
    assert shown[: len(surest)] == [str(predictions.ids[i]) for i in surest]


def test_copies_of_an_error_are_shown_once(
    tiny_bundle: ModelBundle, judged: tuple[TestPredictions, LabelledData]
) -> None:
    predictions, data = judged
    one_cluster = replace(predictions, clusters=np.zeros(len(data), np.int64))
    shown = re.findall(r"row <bdi>", render_evaluation(tiny_bundle, one_cluster, texts_by_id(data)))
    assert len(shown) <= 2 * len(tiny_bundle.frame_ids)


def test_the_dot_on_a_curve_is_the_models_own_decision(
    tiny_bundle: ModelBundle, judged: tuple[TestPredictions, LabelledData]
) -> None:
    predictions, _ = judged
    for k, curve in enumerate(payload(render_evaluation(tiny_bundle, predictions, None))["curves"]):
        truth, decided = predictions.truth[:, k].astype(bool), predictions.decided[:, k]
        hits = (truth & decided).sum()
        assert curve["at"] == [hits / truth.sum(), hits / decided.sum()]
        assert curve["threshold"] == pytest.approx(0.4)
        assert curve["positives"] == truth.sum()


def test_a_curve_has_known_points() -> None:
    """Scores .9 (right), .8 (wrong), .8 (right), .1 (wrong): the tie is taken together."""
    truth = np.array([True, False, True, False])
    recall, precision = precision_recall_curve(truth, np.array([0.9, 0.8, 0.8, 0.1]))
    assert recall == pytest.approx([0, 0.5, 1, 1])
    assert precision == pytest.approx([1, 1, 2 / 3, 0.5])


def test_bins_of_reliability_hold_what_was_stated_and_seen() -> None:
    """Two decisions at .15, one of them right; Wilson's interval for 1 of 2 is .0945 to .9055."""
    stated, observed, low, high, sizes = reliability_bins(np.array([True, False]), np.array([0.15, 0.15]))
    assert sizes.tolist() == [0, 2, 0, 0, 0, 0, 0, 0, 0, 0]
    assert (stated[0], observed[0]) == pytest.approx((0.15, 0.5))
    assert (low[0], high[0]) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_without_texts_or_figures_the_page_says_so(
    tiny_bundle: ModelBundle, judged: tuple[TestPredictions, LabelledData]
) -> None:
    html = render_evaluation(tiny_bundle, judged[0], None)
    assert "A bundle holds no texts; name the labelled file" in html
    assert "The bundle holds no figures of a test fold." in html


def test_a_bundle_without_predictions_is_refused(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"test_predictions\.npz: cannot be read"):
        write_evaluation_report(tiny_bundle, tmp_path / "e.html")


def test_labelled_data_of_another_run_is_refused(
    tiny_bundle: ModelBundle, judged: tuple[TestPredictions, LabelledData], tmp_path: Path
) -> None:
    predictions, data = judged
    np.savez_compressed(tmp_path / "test_predictions.npz", allow_pickle=False, **predictions.to_arrays())
    bundle = replace(tiny_bundle, folder=tmp_path)
    other = replace(data, table=data.table.assign(id=[f"other {i}" for i in range(len(data))]))
    with pytest.raises(DataError, match="holds none of the 24 texts that tiny@"):
        write_evaluation_report(bundle, tmp_path / "e.html", data=other)
    assert (
        write_evaluation_report(bundle, tmp_path / "e.html", data=data)
        == (tmp_path / "e.html").stat().st_size
    )


class Recorder(NullTracker):
    """Keeps the texts that it is given."""

    def __init__(self, run_id: str | None) -> None:
        self.run_id = run_id
        self.texts: dict[str, str] = {}

    def log_text(self, text: str, name: str) -> None:
        self.texts[name] = text


def test_a_recorded_run_keeps_the_page_with_the_texts_of_errors_only_if_asked(
    tiny_bundle: ModelBundle, judged: tuple[TestPredictions, LabelledData]
) -> None:
    recorded, unrecorded = Recorder("run"), Recorder(None)
    for tracker in (recorded, unrecorded):
        _record_page(tracker, tiny_bundle, *judged)
    assert "nothing of the kind" in recorded.texts["evaluation.html"]
    assert unrecorded.texts == {}
    predictions, _ = judged
    _record_page(recorded, tiny_bundle, predictions, None)
    assert "nothing of the kind" not in recorded.texts["evaluation.html"]
