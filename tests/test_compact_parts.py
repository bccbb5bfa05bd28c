"""Compaction: fewer files, the same rows in the same order, at whatever step it dies."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pytest
from test_output_dataset import JUNE, MAY, MODEL, Died, make_post, make_scored, write
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import DataError
from pipeline.files import durable_files
from pipeline.scoring.compact_parts import CompactReport, compact_parts
from pipeline.scoring.output_dataset import open_dataset
from pipeline.scoring.read_scores import read_scores
from pipeline.scoring.scored_keys import digest_key
from pipeline.scoring.transactions import finish_pending

DAYS = [[make_post(f"a/{i}"), make_post(f"b/{i}", published_at=JUNE)] for i in range(4)]


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # slow, and a process that dies leaves the disk alone


def write_days(root: Path) -> None:
    for posts in DAYS:
        write(root, posts)


def write_some(root: Path) -> None:
    """One folder with two parts of each table, one with a single part."""
    write(root, [make_post("a/1"), make_post("b/1")])
    write(root, [make_post("a/2")])


def parts_of(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("part-*.parquet"))


def rows_of(root: Path) -> list[dict[str, Any]]:
    """All rows of both tables as any reader finds them, in an order of their own."""
    tables = [ds.dataset(root / name, partitioning="hive").to_table() for name in ("posts", "sentences")]
    return sorted((row for table in tables for row in table.to_pylist()), key=repr)


def test_parts_of_a_folder_become_one_and_no_row_changes(tmp_path: Path) -> None:
    write_days(tmp_path)
    note = tmp_path / "posts" / "channel_folder=a" / "month=2024-05" / "_notes.txt"
    note.write_text("mine")
    before = rows_of(tmp_path)
    report = compact_parts(tmp_path)
    assert (report.files_before, report.files_after, report.folders) == (16, 4, 2)
    assert report.bytes_after == sum((tmp_path / part).stat().st_size for part in parts_of(tmp_path))
    assert {Path(part).name for part in parts_of(tmp_path)} == {"part-000004.parquet"}
    assert rows_of(tmp_path) == before
    assert note.read_text() == "mine"
    assert not list((tmp_path / "_staging").iterdir())


def test_scoring_goes_on_after_it_and_knows_what_was_scored(tmp_path: Path) -> None:
    write_days(tmp_path)
    compact_parts(tmp_path)
    with open_dataset(tmp_path, MODEL) as dataset:
        posts = [post for day in DAYS for post in day]
        digests = [digest_key(post["post_key"], post["content_hash"]) for post in posts]
        assert dataset.read_scored_keys().contains(digests).all()
    write(tmp_path, [make_post("a/9")])
    assert len(parts_of(tmp_path)) == 6
    assert compact_parts(tmp_path).files_after == 4
    assert len(read_scores(tmp_path, latest=False)) == 9


def test_without_small_parts_nothing_is_written(tmp_path: Path) -> None:
    write(tmp_path, DAYS[0])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != "_lock"}
    size = sum((tmp_path / part).stat().st_size for part in parts_of(tmp_path))
    assert compact_parts(tmp_path) == CompactReport(4, 4, size, size, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != "_lock"} == before


def test_large_parts_stay_and_both_tables_are_merged_at_the_same_numbers(tmp_path: Path) -> None:
    write_days(tmp_path)
    with open_dataset(tmp_path, MODEL) as dataset:  # sentences much larger than posts
        stamp = dataset.start_run(["long"])
        long_text = np.random.default_rng(0).bytes(100_000).hex()
        dataset.commit([make_scored([make_post("a/long")], stamp, long_text)])
    write(tmp_path, [make_post("a/7")])
    write(tmp_path, [make_post("a/8")])
    before = rows_of(tmp_path)
    compact_parts(tmp_path, part_bytes=100_000)
    names = {
        table: sorted(path.name for path in (tmp_path / table / "channel_folder=a").rglob("*.parquet"))
        for table in ("posts", "sentences")
    }
    expected = ["part-000004.parquet", "part-000005.parquet", "part-000007.parquet"]
    assert names == {"posts": expected, "sentences": expected}
    assert rows_of(tmp_path) == before


def test_of_two_versions_that_one_run_scored_the_later_stays_current(tmp_path: Path) -> None:
    versions = [make_post("a/1", content_hash=name) for name in ("first", "second", "third")]
    write(tmp_path, *([version] for version in versions))
    compact_parts(tmp_path)
    assert list(read_scores(tmp_path)["content_hash"]) == ["third"]


def test_where_only_file_numbers_order_versions_in_two_folders_they_are_kept(tmp_path: Path) -> None:
    first, other = make_post("a/1", content_hash="first"), make_post("a/2")
    second = make_post("a/1", content_hash="second", published_at=JUNE)
    write(tmp_path, [first], [second], [other])
    report = compact_parts(tmp_path)
    assert (report.folders, report.folders_left) == (0, 1)
    assert list(read_scores(tmp_path, post_keys=["a/1"])["content_hash"]) == ["second"]


def counting(step: int, monkeypatch: pytest.MonkeyPatch, *, exchange: bool) -> Callable[[], int]:
    """Let the calls that change the disk fail from call number `step` on; returns how many were made."""
    calls = 0

    def count(original: Any) -> Any:
        def counted(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > step:
                raise Died
            return original(*arguments, **options)

        return counted

    for name in ("rename", "replace", "mkdir", "rmdir", "unlink", "link"):
        monkeypatch.setattr(os, name, count(getattr(os, name)))
    swap = durable_files.exchange_folders if exchange else lambda *_: False
    monkeypatch.setattr(durable_files, "exchange_folders", count(swap))
    return lambda: calls


@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("exchange", [True, False])
def test_a_death_at_any_step_loses_and_doubles_nothing(tmp_path: Path, *, exchange: bool) -> None:
    """With an exchange of names, not even a reader that knows nothing of transactions sees another state."""
    write_some(tmp_path / "start")
    shutil.copytree(tmp_path / "start", tmp_path / "whole")
    before = rows_of(tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        count = counting(10_000, patch, exchange=exchange)
        compact_parts(tmp_path / "whole")
        n_steps = count()
    assert n_steps > 15
    for step in range(n_steps):
        out = tmp_path / str(step)
        shutil.copytree(tmp_path / "start", out)
        with pytest.MonkeyPatch.context() as patch:
            counting(step, patch, exchange=exchange)
            try:
                compact_parts(out)
            except Died:
                pass
            else:  # deleting what was replaced is left to the next process when it fails
                assert step > n_steps / 2
        if exchange:
            assert rows_of(out) == before
        finish_pending(out)  # as every reader of ours does
        assert rows_of(out) == before
        compact_parts(out)
        assert rows_of(out) == before
        assert len(parts_of(out)) == 4
        assert not list((out / "_staging").iterdir())
        assert not list(out.rglob("*.tmp"))


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.files import durable_files
from pipeline.scoring.compact_parts import compact_parts
swap, left = durable_files.exchange_folders, int(sys.argv[2])
def swap_some(*folders):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return swap(*folders)
durable_files.exchange_folders = swap_some
compact_parts(Path(sys.argv[1]))
"""


def test_a_process_killed_between_two_swaps(tmp_path: Path) -> None:
    write_days(tmp_path)
    before = rows_of(tmp_path)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), "2"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (
        len(parts_of(tmp_path / "posts")) + len(parts_of(tmp_path / "sentences")) == 10
    )  # two of four merged
    assert rows_of(tmp_path) == before
    assert len(read_scores(tmp_path, latest=False)) == 8  # and reading finishes it
    assert len(parts_of(tmp_path / "posts")) == 2
    assert rows_of(tmp_path) == before


@pytest.mark.parametrize("swap", [["../outside", "posts/x", "f"], ["_staging/x", "/etc", "hostname"]])
def test_a_record_that_swaps_outside_is_refused(tmp_path: Path, swap: list[str]) -> None:
    out = tmp_path / "out"
    write(out)
    (out / "_log" / "000001.json").write_text(json.dumps({"renames": [], "swaps": [swap]}))
    with pytest.raises(DataError, match="outside of the output folder"), open_dataset(out, MODEL):
        pass


def test_a_damaged_part_is_named_and_nothing_changes(tmp_path: Path) -> None:
    write_days(tmp_path)
    damaged = next(itertools.islice((tmp_path / "sentences").rglob("*.parquet"), 1, None))
    damaged.write_bytes(b"PAR1 not really")
    before = parts_of(tmp_path)
    with pytest.raises(DataError, match=f"{damaged.name}: cannot be read"):
        compact_parts(tmp_path)
    assert parts_of(tmp_path) == before


def test_the_command_says_what_it_did_and_refuses_other_folders(tmp_path: Path) -> None:
    write_days(tmp_path / "scores")
    result = CliRunner().invoke(app, ["compact", str(tmp_path / "scores"), "--json"])
    assert json.loads(result.stdout)["files_after"] == 4
    result = CliRunner().invoke(app, ["compact", str(tmp_path / "scores")])
    assert "4 part files are now 4" in result.output
    result = CliRunner().invoke(app, ["compact", str(tmp_path)])
    assert result.exit_code == 1
    assert "no scores there" in result.output


def test_times_and_frames_survive(tmp_path: Path) -> None:
    write_days(tmp_path)
    before = read_scores(tmp_path)
    compact_parts(tmp_path)
    pd.testing.assert_frame_equal(read_scores(tmp_path), before)
    assert set(before["published_at"]) == {pd.Timestamp(MAY), pd.Timestamp(JUNE)}
