"""Frames on two levels, from labels to shares: who carries a child carries its parent, and its share holds theirs."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import save_plain_bundle
from report_pages import make_posts, name_matters, write_scores
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.cli import app
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.model import TfidfSettings
from pipeline.data.codebooks.codebook import Codebook, draft_codebook
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.errors import ModelError
from pipeline.evaluation.evaluate_bundle import predict_labelled
from pipeline.evaluation.test_predictions import evaluate_predictions
from pipeline.explanation.text_explanation import PlacedSentence, explain_sentences
from pipeline.measures.calibration import identity_calibrator
from pipeline.measures.decision_rule import DecisionRule
from pipeline.prevalence.share_estimates import report_shares
from pipeline.reporting.html_report import write_report
from pipeline.scoring.read_scores import read_scores

PARENTS = {"order": "world", "threat: from outside": "world"}
PHRASES = {
    "order": "the world order is changing",
    "threat: from outside": "they threaten our borders",
    "unity.1": "we stand together as one people",
}


def book(mode: str = "multi_label") -> Codebook:
    frames = draft_codebook("Levels", ["world", *PHRASES], mode="multi_label", parents=PARENTS)
    return Codebook.model_validate(frames.model_dump() | {"mode": mode})


def write_labels(path: Path, labels: Sequence[tuple[str, list[str]]]) -> Path:
    path.write_text("".join(json.dumps({"text": text, "labels": own}) + "\n" for text, own in labels))
    return path


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    folder = tmp_path_factory.mktemp("levels")
    rows = [
        (f"{phrase} {ending}", [frame])
        for ending in ("today", "again", "as before", "in the north", "and more so", "at night")
        for frame, phrase in [*PHRASES.items(), ("", "the weather is fine")]
    ]
    rows = [(text, [frame for frame in own if frame]) for text, own in rows]
    codebook = book()
    data = read_labelled(write_labels(folder / "labels.jsonl", rows), codebook)
    assert data.warnings[-1] == "12 rows carry a frame without its parent, which was added to them"
    classifier = TfidfBaseline(
        TfidfSettings(min_df=1, max_features=2000, c_grid=(10.0,)), codebook.frame_ids, single_label=False
    )
    classifier.fit(data, None, np.arange(len(data)), FitContext(0, folder, lambda *_: None, lambda *_: None))
    return save_plain_bundle(folder / "levels", "levels", classifier, codebook)


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, bundle: ModelBundle) -> Path:
    return write_scores(tmp_path_factory.mktemp("scored"), bundle, make_posts())


def test_posts_that_carry_a_child_carry_its_parent(scores: Path) -> None:
    posts = read_scores(scores)
    carried = posts["frames"].map(set)
    assert carried.map(lambda frames: bool(frames & set(PARENTS))).any()
    for child, parent in PARENTS.items():
        assert all(parent in frames for frames in carried if child in frames)
        known = posts[posts["n_sentences"] > 0]
        assert (known[f"p_{parent}"] >= known[f"p_{child}"]).all()


def test_a_sample_coded_with_children_alone_counts_for_the_parent(scores: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "sample.csv"
    arguments = ["sample", str(scores), "--unit", "post", "-n", "60", "-o", str(drawn)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    with drawn.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    coded = tmp_path / "coded.csv"
    carried = [[frame for frame, phrase in PHRASES.items() if phrase in row["text"].lower()] for row in rows]
    with coded.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "labels"])
        writer.writeheader()
        writer.writerows(row | {"labels": ";".join(own)} for row, own in zip(rows, carried, strict=True))
    report = report_shares(scores, coded, empty_is_coded=True, domains=("whole",))
    shares = {estimate.frame: estimate for estimate in report.estimates}
    n_children = sum(bool(set(own) & set(PARENTS)) for own in carried)
    assert shares["world"].classical.value == pytest.approx(n_children / len(rows))
    assert shares["world"].raw_share >= max(shares[child].raw_share for child in PARENTS)
    assert any("(world: order, threat: from outside)" in note for note in report.notes)
    html = write_report(scores, tmp_path / "r.html", sample=coded, empty_is_coded=True).path.read_text()
    assert "world: order, threat: from outside" in html


def test_figures_are_coarse_and_fine(bundle: ModelBundle, tmp_path: Path) -> None:
    texts = [(f"{PHRASES['order']} {name_matters(i)}", ["threat: from outside"]) for i in range(8)]
    texts += [(f"the weather is fine {name_matters(i + 20)}", []) for i in range(8)]
    data = read_labelled(write_labels(tmp_path / "coded.jsonl", texts), bundle.codebook)
    report = evaluate_predictions(
        predict_labelled(bundle, data),
        bundle.frame_ids,
        EvaluationSettings(bootstrap_samples=100),
        seed=0,
        parents=bundle.codebook.parents,
    )
    coarse, fine = report.levels
    assert (coarse.level, coarse.frames, fine.level, fine.frames) == ("coarse", 2, "fine", 3)
    assert coarse.macro_f1.value == 1.0  # the wrong child, but the right parent
    assert fine.macro_f1.value == 0.0
    assert report.to_json()["levels"]["coarse"]["macro_f1"]["value"] == 1.0


def test_an_explanation_says_where_a_parent_is_implied(bundle: ModelBundle) -> None:
    calibrator = replace(
        bundle.decisions.calibrator, offsets=np.array([0.0, 0.0, 0.0, -9.0])
    )  # the parent is unsure
    unsure = replace(bundle, decisions=replace(bundle.decisions, calibrator=calibrator))
    found = explain_sentences(unsure, [PlacedSentence(0, 0, f"{PHRASES['order']} today")])
    assert [evidence.frame for evidence in found.evidence] == ["order", "world"]
    assert any(note.startswith("world: implied by a frame below") for note in found.notes)
    sure = explain_sentences(bundle, [PlacedSentence(0, 0, f"{PHRASES['unity.1']} today")])
    assert not any("implied" in note for note in sure.notes)


def test_a_single_label_stays_alone(tmp_path: Path) -> None:
    data = read_labelled(
        write_labels(tmp_path / "one.jsonl", [("a", ["order"]), ("b", ["world"])]), book("single_label")
    )
    assert list(data.table["labels"]) == [("order",), ("world",)]


def test_a_bundle_whose_parents_are_not_the_codebooks_is_refused(bundle: ModelBundle, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="parents of frames are not those of the codebook"):
        save_plain_bundle(
            tmp_path / "other",
            "other",
            bundle.classifier,
            bundle.codebook,
            decisions=DecisionRule(
                identity_calibrator(4, single_label=False),
                np.full(4, 0.5),
                single_label=False,
                parents=(-1, 2, -1, -1),
            ),
        )
