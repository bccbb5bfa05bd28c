"""What would make shares wrong without a word: samples that trained the model, edited texts, a corpus that grew."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_pages import embedded
from typer.testing import CliRunner

from pipeline.annotation.record_files import write_records
from pipeline.bundle import ModelBundle, load_bundle
from pipeline.cli import app
from pipeline.config.run_config import load_run_config
from pipeline.data.labels.training_record import ALIKE, STEM, TrainingRecord, sketch_texts
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.data.tables.table_files import read_records
from pipeline.errors import DataError
from pipeline.prevalence.share_estimates import report_shares
from pipeline.scoring.prediction import predict
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import run_training

FRAMES = ("war", "peace")
WORDS = {"war": ["missile", "border", "shells", "army"], "peace": ["talks", "treaty", "ceasefire", "envoy"]}
OTHER = ["market", "garden", "river", "school", "music", "harvest", "winter", "bridge", "museum", "street"]
FEW = 600


def make_posts(
    n: int, *, days: tuple[int, int] = (0, 120), seed: int = 0, share: float = 0.3
) -> list[dict[str, Any]]:
    """Posts of one sentence each; the frame's words stand in most posts that carry it, and in a few others."""
    generator = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        carried = [frame for frame in FRAMES if generator.random() < share]
        words = list(generator.choice(OTHER, 8))
        for frame in FRAMES:
            if generator.random() < (0.8 if frame in carried else 0.15):
                words += list(generator.choice(WORDS[frame], 2))
        generator.shuffle(words)
        text = f"Number {seed}x{i} {' '.join(words)} near place{generator.integers(10**6)} today."
        rows.append(
            {
                "post_key": f"c{i % 3}/{seed}-{i}",
                "channel": f"c{i % 3}",
                "message_id": i,
                "published_at": datetime(2024, 1, 1, tzinfo=UTC)
                + timedelta(days=int(generator.integers(*days))),
                "text": text,
                "lang": "en",
                "source_file": "made",
                "source_record": f"row {i}",
                "content_hash": f"{seed}-{i}-{len(text)}",
                "labels": carried,
            }
        )
    return rows


def write_posts(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    kept = [{name: row.get(name) for name in POSTS_SCHEMA.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(kept, schema=POSTS_SCHEMA), path)
    return path


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def code(path: Path, posts: Sequence[dict[str, Any]], to: Path, **change: Any) -> Path:
    """The sample with the true labels."""
    labels = {row["post_key"]: row["labels"] for row in posts}
    rows = [dict(record.cells) | change for record in read_records(path)]
    coded = [row | {"labels": labels[row["id"].partition(":")[0]]} for row in rows]
    write_records(to, coded, list(coded[0]))
    return to


def train(folder: Path, labelled: Path) -> ModelBundle:
    folder.mkdir()
    frames = [{"id": frame, "name": frame, "definition": f"Speaks of {frame}."} for frame in FRAMES]
    (folder / "codebook.yaml").write_text(json.dumps({"name": "toy", "frames": frames}), encoding="utf-8")
    (folder / "run.yaml").write_text(
        f"name: toy\ndata: {{codebook: codebook.yaml, labelled: {labelled}}}\nfolds: {{method: cluster}}\n"
        f"model: {{kind: tfidf, c_grid: [30.0]}}\noutput: {folder / 'runs'}\n",
        encoding="utf-8",
    )
    return load_bundle(
        run_training(load_run_config(folder / "run.yaml", []), NullTracker(), lambda *_: None).bundle
    )


@pytest.fixture(scope="module")
def posts() -> list[dict[str, Any]]:
    return make_posts(FEW)


@pytest.fixture(scope="module")
def world(posts: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Posts; a sample of 200 drawn and coded; a model trained on that sample; its scores of the posts."""
    folder = tmp_path_factory.mktemp("world")
    table = write_posts(folder / "posts.parquet", posts)
    run("sample", table, "-n", 200, "-o", folder / "sample.jsonl")
    code(folder / "sample.jsonl", posts, folder / "coded.jsonl")
    bundle = train(folder / "model", folder / "coded.jsonl")
    predict([table], bundle, folder / "scores")
    return folder


def test_a_bundle_knows_what_it_gave_its_training_texts_before_it_learnt_from_them(world: Path) -> None:
    folder = next((world / "model" / "runs").glob("toy-*"))
    bundle = load_bundle(folder)
    record = TrainingRecord.from_arrays(bundle.read_arrays(STEM), len(FRAMES))
    texts = [record_.cells["text"] for record_ in read_records(world / "coded.jsonl")]
    place = record.find(texts, near=False)
    assert 100 < (place >= 0).sum() < 200  # the others are the test fold
    known = place[place >= 0]
    now, _ = bundle.predict([text for text, found in zip(texts, place, strict=True) if found >= 0])
    before = record.probabilities[known]
    labels = np.array(
        [
            [frame in row.cells["labels"] for frame in FRAMES]
            for row, found in zip(read_records(world / "coded.jsonl"), place, strict=True)
            if found >= 0
        ]
    )
    assert np.abs(labels - now).mean() < np.abs(labels - before).mean() - 0.02
    edited = [text.replace("near", "by") for text in texts]
    assert (record.find(edited) == place).mean() > 0.95
    assert (record.find([row["text"] for row in make_posts(200, seed=9)]) < 0).mean() > 0.98


def test_a_sample_that_trained_the_model_is_scored_as_before_the_training(world: Path) -> None:
    report = report_shares(world / "scores", world / "coded.jsonl")
    assert any("many more than by chance" in note and "out of fold" in note for note in report.notes)
    whole = [e for e in report.estimates if e.domain == "whole"]
    record = world / "scores" / "_training"
    kept = [path.read_bytes() for path in record.iterdir()]
    for path in record.iterdir():
        path.unlink()
    unaware = report_shares(world / "scores", world / "coded.jsonl")
    assert any("learnt from is not kept" in caution for caution in unaware.cautions)
    for honest, blind in zip(whole, unaware.estimates[: len(FRAMES)], strict=True):
        assert width(blind.corrected) < width(honest.corrected)
    bundle = next((world / "model" / "runs").glob("toy-*"))
    run("shares", world / "scores", "--sample", world / "coded.jsonl", "--model", bundle)
    assert [path.read_bytes() for path in record.iterdir()] == kept


def width(estimate: Any) -> float:
    return float(estimate.high - estimate.low)


def test_a_near_copy_of_a_training_text_is_found_and_an_independent_sample_left_alone(
    world: Path, posts: list[dict[str, Any]], tmp_path: Path
) -> None:
    run("sample", world / "scores", "-n", 150, "--purpose", "test", "-o", tmp_path / "fresh.jsonl")
    code(tmp_path / "fresh.jsonl", posts, tmp_path / "coded.jsonl")
    report = report_shares(world / "scores", tmp_path / "coded.jsonl")
    assert any("no more than among other units" in note for note in report.notes)
    edited = [row | {"text": row["text"].replace("near", "by"), "content_hash": "new"} for row in posts]
    bundle = load_bundle(next((world / "model" / "runs").glob("toy-*")))
    predict([write_posts(tmp_path / "edited.parquet", edited)], bundle, tmp_path / "scores")
    run(
        "sample", tmp_path / "scores", "-n", 200, "-o", tmp_path / "again.jsonl"
    )  # the seed of the training sample
    code(tmp_path / "again.jsonl", posts, tmp_path / "recoded.jsonl")
    report = report_shares(tmp_path / "scores", tmp_path / "recoded.jsonl")
    assert any("many more than by chance" in note for note in report.notes)


def test_near_copies_in_the_whole_output_are_scored_as_before_the_training_too(
    world: Path, posts: list[dict[str, Any]], tmp_path: Path
) -> None:
    bundle = load_bundle(next((world / "model" / "runs").glob("toy-*")))
    record = TrainingRecord.from_arrays(bundle.read_arrays(STEM), len(FRAMES))
    known = record.find([row["text"] for row in posts], near=False)
    learnt = [row for row, place in zip(posts, known, strict=True) if place >= 0][:40]
    edited = [
        row
        | {
            "post_key": f"{row['post_key']}x",
            "message_id": 10_000 + i,
            "text": row["text"].replace("near", "by"),
            "content_hash": f"edited {i}",
        }
        for i, row in enumerate(learnt)
    ]
    predict([write_posts(tmp_path / "posts.parquet", [*posts, *edited])], bundle, tmp_path / "scores")

    def replaced(scores: Path) -> int:
        (note,) = (n for n in report_shares(scores, world / "coded.jsonl").notes if "out of fold" in n)
        return int(re.search(r"elsewhere \(([\d,]+)", note)[1].replace(",", ""))  # type: ignore[index]

    assert replaced(tmp_path / "scores") >= replaced(world / "scores") + 36


def test_near_copies_are_those_that_a_search_of_all_pairs_finds() -> None:
    generator = np.random.default_rng(6)
    words = [f"w{i}" for i in range(400)]
    texts = [" ".join(generator.choice(words, 12)) for _ in range(150)]
    record = TrainingRecord.of(texts, np.zeros((150, 1)))
    asked = []
    for i in range(300):
        changed = texts[i % 150].split()
        for _ in range(i % 5):
            changed[generator.integers(12)] = str(generator.choice(words))
        asked.append(" ".join(changed))
    agreeing = (sketch_texts(asked)[:, None] == record.sketches).mean(axis=2)
    expected = np.where(agreeing.max(axis=1) >= ALIKE, agreeing.argmax(axis=1), -1)
    assert 0.2 < (expected >= 0).mean() < 0.8
    assert record.find(asked).tolist() == expected.tolist()


def test_without_earlier_probabilities_such_a_sample_is_refused_and_labels_alone_are_not(
    world: Path,
) -> None:
    path = next((world / "scores" / "_training").iterdir())
    whole = path.read_bytes()
    with np.load(path) as archive:
        digests = archive["digests"]
    try:
        np.savez(path, digests=digests)
        with pytest.raises(DataError, match=r"is not known.*--purpose test.*--labels-only"):
            report_shares(world / "scores", world / "coded.jsonl")
        report = report_shares(world / "scores", world / "coded.jsonl", labels_only=True)
        for estimate in report.estimates[: len(FRAMES)]:
            assert estimate.power == 0
            assert estimate.corrected == estimate.classical
        path.write_bytes(b"no archive")
        with pytest.raises(DataError, match=r"cannot be read.*--model BUNDLE"):
            report_shares(world / "scores", world / "coded.jsonl")
    finally:
        path.write_bytes(whole)


def test_units_that_were_edited_after_coding_leave_the_estimate_by_name(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    rows = make_posts(300, seed=1)
    predict([write_posts(tmp_path / "posts.parquet", rows)], tiny_bundle, tmp_path / "scores")
    for unit in ("post", "sentence"):
        sample = tmp_path / f"{unit}.csv"
        run("sample", tmp_path / "scores", "-n", 120, "--unit", unit, "-o", sample)
    keys = [record.cells["id"] for record in read_records(tmp_path / "post.csv")][:20]
    moment = datetime(2024, 6, 1, tzinfo=UTC)
    edited = [
        row | {"text": f"Now something else {i}.", "content_hash": f"e{i}", "edited_at": moment}
        for i, row in enumerate(rows)
        if row["post_key"] in keys
    ]
    predict([write_posts(tmp_path / "edited.parquet", edited)], tiny_bundle, tmp_path / "scores")
    frames = list(tiny_bundle.frame_ids)
    for unit in ("post", "sentence"):
        records = [
            dict(record.cells) | {"labels": "(no frame)"} for record in read_records(tmp_path / f"{unit}.csv")
        ]
        n_changed = sum(row["id"].partition(":")[0] in keys for row in records)
        for keep_digest in (True, False):  # older samples hold the text alone
            kept = [
                row if keep_digest else {k: v for k, v in row.items() if k != "text_digest"}
                for row in records
            ]
            write_records(tmp_path / "coded.csv", kept, list(kept[0]))
            report = report_shares(tmp_path / "scores", tmp_path / "coded.csv", frames)
            assert report.estimates[0].n_labelled == 120 - n_changed
            assert any(f"{n_changed} coded {unit}s say something else" in c for c in report.cautions)


def test_a_corpus_that_grew_is_estimated_as_it_was_and_as_a_whole_with_a_top_up(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    """Early posts seldom carry the frame, late ones mostly do."""
    early = make_posts(400, seed=2, share=0.1)
    late = make_posts(500, seed=3, share=0.8, days=(200, 260))
    scores = tmp_path / "scores"
    predict([write_posts(tmp_path / "early.parquet", early)], tiny_bundle, scores)
    run("sample", scores, "-n", 200, "--unit", "post", "-o", tmp_path / "early.csv")
    rename = {"war": "order", "peace": "unity.1"}
    posts = [row | {"labels": [rename[label] for label in row["labels"]]} for row in [*early, *late]]
    old = code(tmp_path / "early.csv", posts, tmp_path / "old.jsonl")
    before = report_shares(scores, old, ["order"])
    assert not before.cautions or all("learnt from" in caution for caution in before.cautions)
    predict([write_posts(tmp_path / "late.parquet", late)], tiny_bundle, scores)

    after = report_shares(scores, old, ["order"])
    assert after.estimates[0].n_units == 400
    assert after.estimates[0].corrected == before.estimates[0].corrected
    assert "400 posts of 2024-01-01 to 2024-04-29 that could be drawn" in after.target
    assert any("500 posts" in c and "--top-up" in c for c in after.cautions)
    printed = run("shares", scores, "--sample", old)
    assert printed.index("Read first") < printed.index("Whole output")

    run("sample", scores, "-n", 150, "--unit", "post", "--top-up", old, "-o", tmp_path / "late.csv")
    new = code(tmp_path / "late.csv", posts, tmp_path / "new.jsonl")
    with pytest.raises(DataError, match="of which no row is here"):
        report_shares(scores, new, ["order"])
    both = report_shares(scores, [old, new], ["order"])
    truth = float(np.mean(["order" in row["labels"] for row in posts]))
    whole = both.estimates[0]
    assert (whole.n_units, whole.n_labelled) == (900, 350)
    assert whole.corrected.low is not None
    assert whole.corrected.high is not None
    assert whole.corrected.low < truth < whole.corrected.high
    assert whole.corrected.high < truth + 0.1
    assert not [c for c in both.cautions if "learnt from" not in c]

    page = tmp_path / "report.html"
    run("report", scores, "--sample", old, "--sample", new, "-o", page)
    shown = embedded(page.read_text(encoding="utf-8"))["shares"]
    assert (shown["units"][0], shown["labelled"][0]) == (900, 350)
    run("report", scores, "--sample", old, "-o", page)
    html = page.read_text(encoding="utf-8")
    assert "frames sample scores --unit post" in html  # the page is passed on: it names no folder of ours
    assert str(tmp_path) not in html
