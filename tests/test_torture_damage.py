"""Flipped bits and cut files: noticed before anything is used, with a message that names the file.

Each damage is judged by what commands do with it: "detected" is a message that names the damaged file, "harmless" is
that all that was read is what it was (a bit in a statistic that nobody reads, in the name of the writing program or
in the record of who holds the lock). Anything else fails the test.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from faults import environment, run, write_export
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.cli import app
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import ingest
from pipeline.data.posts.posts_table import POSTS_SCHEMA, iter_posts
from pipeline.errors import DataError, ModelError, PipelineError
from pipeline.scoring.compact_scores import compact_scores
from pipeline.scoring.delta_table import LOG
from pipeline.scoring.prediction import predict
from pipeline.scoring.read_scores import read_scores

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def random_source() -> random.Random:
    return random.Random(int(os.environ.get("FAULT_SEED") or random.randrange(10**6)))


@dataclass
class Damage:
    """Damages files one at a time and counts what came of it."""

    random: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    def flip(self, path: Path) -> None:
        whole = bytearray(path.read_bytes())
        whole[self.random.randrange(len(whole))] ^= 1 << self.random.randrange(8)
        path.write_bytes(whole)
        self.counts["flips"] += 1

    def cut(self, path: Path) -> None:
        whole = path.read_bytes()
        path.write_bytes(whole[: self.random.randrange(len(whole))])
        self.counts["cuts"] += 1

    def judge(self, path: Path, use: Callable[[], bool]) -> None:
        """`use` says whether it read what it had read from whole files, or raises."""
        message = None
        try:
            outcome = "harmless" if use() else "undetected"
        except PipelineError as error:
            outcome, message = "detected", str(error)
        self.counts[outcome] += 1
        assert outcome != "undetected", path
        if message is not None:
            named = path.name in message or (
                path.parent.name == LOG and (LOG in message or "part-" in message)
            )
            assert named, f"{path} is not named: {message}"
            assert len(message.splitlines()) <= 2, message  # "nothing could be read:" and why

    def describe(self) -> str:
        names = ("flips", "cuts", "detected", "harmless", "undetected")
        return ", ".join(f"{self.counts[name]} {name}" for name in names)


def damage_each(
    damage: Damage, paths: list[Path], n_flips: int, n_cuts: int, use: Callable[[], bool]
) -> None:
    for path in paths:
        whole = path.read_bytes()
        if not whole:
            continue
        for strike in [damage.flip] * n_flips + [damage.cut] * n_cuts:
            strike(path)
            damage.judge(path, use)
            path.write_bytes(whole)


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_every_file_of_a_bundle(
    tiny_bundle: ModelBundle,
    tmp_path: Path,
    random_source: random.Random,
    is_long: bool,
    print_figure: Callable[[str], None],
) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(tiny_bundle.folder, folder)
    damage = Damage(random_source)

    def use() -> bool:
        load_bundle(folder)
        return False  # every file is hashed: whatever was changed is a change

    n_flips, n_cuts = (80, 20) if is_long else (6, 2)
    damage_each(damage, files_of(folder), n_flips, n_cuts, use)
    print_figure(f"damaged bundle, each of {len(files_of(folder))} files: {damage.describe()}")


def test_a_posts_table(
    tiny_bundle: ModelBundle,
    tmp_path: Path,
    random_source: random.Random,
    is_long: bool,
    print_figure: Callable[[str], None],
) -> None:
    posts, out = tmp_path / "posts.parquet", tmp_path / "out"
    ingest([write_export(tmp_path / "a.jsonl", range(150))], posts, ReadOptions())
    whole = pa.Table.from_batches(iter_posts(posts), POSTS_SCHEMA)
    predict([posts], tiny_bundle, out)
    damage = Damage(random_source)

    def read() -> bool:
        return pa.Table.from_batches(iter_posts(posts), POSTS_SCHEMA).equals(whole)

    def score() -> bool:
        shutil.rmtree(tmp_path / "again", ignore_errors=True)
        predict([posts], tiny_bundle, tmp_path / "again")
        tables = (
            read_scores(folder).drop(columns=["scored_at", "sequence"])
            for folder in (out, tmp_path / "again")
        )
        first, again = tables
        return first.equals(again)

    def merge() -> bool:
        before = posts.read_bytes()
        try:
            ingest([tmp_path / "a.jsonl"], posts, ReadOptions())
            return read()
        finally:
            posts.write_bytes(before)

    uses: list[Callable[[], bool]] = [read, score, merge]
    n_flips, n_cuts = (200, 30) if is_long else (8, 2)
    for use in uses:
        damage_each(damage, [posts], n_flips, n_cuts, use)
    print_figure(f"damaged posts table, read, scored and merged: {damage.describe()}")


@pytest.fixture
def scored(tiny_bundle: ModelBundle, tmp_path: Path) -> Path:
    out, posts = tmp_path / "out", tmp_path / "posts.parquet"
    for numbers in (range(60), range(40, 90)):
        ingest([write_export(tmp_path / "a.jsonl", numbers)], posts, ReadOptions())
        predict([posts], tiny_bundle, out)
    return out


def test_score_parts_and_their_ledger(  # noqa: PLR0917 - fixtures
    tiny_bundle: ModelBundle,
    tmp_path: Path,
    scored: Path,
    random_source: random.Random,
    is_long: bool,
    print_figure: Callable[[str], None],
) -> None:
    whole = {name: read_scores(scored, name) for name in ("posts", "sentences")}  # type: ignore[arg-type]
    parts, ledger = Damage(random_source), Damage(random_source)
    posts = tmp_path / "posts.parquet"

    def read(folder: Path = scored) -> bool:
        return all(read_scores(folder, name).equals(table) for name, table in whole.items())  # type: ignore[arg-type]

    @contextmanager
    def copied() -> Iterator[Path]:
        """What writes works on a copy: a batch that it puts back would be there twice when the damage is undone."""
        shutil.copytree(scored, tmp_path / "copy")
        try:
            yield tmp_path / "copy"
        finally:
            shutil.rmtree(tmp_path / "copy")

    def resume() -> bool:
        with copied() as copy:
            report = predict([posts], tiny_bundle, copy)
            return (report.already_scored, report.newly_scored) == (90, 0) and read(copy)

    def compact() -> bool:
        with copied() as copy:
            compact_scores(copy)
            return read(copy)

    files = [path for path in files_of(scored) if path.suffix == ".parquet" and "_" not in path.parent.name]
    records = sorted(scored.glob("*/_delta_log/*.json"))
    chosen = files if is_long else random_source.sample(files, 3)
    for use in (read, resume, compact):
        damage_each(parts, chosen, 2, 1, use)
        damage_each(ledger, records, 30 if is_long else 3, 5 if is_long else 1, use)
    print_figure(f"damaged score parts, {len(chosen)} files: {parts.describe()}")
    print_figure(f"damaged records of the logs, {len(records)} files: {ledger.describe()}")


def test_compacted_parts_have_checksums_too(scored: Path, random_source: random.Random) -> None:
    before = read_scores(scored)
    report = compact_scores(scored)
    assert report.files_after < report.files_before
    assert read_scores(scored).equals(before)
    damage = Damage(random_source)
    merged = [Path(uri.removeprefix("file://")) for uri in DeltaTable(scored / "posts").file_uris()]
    damage_each(damage, merged, 6, 3, lambda: bool(read_scores(scored).empty))
    assert damage.counts["detected"] == 9


def test_commands_answer_damage_with_a_message(  # noqa: PLR0917 - fixtures
    tiny_bundle: ModelBundle,
    tmp_path: Path,
    scored: Path,
    random_source: random.Random,
    is_long: bool,
    print_figure: Callable[[str], None],
) -> None:
    """The real command line: in processes of their own for a few, by calls for many."""
    bundle = tmp_path / "bundle"
    shutil.copytree(tiny_bundle.folder, bundle)
    posts = tmp_path / "posts.parquet"
    part = min(scored.glob("posts/**/part-*.parquet"))
    predicting = ["predict", str(posts), "--model", str(bundle), "-o", str(scored), "--json"]
    commands: list[tuple[Path, list[str]]] = [
        (bundle / "decisions.json", predicting),
        (posts, predicting),
        (part, ["report", str(scored), "-o", str(tmp_path / "r.html")]),
        (part, predicting),
        (scored / "posts" / LOG / f"{1:020d}.json", predicting),
        (scored / "sentences" / LOG / f"{0:020d}.json", ["compact", str(scored)]),
    ]
    verified = {commands[0][0], part}  # by digests of all bytes; elsewhere a bit may have no meaning
    counts: Counter[str] = Counter()
    for path, command in commands:
        whole = path.read_bytes()
        for number in range(20 if is_long else 1):
            damage = Damage(random_source)
            (damage.cut if number % 3 == 1 else damage.flip)(path)
            if number == 0 and (is_long or path is posts):
                code, stderr = _in_a_process(tmp_path, command)
                counts["in processes of their own"] += 1
            else:
                result = CliRunner().invoke(app, command)
                assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
                code, stderr = result.exit_code, result.stderr
            counts["commands"] += 1
            assert code == 1 or path not in verified
            if code:
                assert path.name in stderr or (
                    path.parent.name == LOG and (LOG in stderr or "part-" in stderr)
                )
                assert stderr.startswith("Error: ")
                assert len(stderr.splitlines()) <= 2, stderr
                counts["answered with a message"] += 1
            path.write_bytes(whole)
    print_figure("damage and the command line: " + ", ".join(f"{n} {name}" for name, n in counts.items()))


def _in_a_process(folder: Path, command: list[str]) -> tuple[int, str]:
    ended = run(folder, *command, env=environment())
    return ended.code, ended.stderr


def test_the_judge_notices_what_is_silently_used(tmp_path: Path) -> None:
    path: Any = tmp_path / "file"
    path.write_bytes(b"content")
    with pytest.raises(AssertionError):
        Damage(random.Random(0)).judge(path, lambda: False)
    with pytest.raises(AssertionError, match="not named"):
        Damage(random.Random(0)).judge(path, lambda: _fail(DataError("something else")))
    Damage(random.Random(0)).judge(path, lambda: _fail(ModelError(f"{path}: changed")))


def _fail(error: PipelineError) -> bool:
    raise error
