"""Clocks that jump, and two processes that want to write the same thing at once."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import make_tiny_bundle
from faults import Ended, finish, run, start, with_hooks, write_export, write_project

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.data.posts.posts_table import read_posts
from pipeline.scoring.read_scores import read_scores

pytestmark = pytest.mark.fault

HOUR, YEAR = 3600, 365 * 86_400


def shifted(*steps: tuple[int, float]) -> dict[str, str]:
    """Environment in which the clock is off by so many seconds from that step on the file system on."""
    return with_hooks(FAULT_CLOCK="\n".join(f"{after} {seconds}" for after, seconds in steps))


def predict(
    folder: Path, export: str, model: str = "bundle", *more: str, env: dict[str, str]
) -> dict[str, Any]:
    arguments = ("predict", export, "--model", model, "-o", "out", "--batch-posts", "20", "--json", *more)
    report: dict[str, Any] = run(folder, *arguments, env=env).json()
    return report


def test_scores_under_a_clock_that_jumps(
    tmp_path: Path, tiny_bundle: ModelBundle, is_long: bool, print_figure: Callable[[str], None]
) -> None:
    """Four runs, each by a clock that is behind or ahead: edited texts and another model's scores stay current."""
    shutil.copytree(tiny_bundle.folder, tmp_path / "bundle")
    write_export(tmp_path / "a.jsonl", range(100))
    write_export(tmp_path / "b.jsonl", range(60), ending=" Changed.")  # with no time of editing
    first = predict(tmp_path, "a.jsonl", env=shifted((0, 2 * YEAR)))
    second = predict(
        tmp_path, "b.jsonl", env=shifted((0, 0), (30, -5 * YEAR))
    )  # back, in the midst of the run
    scored = [first["newly_scored"], second["newly_scored"]]
    ahead = read_scores(tmp_path / "out", latest=False)["scored_at"].max() - pd.Timestamp.now("UTC")
    assert ahead > pd.Timedelta(days=700), "the clock was not moved: this test shows nothing"
    latest = read_scores(tmp_path / "out").set_index("post_key")
    changed = read_posts(tmp_path / "out" / "_ingested" / "posts.parquet").set_index("post_key")
    assert (latest["content_hash"] == changed["content_hash"].loc[latest.index]).all(), (
        "an older text is current"
    )
    if is_long:
        other = make_tiny_bundle(tmp_path / "other", name="other", threshold=0.6)
        for shift in (-10 * YEAR, HOUR, -HOUR):
            report = predict(tmp_path, "b.jsonl", "other", "--rescore", env=shifted((0, shift)))
            scored.append(report["newly_scored"])
        assert set(read_scores(tmp_path / "out")["bundle_hash"]) == {other.bundle_hash}, (
            "an older model is current"
        )
    every = read_scores(tmp_path / "out", latest=False)
    keys = ["post_key", "content_hash", "bundle_hash"]
    twice = int(every.duplicated(keys).sum())
    assert scored == [100, 60, 100, 0, 0][: len(scored)]
    print_figure(
        f"clock jumps of hours to years in {len(scored)} runs: {len(every)} rows, {twice} twice, "
        f"{len(latest)} posts with their last text"
    )
    assert not twice


@pytest.mark.long("trains three models")
def test_champions_under_a_clock_that_jumps(tmp_path: Path, print_figure: Callable[[str], None]) -> None:
    write_project(tmp_path)
    for threshold, shift in (("0.4", YEAR), ("0.3", -YEAR), ("0.2", HOUR)):
        command = ("train", "run.yaml", "--json", "--set", f"decisions.threshold={threshold}")
        run(tmp_path, *command, env=shifted((0, 0), (40, shift))).json()
    for version, shift in ((1, YEAR), (2, -YEAR), (3, -HOUR)):
        ended = run(tmp_path, "promote", "toy", str(version), "--why", "w", env=shifted((0, shift)))
        assert ended.code == 0, ended.stderr
    for expected, shift in ((2, -3 * YEAR), (1, 0)):
        ended = run(tmp_path, "roll-back", "toy", "--why", "w", "--json", env=shifted((0, shift)))
        assert ended.json()["version"] == expected
    print_figure("clock jumps between promotions: 3 promotions undone in order by 2 roll backs")


# Two writers


def together(folder: Path, *commands: tuple[str, ...]) -> list[Ended]:
    return [finish(process) for process in [start(folder, *command) for command in commands]]


def assert_one_or_both(ended: list[Ended], *reasons: str) -> int:
    """Everyone succeeded or was told in one line who is at work; how many succeeded."""
    for refused in (one for one in ended if one.code):
        message = refused.message()
        assert any(reason in message for reason in reasons), message
    succeeded = sum(one.code == 0 for one in ended)
    assert succeeded, [one.stderr for one in ended]
    return succeeded


def test_two_write_one_posts_table_and_one_output(
    tmp_path: Path, tiny_bundle: ModelBundle, is_long: bool, print_figure: Callable[[str], None]
) -> None:
    bundle = str(tiny_bundle.folder)
    write_export(tmp_path / "a.jsonl", range(200))
    write_export(tmp_path / "b.jsonl", range(100, 300))
    succeeded = Counts()
    for _ in range(8 if is_long else 1):
        for name in ("posts.parquet", "posts.rejects.jsonl"):
            (tmp_path / name).unlink(missing_ok=True)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        commands = [("ingest", export, "-o", "posts.parquet") for export in ("a.jsonl", "b.jsonl")]
        succeeded.add(assert_one_or_both(together(tmp_path, *commands), "is writing there"))
        for command in commands:
            assert run(tmp_path, *command).code == 0  # also what was read first by both
        keys = pq.read_table(tmp_path / "posts.parquet")["post_key"].to_pylist()
        assert len(keys) == len(set(keys)) == 300
        predicting = ("predict", "posts.parquet", "--model", bundle, "-o", "out", "--batch-posts", "10")
        both = together(tmp_path, predicting, predicting)
        succeeded.add(assert_one_or_both(both, "is writing there", "try again"))
        assert run(tmp_path, *predicting).code == 0
        rows = read_scores(tmp_path / "out", latest=False)["post_key"]
        assert len(rows) == rows.nunique() == 300
    print_figure(
        f"two writers of a posts table and of scores: {succeeded.pairs} pairs, {succeeded.both} times both went "
        "through one after the other, else one was told; nothing lost, nothing twice"
    )


class Counts:
    """Pairs of writers, and how many of them both succeeded."""

    def __init__(self) -> None:
        self.pairs = self.both = 0

    def add(self, succeeded: int) -> None:
        self.pairs += 1
        self.both += succeeded == 2


def ask(folder: Path, question: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(folder / "mlflow.db")
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


@pytest.mark.long("a dozen trainings")
def test_two_trainings_and_two_promotions(tmp_path: Path, print_figure: Callable[[str], None]) -> None:
    """Both trainings begin in a new store; the same config is refused, another one goes through beside it."""
    trainings, promotions = Counts(), Counts()
    for number in range(4):
        folder = tmp_path / str(number)
        write_project(folder)
        same = ("train", "run.yaml", "--json")
        trainings.add(assert_one_or_both(together(folder, same, same), "is writing there", "try again"))
        other = [(*same, "--set", f"decisions.threshold={threshold}") for threshold in (0.3, 0.35)]
        assert assert_one_or_both(together(folder, *other)) == 2
        statuses = [status for (status,) in ask(folder, "SELECT status FROM runs")]
        assert set(statuses) <= {"FINISHED", "FAILED"}
        for bundle in (folder / "runs").glob("toy-*"):
            load_bundle(bundle)
        n_versions = len(ask(folder, "SELECT 1 FROM model_versions"))
        assert n_versions == statuses.count("FINISHED") >= 3
        assert run(folder, "promote", "toy", "1", "--why", "first").code == 0
        wishes = [("promote", "toy", version, "--why", "better", "--force") for version in ("2", "3")]
        promotions.add(assert_one_or_both(together(folder, *wishes), "moved by another process", "already"))
        rows = ask(folder, "SELECT value FROM registered_model_tags WHERE key LIKE 'history.%' ORDER BY key")
        history = [json.loads(value) for (value,) in rows]
        assert [move["previous"] for move in history] == [None, *(move["version"] for move in history[:-1])]
        [(champion,)] = ask(folder, "SELECT version FROM registered_model_aliases WHERE alias = 'champion'")
        assert int(champion) == history[-1]["version"]
    print_figure(
        f"two trainings of one config at once: {trainings.pairs} pairs, {trainings.both} times both went through; two "
        f"promotions at once: {promotions.pairs} pairs, {promotions.both} times both, in an order that is recorded"
    )
