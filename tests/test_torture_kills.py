"""`kill -9` at random moments of each step of the work; the same command again ends it as if nothing had been.

Half of the moments are drawn in the duration of the command, half among its steps on the file system and its commits
to the MLflow store. The seed is printed with the figures; FAULT_SEED=n repeats a run.
"""

import json
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from faults import (
    KILLED,
    Ended,
    Killer,
    finish,
    measure,
    run,
    start,
    transformer,
    write_export,
    write_project,
    write_registry,
)

from pipeline.bundle import load_bundle
from pipeline.scoring.read_scores import read_scores

pytestmark = pytest.mark.fault

PROMOTE = (
    "promote",
    "toy",
    "2",
    "--why",
    "better",
    "--force",
)  # bundles without test rows cannot be compared
PREDICT = ("predict", "a.jsonl", "b.jsonl", "--model", "bundle", "-o", "out", "--batch-posts", "10", "--json")
INGEST = ("ingest", "b.jsonl", "-o", "posts.parquet", "--json")
TRAIN = ("train", "run.yaml", "--json")


@pytest.fixture(scope="module")
def seed() -> int:
    return int(os.environ.get("FAULT_SEED") or random.randrange(10**6))


@dataclass
class Rounds:
    """Kills of one command, each in a fresh copy of one prepared folder (at one path: the store holds it)."""

    folder: Path
    command: tuple[str, ...]
    seed: int
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.prepared = self.folder.with_name("prepared")
        shutil.copytree(self.folder, self.prepared)
        seconds, steps, _ = measure(self.folder, *self.command, counted=self.folder.with_name("steps"))
        self.killer = Killer(self.seed, seconds, steps)

    def restore(self) -> None:
        shutil.rmtree(self.folder)
        shutil.copytree(self.prepared, self.folder)

    def kill(self) -> None:
        """The command in a fresh copy, killed; where it was faster than the moment that was drawn, once more."""
        while True:
            self.restore()
            ended = self.killer.run(self.folder, *self.command)
            if ended.code == KILLED:
                self.counts["points"] += 1
                return
            assert ended.code == 0, (self.killer.drawn[-1], ended.stderr[-3000:])

    def again(self) -> Ended:
        return run(self.folder, *self.command)

    def describe(self, *counted: str) -> str:
        names = ("points", *counted)
        return f"seed {self.seed}; " + ", ".join(f"{self.counts[name]} {name}" for name in names)


def points(n: int, *, is_long: bool) -> range:
    return range(50 if is_long else n)


# Ingest


def read_versions(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of the table and of its history, without what says from where they were read."""
    found = {}
    for name in ("posts.parquet", "posts.history.parquet"):
        path = folder / name
        found[name] = pq.read_table(path).to_pylist() if path.exists() else []
    return found


def version_keys(versions: dict[str, list[dict[str, Any]]]) -> Counter[tuple[str, str]]:
    return Counter((row["post_key"], row["content_hash"]) for rows in versions.values() for row in rows)


def test_ingest_is_killed(
    tmp_path: Path, seed: int, is_long: bool, print_figure: Callable[[str], None]
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    write_export(folder / "a.jsonl", range(300))
    write_export(
        folder / "b.jsonl", range(150, 450), ending=" Edited.", edited_at="2025-01-01T00:00:00+00:00"
    )
    assert run(folder, "ingest", "a.jsonl", "-o", "posts.parquet").code == 0
    before = read_versions(folder)
    rounds = Rounds(folder, INGEST, seed)
    whole, names = read_versions(folder), {path.name for path in folder.iterdir()}
    assert len(whole["posts.parquet"]) == 450
    assert len(whole["posts.history.parquet"]) == 150
    for _ in points(2, is_long=is_long):
        rounds.kill()
        left = read_versions(folder)
        assert left["posts.parquet"] in (before["posts.parquet"], whole["posts.parquet"]), "half a table"
        rounds.counts["versions lost"] += len(version_keys(before) - version_keys(left))
        assert rounds.again().code == 0
        finished = read_versions(folder)
        rounds.counts["versions lost"] += len(version_keys(whole) - version_keys(finished))
        rounds.counts["versions twice"] += sum((version_keys(finished) - version_keys(whole)).values())
        assert finished == whole
        assert {path.name for path in folder.iterdir()} == names, "something was left behind"
    print_figure(f"kill -9 of ingest: {rounds.describe('versions lost', 'versions twice')}")
    assert not rounds.counts["versions lost"] + rounds.counts["versions twice"]


# Predict


def read_content(out: Path) -> dict[str, pd.DataFrame]:
    tables: tuple[Any, ...] = ("posts", "sentences")
    return {
        name: read_scores(out, name, latest=False)
        .drop(columns=["scored_at", "sequence"])
        .reset_index(drop=True)
        for name in tables
    }


# A driver of a cluster is killed in tests/test_cluster.py
ENGINES = {"one process": (), "two processes": ("--workers", "2")}


@pytest.mark.parametrize("engine", ENGINES)
def test_predict_is_killed(  # noqa: PLR0917 - fixtures
    tmp_path: Path,
    seed: int,
    is_long: bool,
    print_figure: Callable[[str], None],
    tiny_bundle: Any,
    engine: str,
) -> None:
    options = ENGINES[engine]
    if options and not is_long:
        pytest.skip("the long form alone: workers take seconds to start")
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copytree(tiny_bundle.folder, folder / "bundle")
    write_export(folder / "a.jsonl", range(120))
    write_export(folder / "b.jsonl", range(60))
    assert run(folder, *PREDICT).code == 0
    write_export(folder / "b.jsonl", range(60, 300), ending=" More.", edited_at="2025-01-01T00:00:00+00:00")
    before = read_content(folder / "out")["posts"]
    rounds = Rounds(folder, (*PREDICT, *options), seed)
    if options:
        rounds.killer.steps = 0
    whole = read_content(folder / "out")
    for _ in range(100 if is_long else 1):
        rounds.kill()
        left = read_content(folder / "out")["posts"]
        kept = before.merge(left, on=["post_key", "content_hash"], validate="one_to_one")
        rounds.counts["posts lost"] += len(before) - len(kept)
        report = rounds.again().json()
        assert report["already_scored"] + report["newly_scored"] == report["posts_read"]
        finished = read_content(folder / "out")
        keys = ["post_key", "content_hash", "bundle_hash"]
        rounds.counts["posts twice"] += int(finished["posts"].duplicated(keys).sum())
        rounds.counts["posts lost"] += max(0, len(whole["posts"]) - len(finished["posts"]))
        for name, table in whole.items():
            pd.testing.assert_frame_equal(finished[name], table)
    print_figure(
        f"kill -9 of predict by {engine}: {len(whole['posts'])} posts; {rounds.describe('posts lost', 'posts twice')}"
    )
    assert not rounds.counts["posts lost"] + rounds.counts["posts twice"]


# Update


UPDATE = ("update", "--json")
SETTINGS = {"model": "bundle", "known": ["drift", "sample"]}


def write_updated_project(folder: Path, bundle: Path) -> None:
    """A project whose first day is done; on the second an export is new and one has edits."""
    (folder / "exports").mkdir(parents=True)
    shutil.copytree(bundle, folder / "bundle")
    (folder / "project.yaml").write_text(json.dumps(SETTINGS), encoding="utf-8")
    write_export(folder / "exports" / "a.jsonl", range(120))
    write_export(folder / "exports" / "b.jsonl", range(60))
    assert run(folder, *UPDATE).json()["status"] == "done"
    write_export(folder / "exports" / "b.jsonl", range(60), " More.", edited_at="2025-01-01T00:00:00+00:00")
    write_export(folder / "exports" / "c.jsonl", range(100, 300))


def read_results(folder: Path) -> dict[str, Any]:
    """All that a run is to leave, but for its clock."""
    state = json.loads((folder / ".frames" / "state.json").read_text(encoding="utf-8"))
    return {
        "versions": read_versions(folder / "data"),
        "shares": (folder / "shares.csv").read_text(encoding="utf-8"),
        "told": state["told"],
        "files": sorted(path.name for path in folder.iterdir()),
    }


def test_update_is_killed(
    tmp_path: Path, seed: int, is_long: bool, print_figure: Callable[[str], None], tiny_bundle: Any
) -> None:
    folder = tmp_path / "work"
    write_updated_project(folder, tiny_bundle.folder)
    rounds = Rounds(folder, UPDATE, seed)
    whole, scores = read_results(folder), read_content(folder / "scores")
    assert len(whole["versions"]["posts.parquet"]) == 300
    for _ in range(30 if is_long else 1):
        rounds.kill()
        summary = json.loads((folder / "update.json").read_text(encoding="utf-8"))
        assert summary["status"] in {"done", "nothing new"}, "half a summary"
        assert rounds.again().json()["status"] in {"done", "nothing new"}
        finished = read_content(folder / "scores")
        twice = finished["posts"].duplicated(["post_key", "content_hash"])
        rounds.counts["posts twice"] += int(twice.sum())
        rounds.counts["posts lost"] += len(scores["posts"]) - int((~twice).sum())
        for name, table in scores.items():
            pd.testing.assert_frame_equal(finished[name], table)
        assert read_results(folder) == whole
        assert rounds.again().json()["status"] == "nothing new"
    print_figure(f"kill -9 of update: {rounds.describe('posts lost', 'posts twice')}")


def test_two_updates_at_once_do_the_work_of_one(tmp_path: Path, tiny_bundle: Any) -> None:
    folder = tmp_path / "work"
    write_updated_project(folder, tiny_bundle.folder)
    processes = [start(folder, *UPDATE) for _ in range(2)]
    ended = [finish(process) for process in processes]
    assert {done.code for done in ended} <= {0, 3}, [done.stderr[-2000:] for done in ended]
    done = [json.loads(one.stdout)["stages"]["predict"]["newly_scored"] for one in ended if one.code == 0]
    assert set(done) == {240}
    assert len(read_content(folder / "scores")["posts"]) == 360


# Train and promote: what the store says is read from its file, by SQL, so that MLflow mends nothing meanwhile


def ask(folder: Path, question: str) -> list[tuple[Any, ...]]:
    path = folder / "mlflow.db"
    if not path.exists():
        return []
    connection = sqlite3.connect(path)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def check_versions(folder: Path) -> int:
    """Every registered version is a whole, verified model; how many there are."""
    assert ask(folder, "PRAGMA integrity_check") in ([("ok",)], [])
    versions = ask(folder, "SELECT storage_location, source FROM model_versions")
    for stored, source in versions:
        place = Path(str(stored or source).removeprefix("file://"))
        [manifest] = place.glob("data/*/bundle.json")
        load_bundle(manifest.parent)
    return len(versions)


def statuses(folder: Path) -> Counter[str]:
    return Counter(status for (status,) in ask(folder, "SELECT status FROM runs"))


def interrupted(folder: Path) -> int:
    return len(ask(folder, "SELECT 1 FROM tags WHERE key = 'state' AND value = 'interrupted'"))


def finished_without_model(folder: Path) -> int:
    """A run may have ended all its work when its process is killed on the way out; then its model is registered."""
    question = (
        "SELECT 1 FROM runs WHERE status = 'FINISHED' AND run_uuid NOT IN (SELECT run_id FROM model_versions)"
    )
    return len(ask(folder, question))


def kill_training(rounds: Rounds, n: int, expected_hash: str) -> None:
    for _ in range(n):
        rounds.kill()
        check_versions(rounds.folder)
        left = statuses(rounds.folder)
        cut_off = left["RUNNING"]
        rounds.counts["runs left open by the kill"] += cut_off
        trained = rounds.again().json()
        assert trained["bundle_hash"] == expected_hash, "not the model of an uninterrupted run"
        found = statuses(rounds.folder)
        rounds.counts["still open after the next run"] += found["RUNNING"]
        assert found["KILLED"] == cut_off == interrupted(rounds.folder)
        assert found["FINISHED"] == left["FINISHED"] + 1
        assert finished_without_model(rounds.folder) == 0, "a killed run stays as a finished one"
        assert len([note for note in trained["notes"] if "KILLED" in note]) == cut_off
        rounds.counts["versions checked"] += check_versions(rounds.folder)
        assert load_bundle(rounds.folder / trained["bundle"]).bundle_hash == expected_hash
        runs = rounds.folder / "runs"
        assert not list(runs.rglob(".building-*"))
        assert not list((runs / ".work").iterdir())
        assert not list(rounds.folder.glob("_mlflow*"))


COUNTED = ("runs left open by the kill", "still open after the next run", "versions checked")


def kill_and_count(folder: Path, seed: int, n: int) -> str:
    """Kill trainings in a project and give the counts, as soon as none is left open."""
    rounds = Rounds(folder, TRAIN, seed)
    [bundle] = sorted((folder / "runs").glob("toy-*"))[-1:]
    kill_training(rounds, n, load_bundle(bundle).bundle_hash)
    assert not rounds.counts["still open after the next run"]
    return rounds.describe(*COUNTED)


@pytest.mark.long("a point takes three trainings; see test_tracking for the short cases")
@pytest.mark.parametrize("store", ["new", "used"])
def test_training_is_killed(
    tmp_path: Path, seed: int, print_figure: Callable[[str], None], store: str
) -> None:
    folder = tmp_path / "work"
    write_project(folder)
    if store == "used":
        run(folder, *TRAIN).json()
    print_figure(f"kill -9 of train, baseline, {store} store: {kill_and_count(folder, seed, 18)}")


@pytest.mark.long("test_transformer_training kills the same training at chosen steps")
def test_training_of_a_transformer_is_killed(
    tmp_path: Path, seed: int, print_figure: Callable[[str], None]
) -> None:
    folder = tmp_path / "work"
    write_project(folder, transformer(tmp_path / "encoder"))
    run(folder, *TRAIN).json()
    print_figure(f"kill -9 of train, transformer with checkpoints: {kill_and_count(folder, seed, 14)}")


def champion(folder: Path) -> int:
    [(version,)] = ask(folder, "SELECT version FROM registered_model_aliases WHERE alias = 'champion'")
    return int(version)


def moves(folder: Path) -> list[dict[str, Any]]:
    rows = ask(folder, "SELECT value FROM registered_model_tags WHERE key LIKE 'history.%' ORDER BY key")
    return [json.loads(value) for (value,) in rows]


def test_promotion_is_killed(
    tmp_path: Path, seed: int, is_long: bool, print_figure: Callable[[str], None]
) -> None:
    folder = tmp_path / "work"
    write_registry(folder, (0.4, 0.3))
    rounds = Rounds(folder, PROMOTE, seed)
    assert champion(folder) == 2
    for _ in points(1, is_long=is_long):
        rounds.kill()
        held = champion(folder)
        rounds.counts[f"with version {held} as champion after the kill"] += 1
        assert held in {1, 2}
        check_versions(folder)
        again = rounds.again()
        if again.code:
            assert "is the champion already" in again.message()
        assert champion(folder) == 2
        assert [(move["previous"], move["version"]) for move in moves(folder)] == [(None, 1), (1, 2)]
        assert moves(folder)[-1]["why"] == "better"
        assert not ask(folder, "SELECT 1 FROM registered_model_tags WHERE key LIKE 'pending.%'")
    assert run(folder, "roll-back", "toy", "--why", "check").code == 0
    assert champion(folder) == 1
    held_by = [name for name in rounds.counts if name.startswith("with version")]
    print_figure(f"kill -9 of promote: {rounds.describe(*held_by)}; each move recorded once")
