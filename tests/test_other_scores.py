"""Shares from anybody's scores: alone, several together, beside a model's, with the same samples and intervals."""
# ruff: noqa: F811 - fixtures of another file have the names of parameters

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import TINY_FRAMES
from test_prevalence import choose_frames, coded, scores, truth_of, write_rows  # noqa: F401 - fixtures
from typer.testing import CliRunner

from pipeline.benchmarks.validity.mixture_claims import cover_mixtures
from pipeline.cli import app
from pipeline.errors import DataError
from pipeline.prevalence.estimators import estimate_means
from pipeline.prevalence.label_designs import Design
from pipeline.prevalence.mixed_scores import mix_scores
from pipeline.prevalence.share_estimates import report_shares
from pipeline.scoring.read_scores import read_scores

Rows = list[dict[str, Any]]
STRETCH = 3.29 / 1.96  # of an interval of 95 % to one of 99.9 %


@pytest.fixture(scope="module")
def model_rows(scores: Path) -> Rows:
    """The model's own probabilities as a table, with what else it says of posts."""
    posts = read_scores(scores)
    posts = posts[posts["n_sentences"] > 0]
    return [
        {
            "id": row["post_key"],
            "channel": row["channel"],
            "published_at": row["published_at"].isoformat(),
            **{frame: float(row[f"p_{frame}"]) for frame in TINY_FRAMES},
        }
        for row in posts.to_dict("records")
    ]


def guess(rows: Rows, error: float, seed: int) -> Rows:
    """Yes or no, wrong in a share of the cases: a language model's or a keyword list's."""
    generator = np.random.default_rng(seed)
    return [
        {
            "id": r["id"],
            **{
                f"p_{f}": float((f in truth_of(r["id"])) != (generator.random() < error)) for f in TINY_FRAMES
            },
        }
        for r in rows
    ]


def test_a_model_s_scores_from_a_table_give_its_shares(
    scores: Path,
    coded: Rows,
    model_rows: Rows,
    tmp_path: Path,
) -> None:
    sample = write_rows(tmp_path / "coded.jsonl", coded)
    table = write_rows(tmp_path / "theirs.csv", model_rows)
    alone = report_shares(None, sample, others=(table,))
    ours = report_shares(scores, sample)
    for one, other in zip(alone.estimates, ours.estimates, strict=True):
        found, expected = one.to_json(), other.to_json()
        for figures in (found, expected):
            figures.pop("raw_share")  # decided by a half there, by thresholds here
        assert found == pytest.approx(expected, abs=1e-6)
    assert alone.models[0]["model_id"] == "theirs.csv"
    assert str(table) in alone.target
    assert any("not known" in note for note in alone.notes)
    whole = [e for e in alone.estimates if e.domain == "whole"]
    for k, frame in enumerate(TINY_FRAMES):
        assert whole[k].raw_share == np.mean([row[frame] >= 0.5 for row in model_rows])


def test_several_scores_hold_the_truth_and_labels_alone_stand_beside(
    scores: Path,
    coded: Rows,
    model_rows: Rows,
    tmp_path: Path,
) -> None:
    sample = write_rows(tmp_path / "coded.jsonl", coded)
    good = write_rows(tmp_path / "good.jsonl", guess(model_rows, 0.02, 1))
    poor = write_rows(tmp_path / "poor.csv", guess(model_rows, 0.45, 2))
    arguments = ["shares", str(scores), "--scores", str(good), "--scores", str(poor), "--sample", str(sample)]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [model["model_id"] for model in told["models"][1:]] == ["good.jsonl", "poor.csv"]
    single = report_shares(scores, sample)
    posts = choose_frames()
    for k, frame in enumerate(TINY_FRAMES):
        found = told["estimates"][k]
        truth = np.mean([frame in frames for frames in posts])
        # of three intervals of 95 % one in seven runs may miss one; stretched to 99.9 %, one in 300
        value, low, high = (found[key] for key in ("corrected", "corrected_low", "corrected_high"))
        assert value - STRETCH * (value - low) <= truth <= value + STRETCH * (high - value)
        assert found["classical"] == pytest.approx(single.estimates[k].classical.value)
        assert (
            found["corrected_high"] - found["corrected_low"]
            < found["classical_high"] - found["classical_low"]
        )
    note = next(note for note in told["notes"] if "weighted by" in note)
    weights = [float(part.split()[-1]) for part in note.split("order: ")[1].split(";")[0].split(", ")]
    assert sum(weights) == pytest.approx(1, abs=0.02)
    assert weights[1] > 0.5
    assert weights[2] < 0.2
    shown = CliRunner().invoke(app, arguments[:1] + arguments[2:] + ["--by", "channel"])  # no folder at all
    assert shown.exit_code == 0, shown.output


def test_sentences_are_scored_by_the_ids_of_their_sample(scores: Path, tmp_path: Path) -> None:
    path = tmp_path / "sentences.jsonl"
    assert CliRunner().invoke(app, ["sample", str(scores), "-o", str(path), "-n", "120"]).exit_code == 0
    drawn = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    sample = write_rows(
        tmp_path / "coded.jsonl",
        [row | {"labels": ["order"] if i % 3 else []} for i, row in enumerate(drawn)],
    )
    sentences = read_scores(scores, "sentences")
    ids = [
        f"{key}:{index}"
        for key, index in zip(sentences["post_key"], sentences["sentence_index"], strict=True)
    ]
    table = write_rows(tmp_path / "t.csv", [{"id": unit, "order": 0.25} for unit in ids])
    [found] = [
        e for e in report_shares(None, sample, ["order"], others=(table,)).estimates if e.domain == "whole"
    ]
    assert found.n_units == len(ids)
    assert found.n_labelled == 120
    assert found.corrected.value == pytest.approx(found.classical.value)  # a constant says nothing


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[1:], "no score for 1 of 400 posts, such as c0/0"),
        (lambda rows: [*rows, rows[0]], "stands at .* already"),
        (
            lambda rows: [rows[0] | {"order": 1.5}, *rows[1:]],
            "field 'order': expected a score from 0 to 1, got '1.5'",
        ),
        (lambda rows: [rows[0] | {"order": None}, *rows[1:]], "expected a score from 0 to 1, got None"),
        (
            lambda rows: [{"id": r["id"], "order": 1} for r in rows],
            "no column for threat: from outside, unity.1",
        ),
        (lambda rows: [{"key": r["id"]} for r in rows], "no column id"),
    ],
)
def test_a_table_that_is_none_of_these_units_is_refused(  # noqa: PLR0917 - fixtures
    scores: Path,
    coded: Rows,
    model_rows: Rows,
    tmp_path: Path,
    change: Any,
    message: str,
) -> None:
    sample = write_rows(tmp_path / "coded.jsonl", coded)
    with pytest.raises(DataError, match=message):
        report_shares(scores, sample, others=(write_rows(tmp_path / "t.csv", change(model_rows)),))


def test_one_score_is_taken_as_it_is_and_the_mean_of_a_mixture_is_that_of_its_folds() -> None:
    generator = np.random.default_rng(0)
    y = (generator.random((200, 1)) < 0.3).astype(float)
    f = np.stack([np.clip(y + generator.normal(0, s, y.shape), 0, 1) for s in (0.2, 0.5)])
    design = Design(np.full(200, 0.1), np.zeros(200, np.int64), np.arange(200) // 2)
    inside = np.ones(200, bool)
    one = mix_scores(y, f[:1], design)
    assert np.array_equal(one.predictions, f[0])
    assert one.expect(np.array([[0.4]]), design, inside) == pytest.approx([0.4])
    both = mix_scores(y, f, design)
    assert both.weights.sum(axis=1) == pytest.approx(np.ones((5, 1)))
    assert all(len(set(both.folds[design.clusters == c])) == 1 for c in range(100))
    assert both.expect(f.mean(axis=1), design, inside) == pytest.approx(
        both.predictions.mean(axis=0), abs=0.02
    )
    assert estimate_means(y, both.predictions, both.expect(f.mean(axis=1), design, inside), design).value == (
        pytest.approx(y.mean(axis=0), abs=0.02)
    )


def test_the_simulation_behind_the_claim_runs() -> None:
    findings = list(cover_mixtures(6))
    assert len(findings) == 12
    assert all(np.isfinite(finding.value) for finding in findings)
