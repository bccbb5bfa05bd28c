import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import each_its_own_cluster, quiet_context, toy_rows, write_tiny_encoder
from conftest import make_tiny_bundle
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle, load_bundle, save_bundle
from pipeline.classifiers.build import build_classifier
from pipeline.cli import app
from pipeline.config.model import TransformerSettings
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.errors import DataError
from pipeline.scoring import work_pieces
from pipeline.scoring.prediction import predict
from pipeline.scoring.read_scores import read_scores
from pipeline.scoring.score_output import open_output, read_tables
from pipeline.scoring.scoring_run import identify_model

START = datetime(2024, 1, 1, tzinfo=UTC)
PHRASES = (
    "The world order is changing today.",
    "They threaten our borders again!",
    "We stand together as one people.",
    "#tag https://x.org\nThe weather is fine.",
    "",
)


def make_row(i: int, text: str | None = None, **values: Any) -> dict[str, Any]:
    text = f"{PHRASES[i % 5]} {PHRASES[i // 5 % 5]} {i % 17}" if text is None else text
    return {
        "post_key": f"channel_{i % 3}/{i}",
        "channel": f"channel_{i % 3}",
        "message_id": i,
        "published_at": START + timedelta(hours=i),
        "text": text,
        "lang": "en",
        "source_file": "made",
        "source_record": f"row {i}",
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
        **values,
    }


def write_table(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows), schema=POSTS_SCHEMA), path)
    return path


def read_content(out: str | Path, *, latest: bool = True) -> dict[str, pd.DataFrame]:
    tables: tuple[Any, ...] = ("posts", "sentences")
    own = ["scored_at", "sequence"]  # of each run
    return {name: read_scores(out, name, latest=latest).drop(columns=own) for name in tables}


def assert_same_content(one: str | Path, other: str | Path) -> None:
    contents = read_content(one, latest=False), read_content(other, latest=False)
    for name in ("posts", "sentences"):
        pd.testing.assert_frame_equal(contents[0][name], contents[1][name])


def files_of(out: Path) -> dict[str, bytes]:
    files = (path for path in out.rglob("*") if path.is_file() and path.name != "_lock")
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def test_all_posts_are_scored_once(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    rows = [make_row(i) for i in range(120)]
    table = write_table(tmp_path / "posts.parquet", rows)
    seen: list[tuple[str, int, int]] = []
    out = tmp_path / "out"
    report = predict([table], tiny_bundle, out, batch_posts=7, on_progress=lambda *step: seen.append(step))
    assert (report.posts_read, report.already_scored, report.newly_scored) == (120, 0, 120)
    assert seen[-1] == ("scoring posts", 120, 120)
    posts, sentences = read_scores(out), read_scores(out, "sentences")
    assert sorted(posts["post_key"]) == sorted(row["post_key"] for row in rows)
    assert len(sentences) == report.sentences == posts["n_sentences"].sum()
    assert report.boilerplate == posts["n_boilerplate"].sum() > 0
    for table_name, counted in ((posts, report.posts_per_frame), (sentences, report.sentences_per_frame)):
        found = table_name["frames"].explode().value_counts()
        assert counted == {frame: found.get(frame, 0) for frame in tiny_bundle.frame_ids}
    assert report.posts_per_frame["order"] > 0
    texts = {row["post_key"]: row["text"] for row in rows}
    for row in sentences.to_dict("records"):
        assert texts[row["post_key"]][row["start"] : row["end"]] == row["text"]


def test_running_again_adds_nothing(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(30)])
    predict([table], tiny_bundle, tmp_path / "out", batch_posts=4)
    before = files_of(tmp_path / "out")
    report = predict([table, table], tiny_bundle, tmp_path / "out")
    assert (report.posts_read, report.already_scored, report.newly_scored) == (60, 60, 0)
    assert files_of(tmp_path / "out") == before


def test_an_output_folder_may_have_a_colon_in_its_name(
    tiny_bundle: ModelBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrow takes a relative "scores:2024" for the address of a store."""
    write_table(tmp_path / "posts:1.parquet", [make_row(i) for i in range(12)])
    monkeypatch.chdir(tmp_path)
    found = [predict([Path("posts:1.parquet")], tiny_bundle, Path("scores:2024")) for _ in range(2)]
    assert [report.newly_scored for report in found] == [12, 0]
    assert len(read_scores(Path("scores:2024"))) == 12


def test_only_new_and_edited_posts_are_scored(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    out = tmp_path / "out"
    rows = [make_row(i) for i in range(10)]
    predict([write_table(tmp_path / "old.parquet", rows)], tiny_bundle, out)
    edited = make_row(3, "We stand together.", edited_at=START + timedelta(days=9))
    new = write_table(tmp_path / "new.parquet", [*rows[:3], edited, *rows[4:], make_row(10), make_row(10)])
    report = predict([new], tiny_bundle, out)
    assert (report.posts_read, report.already_scored, report.newly_scored) == (12, 10, 2)
    current = read_scores(out).set_index("post_key")
    assert len(current) == 11
    assert current.loc["channel_0/3", "content_hash"] == edited["content_hash"]
    assert len(read_scores(out, latest=False)) == 12
    sentences = read_scores(out, "sentences")
    assert list(sentences.loc[sentences["post_key"] == "channel_0/3", "text"]) == ["We stand together."]


def test_another_model_needs_permission_and_keeps_both(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    other = make_tiny_bundle(tmp_path / "other", name="other", threshold=0.6)
    table = write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(10)])
    out = tmp_path / "out"
    predict([table], tiny_bundle, out)
    with pytest.raises(DataError, match="--rescore"):
        predict([table], other, out)
    assert predict([table], other, out, rescore=True).newly_scored == 10
    assert predict([table], tiny_bundle, out).newly_scored == 0
    both = read_scores(out, latest=False)
    assert both.groupby("post_key")["bundle_hash"].nunique().eq(2).all()
    assert set(read_scores(out)["model_id"]) == {other.model_id}


def test_the_size_of_a_window_changes_nothing(
    tiny_bundle: ModelBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = make_row(500, "They threaten our borders. " * 200)
    rows = [*(make_row(i) for i in range(40)), long, {**long, "post_key": "channel_0/501"}, make_row(41)]
    table = write_table(tmp_path / "posts.parquet", rows)
    predict([table], tiny_bundle, tmp_path / "whole")
    predict([table], tiny_bundle, tmp_path / "ones", batch_posts=1)
    monkeypatch.setattr(work_pieces, "WINDOW_BYTES", 200)
    assert predict([table], tiny_bundle, tmp_path / "bytes").newly_scored == 43
    assert_same_content(tmp_path / "whole", tmp_path / "ones")
    assert_same_content(tmp_path / "whole", tmp_path / "bytes")


def test_raw_exports_are_read_first(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    export, out = tmp_path / "export.jsonl", tmp_path / "out"
    lines = [
        {"channel": "news", "message_id": i, "published_at": "2024-05-01T10:00:00Z", "text": PHRASES[i]}
        for i in range(3)
    ]
    lines.append({"channel": "news", "message_id": 9, "published_at": "not a time", "text": "x"})
    export.write_text("".join(json.dumps(line) + "\n" for line in lines))
    table = write_table(tmp_path / "posts.parquet", [make_row(1)])
    for newly_scored in (4, 0):
        report = predict([export, table], tiny_bundle, out, options=ReadOptions())
        assert (report.posts_read, report.newly_scored, report.rejects) == (4, newly_scored, 1)
        [reject] = map(json.loads, (out / "rejects.jsonl").read_text().splitlines())
        assert reject["source_file"] == "export.jsonl"
    assert set(read_scores(out)["channel"]) == {"news", "channel_1"}


def test_scores_can_be_exported(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    rows = [make_row(0), make_row(1, "=SUM(A1) They threaten our borders.")]
    table = write_table(tmp_path / "posts.parquet", rows)
    report = predict([table], tiny_bundle, tmp_path / "out", export="csv")
    assert [path.name for path in report.exported] == ["posts.csv", "sentences.csv"]
    written = pd.read_csv(tmp_path / "out" / "sentences.csv")
    assert len(written) == report.sentences
    assert written["text"].str.startswith("'=SUM").sum() == 1
    predict([table], tiny_bundle, tmp_path / "out", export="jsonl")
    lines = (tmp_path / "out" / "posts.jsonl").read_text().splitlines()
    assert {json.loads(line)["post_key"] for line in lines} == {row["post_key"] for row in rows}


def test_a_table_with_empty_cells_is_refused(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    schema = pa.schema([field.with_nullable(True) for field in POSTS_SCHEMA])
    rows = [make_row(0), {**make_row(1), "text": None}]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / "posts.parquet")
    with pytest.raises(DataError, match=r"posts\.parquet.*ingest"):
        predict([tmp_path / "posts.parquet"], tiny_bundle, tmp_path / "out")


# The command, as a process of its own.


def command(table: Path, bundle: ModelBundle, out: Path, *more: str) -> list[str]:
    return [str(table), "--model", str(bundle.folder), "-o", str(out), *more]


def start(arguments: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.predict", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(condition: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    while not condition() and process.poll() is None:
        time.sleep(0.0005)


def test_killed_runs_end_in_the_same_scores(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(1500)])
    whole, out = tmp_path / "whole", tmp_path / "out"
    predict([table], tiny_bundle, whole, batch_posts=20)

    def count(table: str, pattern: str) -> int:
        return len(list((out / table).glob(pattern)))

    moments: list[Callable[[], bool]] = [
        lambda: count("posts", "*.parquet") > 0,
        lambda: count("sentences", "_delta_log/*.json") > count("posts", "_delta_log/*.json") > 1,
    ]
    killed = 0
    for moment in moments:
        with start(command(table, tiny_bundle, out, "--batch-posts", "20")) as process:
            wait_for(moment, process)
            process.kill()
        killed += process.returncode == -9
    assert killed, "every run ended before it could be killed"
    with start(command(table, tiny_bundle, out, "--batch-posts", "20", "--json")) as process:
        output, errors = process.communicate()
    assert process.returncode == 0, errors
    report = json.loads(output)
    assert report["already_scored"] + report["newly_scored"] == report["posts_read"] == 1500
    assert_same_content(whole, out)
    last_run = read_tables(out).read_last_run()
    assert last_run is not None
    assert last_run["complete"]


def test_a_second_run_is_told_who_is_at_work(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_table(tmp_path / "posts.parquet", [make_row(0)])
    with open_output(tmp_path / "out", identify_model(tiny_bundle)):
        result = CliRunner().invoke(app, ["predict", *command(table, tiny_bundle, tmp_path / "out")])
    assert result.exit_code == 1
    assert f"process {os.getpid()}" in result.stderr


def test_the_command_prints_a_table_or_one_object(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    table = write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(20)])
    shown = CliRunner().invoke(app, ["predict", *command(table, tiny_bundle, tmp_path / "a")])
    assert shown.exit_code == 0, shown.output
    assert "20 posts read" in shown.stdout
    assert "raw share" in shown.stdout
    assert shown.stderr == ""
    as_json = CliRunner().invoke(app, ["predict", *command(table, tiny_bundle, tmp_path / "b", "--json")])
    report = json.loads(as_json.stdout)
    assert report["newly_scored"] == 20
    assert set(report["posts_per_frame"]) == set(tiny_bundle.frame_ids)


def test_sentences_that_the_model_cuts_are_counted(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    bundle = make_transformer_bundle(tiny_bundle, tmp_path)
    rows = [make_row(i, text) for i, text in enumerate(["weather " * 7, "weather " * 6, "peace " * 50] * 2)]
    table = write_table(tmp_path / "posts.parquet", rows)
    workers = ("--workers", "2", "--batch-posts", "3")
    as_json = CliRunner().invoke(
        app, ["predict", *command(table, bundle, tmp_path / "a", "--json", *workers)]
    )
    report = json.loads(as_json.stdout)
    assert (report["sentences"], report["sentences_cut"]) == (6, 4)
    shown = CliRunner().invoke(app, ["predict", *command(table, bundle, tmp_path / "b")])
    assert "4 sentences are longer than the model reads" in shown.stdout
    shown = CliRunner().invoke(app, ["predict", *command(table, tiny_bundle, tmp_path / "c")])
    assert "longer" not in shown.stdout


def make_transformer_bundle(other: ModelBundle, folder: Path) -> ModelBundle:
    """A transformer of toy size that reads 8 tokens, the two around a text included."""
    recipe = TransformerSettings(
        encoder=str(write_tiny_encoder(folder / "encoder")),
        epochs=1,
        max_tokens=8,
        max_windows=1,
        device="cpu",
    )
    model = build_classifier(recipe, other.frame_ids, single_label=False)
    train = toy_rows(12)
    model.fit(train, None, each_its_own_cluster(train), quiet_context(folder / "work"))
    save_bundle(
        folder / "model",
        name="transformer",
        classifier=model,
        codebook=other.codebook,
        decisions=other.decisions,
        config={},
        metrics={},
        provenance={},
    )
    return load_bundle(folder / "model")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["posts.parquet", "--model", "nowhere", "-o", "out"], "no such file or folder: nowhere"),
        (["missing.parquet", "--model", "BUNDLE", "-o", "out"], "missing.parquet"),
        (["posts.parquet", "--model", "BUNDLE", "-o", "."], "holds 'posts.parquet' and no scores"),
    ],
)
def test_errors_are_messages(
    tiny_bundle: ModelBundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path / "posts.parquet", [make_row(0)])
    arguments = [argument.replace("BUNDLE", str(tiny_bundle.folder)) for argument in arguments]
    result = CliRunner().invoke(app, ["predict", *arguments])
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()  # nothing half-made stays


def fail_in(out: Path, bundle: ModelBundle, rejects: Sequence[str]) -> None:
    with open_output(out, identify_model(bundle)) as output:
        if rejects:
            output.add_rejects(rejects)
        raise DataError("failed")


def test_only_a_new_folder_without_anything_in_it_goes_after_a_failure(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    for name in ("mine", "kept", "gone"):
        with pytest.raises(DataError):
            fail_in(tmp_path / name, tiny_bundle, rejects=['{"reason": "of use"}'] if name == "kept" else [])
    assert (tmp_path / "mine").is_dir()
    assert (tmp_path / "kept" / "rejects.jsonl").is_file()
    assert not (tmp_path / "gone").exists()
