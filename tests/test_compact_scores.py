"""Compaction: fewer files, the same rows, at whatever moment it dies, and damage is not merged in."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import DeltaTable
from test_score_output import JUNE, MAY, MODEL, commit, make_post, no_room, write
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import DataError
from pipeline.scoring.compact_scores import compact_scores
from pipeline.scoring.read_scores import read_scores
from pipeline.scoring.score_output import open_output, read_tables

DAYS = [[make_post(f"a/{i}"), make_post(f"b/{i}", published_at=JUNE)] for i in range(4)]
TABLES = ("posts", "sentences")
LONG_AGO = 10 * 86_400


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for posts in DAYS:
        write(tmp_path / "out", posts)
    return tmp_path / "out"


def rows_of(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Of both tables, as a reader finds them that knows nothing of us."""
    return {
        name: sorted(
            DeltaTable(root / name).to_pyarrow_table().to_pylist(), key=lambda row: int(row["sequence"])
        )
        for name in TABLES
    }


def files_of(root: Path) -> list[str]:
    """Data files that are in the tables."""
    return [uri for name in TABLES for uri in DeltaTable(root / name).file_uris()]


def everything(root: Path) -> dict[Path, int]:
    return {
        path: path.stat().st_mtime_ns for path in root.rglob("*") if path.name != "_lock" and path.is_file()
    }


def test_data_files_become_one_and_no_row_changes(out: Path) -> None:
    before, ours = rows_of(out), read_scores(out)
    report = compact_scores(out)
    assert (report.files_before, report.files_after, report.removed) == (8, 2, 0)
    assert len(files_of(out)) == 2
    assert rows_of(out) == before
    pd.testing.assert_frame_equal(read_scores(out), ours)


def test_scoring_and_compacting_go_on_after_it(out: Path) -> None:
    compact_scores(out)
    write(out, [make_post("a/9")])
    assert compact_scores(out).files_after == 2
    assert len(read_scores(out, latest=False)) == 9


def test_without_small_files_nothing_is_written(out: Path) -> None:
    compact_scores(out)
    before = everything(out)
    report = compact_scores(out)
    assert (report.files_before, report.files_after, report.removed) == (2, 2, 0)
    assert everything(out) == before


def test_what_nothing_has_needed_for_a_week_is_removed_and_nothing_else(out: Path) -> None:
    """Files of killed runs, whose age is that of the file."""
    for name in TABLES:
        for age in (0, LONG_AGO):
            left = out / name / f"part-{age:032x}.parquet"
            left.write_bytes(b"left by a run that was killed")
            os.utime(left, times=(left.stat().st_mtime - age,) * 2)
    report = compact_scores(out)
    assert report.removed == 2
    assert not list(out.rglob(f"part-{LONG_AGO:032x}.parquet"))
    assert len(list(out.rglob(f"part-{0:032x}.parquet"))) == 2
    assert len(read_scores(out)) == 8


def test_a_reader_that_began_before_it_finds_its_files(out: Path) -> None:
    tables = [DeltaTable(out / name) for name in TABLES]
    compact_scores(out)
    assert [table.to_pyarrow_table().num_rows for table in tables] == [8, 8]


def test_readers_see_each_row_once_while_it_works(out: Path) -> None:
    ended, seen = threading.Event(), set()

    def read() -> None:
        while not ended.is_set():
            seen.add(len(read_scores(out, latest=False)))

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(3):
        compact_scores(out)
        write(out, [make_post("a/1", content_hash=f"again {i}")])
    ended.set()
    reader.join()
    assert seen <= {8, 9, 10, 11}


def test_merged_files_are_verified_too(out: Path) -> None:
    compact_scores(out)
    write(out, [make_post("a/9")])
    [merged] = [uri for uri in files_of(out) if "/posts/" in uri and not re.search("part-[0-9a-f]{32}", uri)]
    path = Path(merged.removeprefix("file://"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    for use in (lambda: read_scores(out), lambda: write(out, DAYS[0]), lambda: compact_scores(out)):
        with pytest.raises(DataError, match=rf"{path.name}: damaged: its bytes"):
            use()


def test_damage_is_not_merged_in(out: Path) -> None:
    path = Path(files_of(out)[-1].removeprefix("file://"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    before = everything(out)
    with pytest.raises(DataError, match=f"{path.name}: damaged"):
        compact_scores(out)
    assert everything(out) == before


def test_a_full_disk_leaves_the_scores_as_they_were(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = rows_of(out)
    with no_room(1500), pytest.raises(DataError, match="no room to write"):
        compact_scores(out)
    assert "panic" not in capfd.readouterr().err
    assert rows_of(out) == before
    assert compact_scores(out).files_after == 2


KILLED_AT = """
import os, signal, sys
from pathlib import Path
from pipeline.scoring.compact_scores import compact_scores
from pipeline.scoring.delta_table import ScoreTable
left = int(sys.argv[2])
def kill(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
for name in ("note", "require_whole", "_read_state"):
    def stop(self, *arguments, do=getattr(ScoreTable, name), **options):
        kill()
        return do(self, *arguments, **options)
    setattr(ScoreTable, name, stop)
compact_scores(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("step", [6, 7, 8, 10, 11, 13])
def test_it_may_be_killed_at_any_moment(out: Path, step: int) -> None:
    before = rows_of(out)
    killed = subprocess.run([sys.executable, "-c", KILLED_AT, str(out), str(step)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert rows_of(out) == before
    assert compact_scores(out).files_after == 2
    assert rows_of(out) == before


def test_it_does_what_a_killed_run_left_undone(out: Path) -> None:
    record = sorted((out / "posts" / "_delta_log").glob("*.json"))
    for path in record[-2:]:  # the last batch, and the note that the run ended
        path.unlink()
    compact_scores(out)
    assert len(read_scores(out)) == 8


def test_a_running_process_is_waited_for(out: Path) -> None:
    with open_output(out, MODEL) as output:
        commit(output, [make_post("a/8")], MAY)
        with pytest.raises(DataError, match=rf"process {os.getpid()} on .* is writing there"):
            compact_scores(out)


def test_the_command_says_what_it_did(out: Path, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["compact", str(out)])
    assert shown.exit_code == 0, shown.output
    assert "8 data files are now 2" in shown.stdout
    refused = CliRunner().invoke(app, ["compact", str(tmp_path / "nowhere")])
    assert refused.exit_code == 1
    assert "no scores there" in refused.stderr


def test_an_empty_output_stays_one(tmp_path: Path) -> None:
    write(tmp_path / "out")
    assert compact_scores(tmp_path / "out").files_after == 0
    assert read_tables(tmp_path / "out").next_sequence == 0
