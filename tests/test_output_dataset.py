import errno
import fcntl
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from pipeline.errors import DataError
from pipeline.files.durable_files import explain_full_disk
from pipeline.scoring.output_dataset import ModelIdentity, OutputDataset, channel_folder, open_dataset
from pipeline.scoring.read_scores import export_scores, read_scores
from pipeline.scoring.score_posts import ScoredBatch, post_schema, sentence_schema
from pipeline.scoring.scored_keys import digest_key

FRAMES = ("order", "threat: a.b")
MODEL = ModelIdentity("m@1", "bundle-1", "book-1", FRAMES)
NEWER = ModelIdentity("m@2", "bundle-2", "book-1", FRAMES)
MAY, JUNE = datetime(2024, 5, 31, 23, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)


def make_post(key: str, **values: Any) -> dict[str, Any]:
    post = {
        "post_key": key,
        "content_hash": f"hash of {key}",
        "channel": key.partition("/")[0],
        "published_at": MAY,
        "n_sentences": 1,
        "n_boilerplate": 0,
        "p_order": 0.9,
        "frames": ["order"],
        "evidence": [{"frame": "order", "sentence_index": 0, "start": 0, "end": 4, "probability": 0.9}],
        "model_id": MODEL.model_id,
        "bundle_hash": MODEL.bundle_hash,
        "codebook_hash": MODEL.codebook_hash,
    }
    return {**post, **values}


def make_scored(posts: list[dict[str, Any]], stamp: datetime, text: str = "text") -> ScoredBatch:
    posts = [{**post, "scored_at": stamp} for post in posts]
    sentences = [{**post, "sentence_index": 0, "start": 0, "end": len(text), "text": text} for post in posts]
    return ScoredBatch(
        pa.Table.from_pylist(sentences, schema=sentence_schema(FRAMES)),
        pa.Table.from_pylist(posts, schema=post_schema(FRAMES)),
    )


def write(root: Path, *batches: list[dict[str, Any]], model: ModelIdentity = MODEL, **options: bool) -> None:
    """One run that commits each batch as a transaction."""
    with open_dataset(root, model, **options) as dataset:
        stamp = dataset.start_run(["input"])
        for posts in batches:
            dataset.commit([make_scored(posts, stamp)])
        dataset.finish_run()


def keys_of(root: Path, table: str = "posts") -> list[str]:
    return sorted(read_scores(root, table, latest=False)["post_key"])  # type: ignore[arg-type]


def test_every_reader_sees_the_same_table(tmp_path: Path) -> None:
    out = tmp_path / "out [1]'s"
    channels = ["007", "123", "Дневник/посла", "A=b &c", "MixedCase", "x" * 300, "я" * 100, ""]
    posts = [make_post(f"{i}/1", channel=channel) for i, channel in enumerate(channels)]
    posts += [make_post("n/1", channel="007", published_at=None), make_post("n/2", published_at=JUNE)]
    write(out, posts)
    files = f"{out}/posts/**/*.parquet".replace("[1]", "[[]1]")
    tables = {
        "pandas": pd.read_parquet(out / "posts"),
        "pyarrow": ds.dataset(out / "posts", partitioning="hive").to_table().to_pandas(),
        "duckdb": duckdb.read_parquet(files, hive_partitioning=True).df(),
        "ours": read_scores(out),
    }
    expected = sorted((post["post_key"], post["channel"]) for post in posts)
    for name, table in tables.items():
        assert sorted(zip(table["post_key"], table["channel"], strict=True)) == expected, name
        if name != "ours":
            assert set(table["month"].astype(str)) == {"2024-05", "2024-06", "undated"}


def test_folders_are_portable_names() -> None:
    assert channel_folder("MFA_Russia") == "mfa_russia"
    assert channel_folder("a/b=ж..") == "a%2Fb%3D%D0%B6.."
    long, other = channel_folder("я" * 200), channel_folder("я" * 201)
    assert len(long) <= 150
    assert long != other
    assert channel_folder(" ") == "unnamed"


def test_channels_that_differ_in_case_alone_keep_their_names(tmp_path: Path) -> None:
    write(tmp_path / "out", [make_post("News/1"), make_post("news/1")])
    assert set(read_scores(tmp_path / "out")["channel"]) == {"News", "news"}


def test_what_was_scored_is_known_for_this_model_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, [make_post("c/1")])
    write(out, [make_post("c/2", bundle_hash="bundle-2")], model=NEWER, rescore=True)
    one, two = (digest_key(f"c/{i}", f"hash of c/{i}") for i in (1, 2))
    for model, expected in ((MODEL, [True, False]), (NEWER, [False, True])):
        with open_dataset(out, model) as dataset:
            assert dataset.read_scored_keys().contains([one, two]).tolist() == expected


def test_a_model_that_is_new_to_the_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, [make_post("c/1")])
    with (
        pytest.raises(DataError, match=r"holds scores of m@1; this model is m@2.*--rescore"),
        open_dataset(out, NEWER),
    ):
        pass
    other_frames = ModelIdentity("m@3", "bundle-3", "book-3", ("order",))
    with (
        pytest.raises(DataError, match="columns are the frames order, threat"),
        open_dataset(out, other_frames, rescore=True),
    ):
        pass


def test_a_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    (tmp_path / "_staging").mkdir()
    (tmp_path / "_staging" / "precious").write_text("mine")
    with pytest.raises(DataError, match=r"holds 'thesis\.docx' and no scores"), open_dataset(tmp_path, MODEL):
        pass
    assert (tmp_path / "_staging" / "precious").exists()


def test_a_second_writer_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with (
        open_dataset(tmp_path, MODEL),
        pytest.raises(DataError, match=rf"process {os.getpid()} on .* is writing there"),
        open_dataset(tmp_path, MODEL),
    ):
        pass
    with open_dataset(tmp_path, MODEL):
        pass


def test_the_latest_version_of_a_post_is_the_last_edited_then_the_last_scored(tmp_path: Path) -> None:
    out = tmp_path / "out"
    edited = make_post("c/1", content_hash="edited", edited_at=JUNE)
    write(out, [make_post("c/1"), edited, make_post("c/2")], [make_post("c/3", content_hash="first")])
    write(
        out, [make_post("c/2", bundle_hash="bundle-2"), make_post("c/3", content_hash="second")], rescore=True
    )
    latest = read_scores(out)
    assert list(latest["post_key"]) == ["c/1", "c/2", "c/3"]
    assert list(latest["content_hash"]) == ["edited", "hash of c/2", "second"]
    assert latest["bundle_hash"][1] == "bundle-2"
    sentences = read_scores(out, "sentences")
    assert list(sentences["content_hash"]) == list(latest["content_hash"])
    assert len(read_scores(out, latest=False)) == len(read_scores(out, "sentences", latest=False)) == 6


def test_an_output_without_posts_can_be_read_and_exported(tmp_path: Path) -> None:
    write(tmp_path)
    assert read_scores(tmp_path).empty
    assert list(read_scores(tmp_path, "sentences").columns) == sentence_schema(FRAMES).names
    export_scores(tmp_path, "csv")
    assert list(pd.read_csv(tmp_path / "posts.csv").columns) == post_schema(FRAMES).names


def test_reading_a_folder_without_scores_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no scores there"):
        read_scores(tmp_path)


def test_csv_cells_cannot_be_formulas(tmp_path: Path) -> None:
    texts = ["=1+1", "+7 495", "-x", "@user", "\tx", "\rx", "a=1", '„quoted", with\nlines', ""]
    with open_dataset(tmp_path, MODEL) as dataset:
        stamp = dataset.start_run([])
        for i, text in enumerate(texts):
            dataset.commit([make_scored([make_post(f"c/{i}", channel="=c")], stamp, text)])
    export_scores(tmp_path, "csv")
    table = pd.read_csv(tmp_path / "sentences.csv", keep_default_na=False)
    written = [("'" + text) if i < 6 else text for i, text in enumerate(texts)]
    assert list(table["text"]) == [text.replace("\r", "\r") for text in written]
    assert set(table["channel"]) == {"'=c"}
    assert set(table["published_at"]) == {"2024-05-31T23:00:00Z"}
    posts = pd.read_csv(tmp_path / "posts.csv")
    assert json.loads(posts["evidence"][0])[0]["frame"] == "order"


def test_json_lines_hold_texts_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, [make_post("c/1")])
    export_scores(tmp_path, "jsonl")
    [row] = map(json.loads, (tmp_path / "posts.jsonl").read_text().splitlines())
    assert row["frames"] == ["order"]
    assert row["published_at"] == "2024-05-31T23:00:00Z"


def test_rejects_are_listed_once(tmp_path: Path) -> None:
    with open_dataset(tmp_path, MODEL) as dataset:
        assert dataset.add_rejects(['{"a": 1}\n', '{"b": 1}']) == 2
        assert dataset.add_rejects(['{"b": 1}', '{"c": 1}']) == 2
    assert (tmp_path / "rejects.jsonl").read_text().splitlines() == ['{"a": 1}', '{"b": 1}', '{"c": 1}']


# Crashes: the same two commits, with the process "dying" at each of its steps on the file system in turn.

BATCHES = [[make_post("a/1"), make_post("b/1")], [make_post("a/2", published_at=JUNE)]]


class Died(BaseException):
    """Stands for a power cut: nothing in the code may handle it."""


def die_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
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

    for name in ("rename", "replace", "mkdir", "rmdir", "unlink"):
        monkeypatch.setattr(os, name, count(getattr(os, name)))
    return lambda: calls


def score_missing(root: Path) -> None:
    with open_dataset(root, MODEL) as dataset:
        keys, stamp = dataset.read_scored_keys(), dataset.start_run(["input"])
        for posts in BATCHES:
            known = keys.contains([digest_key(post["post_key"], post["content_hash"]) for post in posts])
            assert known.all() or not known.any(), "half a transaction"
            if not known.all():
                dataset.commit([make_scored(posts, stamp)])
        dataset.finish_run()


def read_parts(root: Path) -> list[dict[str, Any]]:
    """All rows of both tables, as any reader sees them."""
    tables = [ds.dataset(root / name, partitioning="hive").to_table() for name in ("posts", "sentences")]
    rows = [row for table in tables for row in table.to_pylist()]
    return sorted(rows, key=lambda row: (row["post_key"], "text" in row))


def test_a_crash_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # slow, and a process that dies leaves the disk alone
    with pytest.MonkeyPatch.context() as patch:
        count = die_at(10_000, patch)
        score_missing(tmp_path / "whole")
        n_steps = count()
    assert n_steps > 40
    whole = read_parts(tmp_path / "whole")
    for step in range(n_steps):
        out = tmp_path / str(step)
        out.mkdir()  # a folder that was there is not tidied away after a failure: all is left as by a dead process
        with pytest.MonkeyPatch.context() as patch:
            die_at(step, patch)
            with pytest.raises(Died):
                score_missing(out)
        score_missing(out)
        [run] = json.loads((out / "manifest.json").read_text())["runs"]
        assert run["complete"]
        stamp = datetime.fromisoformat(run["scored_at"])
        assert read_parts(out) == [{**row, "scored_at": stamp} for row in whole]
        assert not list((out / "_staging").iterdir())
        assert not list(out.rglob("*.tmp"))


def test_reading_after_a_crash_settles_what_was_stated(tmp_path: Path) -> None:
    write(tmp_path, BATCHES[0])
    parts = sorted((tmp_path / "posts").rglob("*.parquet"))
    moved = [f"_staging/000001/{part.relative_to(tmp_path).as_posix()}" for part in parts]
    for part, staged in zip(parts, moved, strict=True):
        (tmp_path / staged).parent.mkdir(parents=True)
        part.rename(tmp_path / staged)
    (tmp_path / "_log" / "000001.done").rename(tmp_path / "_log" / "000001.json")
    assert keys_of(tmp_path) == ["a/1", "b/1"]


@pytest.mark.parametrize("path", ["../outside", "/etc/hostname"])
def test_a_record_that_leads_outside_is_refused(tmp_path: Path, path: str) -> None:
    out = tmp_path / "out"
    write(out)
    for renames in ([[path, "posts/x"]], [["_staging/x", path]]):
        (out / "_log" / "000001.json").write_text(json.dumps({"renames": renames}))
        with pytest.raises(DataError, match="outside of the output folder"), open_dataset(out, MODEL):
            pass


def commit_without_room(root: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_dataset(root, MODEL) as dataset:
        stamp = dataset.start_run(["other"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            dataset.commit([make_scored(BATCHES[1], stamp)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_leaves_the_dataset_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, BATCHES[0])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=r"no room to write.*run the same command again"):
        commit_without_room(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    score_missing(tmp_path)
    assert keys_of(tmp_path) == ["a/1", "a/2", "b/1"]


def test_a_library_that_fails_without_room_is_understood(tmp_path: Path) -> None:
    """Writers in C++ raise errors of their own; the same error on a disk with room stays a defect of ours."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(RuntimeError, match="unexpected pos"), explain_full_disk(tmp_path / "new" / "file"):
        raise RuntimeError("unexpected pos 64")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(DataError, match="no room to write"), explain_full_disk(tmp_path / "new" / "file"):
            raise RuntimeError("unexpected pos 64")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


def test_other_errors_of_the_disk_are_not_disguised(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output"), open_dataset(tmp_path, MODEL):
        raise OSError(errno.EIO, "Input/output error")


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    write(tmp_path, [make_post("c/1")])
    [part] = (tmp_path / "posts").rglob("*.parquet")
    part.write_bytes(b"PAR1 not really")
    with (
        open_dataset(tmp_path, MODEL) as dataset,
        pytest.raises(DataError, match=f"{part.name}: cannot be read"),
    ):
        dataset.read_scored_keys()


def test_the_lock_goes_with_a_killed_process(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from pipeline.files.folder_lock import lock_folder\n"
        "with lock_folder(Path(sys.argv[1])):\n print('locked', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(DataError, match=f"process {holder.pid} "), open_dataset(tmp_path, MODEL):
            pass
        holder.kill()
    with open_dataset(tmp_path, MODEL) as dataset:
        assert isinstance(dataset, OutputDataset)


def test_a_folder_that_its_run_removes_while_another_begins_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: (tmp_path / "_lock").unlink())
    with pytest.raises(DataError, match="try again"), open_dataset(tmp_path, MODEL):
        pass
    assert list(tmp_path.iterdir()) == []
