"""The output folder: who may write, what is current and what is new, what readers find, and what a full disk leaves."""

import codecs
import errno
import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.annotation.record_files import write_records
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import ingest
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.errors import DataError
from pipeline.files.durable_files import explain_full_disk
from pipeline.scoring.export_scores import export_scores
from pipeline.scoring.new_posts import find_new_posts
from pipeline.scoring.read_scores import read_scores
from pipeline.scoring.score_output import ScoreOutput, open_output, read_tables
from pipeline.scoring.score_posts import ScoredBatch, post_schema, sentence_schema
from pipeline.scoring.score_queries import ModelIdentity

TABLES = ("posts", "sentences")
START = datetime(1970, 1, 1, tzinfo=UTC)
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


def make_scored(
    posts: list[dict[str, Any]], stamp: datetime, text: str = "text", *, first: int = 0
) -> ScoredBatch:
    """The scores of posts, numbered from `first`."""
    posts = [{"sequence": first + i, **post, "scored_at": stamp} for i, post in enumerate(posts)]
    sentences = [{**post, "sentence_index": 0, "start": 0, "end": len(text), "text": text} for post in posts]
    return ScoredBatch(
        pa.Table.from_pylist(sentences, schema=sentence_schema(FRAMES)),
        pa.Table.from_pylist(posts, schema=post_schema(FRAMES)),
    )


def write(root: Path, *batches: list[dict[str, Any]], model: ModelIdentity = MODEL, **options: bool) -> None:
    """One run that commits each batch."""
    with open_output(root, model, **options) as output:
        stamp = output.start_run(["input"])
        for posts in batches:
            commit(output, posts, stamp)
        output.finish_run()


def commit(output: ScoreOutput, posts: list[dict[str, Any]], stamp: datetime, text: str = "text") -> None:
    first = output.tables.next_sequence
    output.commit([make_scored(posts, stamp, text, first=first)], first + len(posts))


def keys_of(root: Path, table: str = "posts") -> list[str]:
    return sorted(read_scores(root, table, latest=False)["post_key"])  # type: ignore[arg-type]


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # slow, and a process that dies leaves the disk alone


def test_channels_of_any_name_and_posts_without_a_date_are_kept(tmp_path: Path) -> None:
    channels = ["007", "News", "news", "Дневник/посла", "A=b &c", "x" * 300, ""]
    posts = [make_post(f"{i}/1", channel=channel) for i, channel in enumerate(channels)]
    write(tmp_path / "out", [*posts, make_post("n/1", published_at=None)])
    found = read_scores(tmp_path / "out")
    expected = {(post["post_key"], post["channel"]) for post in posts} | {("n/1", "n")}
    assert set(zip(found["post_key"], found["channel"], strict=True)) == expected


def test_what_was_scored_is_known_for_this_model_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, [make_post("c/1")])
    write(out, [make_post("c/2", bundle_hash="bundle-2")], model=NEWER, rescore=True)
    table = write_input(
        tmp_path / "posts.parquet", ("c/1", "hash of c/1", None), ("c/2", "hash of c/2", None)
    )
    for model, expected in ((MODEL, [1]), (NEWER, [0])):
        assert new_rows(out, table, model=model) == expected


def test_a_model_that_is_new_to_the_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, [make_post("c/1")])
    with (
        pytest.raises(DataError, match=r"holds scores of m@1; this model is m@2.*--rescore"),
        open_output(out, NEWER),
    ):
        pass
    other_frames = ModelIdentity("m@3", "bundle-3", "book-3", ("order",))
    with (
        pytest.raises(DataError, match="columns are the frames order, threat"),
        open_output(out, other_frames, rescore=True),
    ):
        pass


def test_a_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(DataError, match=r"holds 'thesis\.docx' and no scores"), open_output(tmp_path, MODEL):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_second_writer_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with (
        open_output(tmp_path, MODEL),
        pytest.raises(DataError, match=rf"process {os.getpid()} on .* is writing there"),
        open_output(tmp_path, MODEL),
    ):
        pass
    with open_output(tmp_path, MODEL):
        pass


def test_everyone_who_may_write_to_a_shared_folder_may_lock_it(tmp_path: Path) -> None:
    before = os.umask(0o002)  # as it is where groups share folders
    try:
        write(tmp_path / "out", [make_post("c/1")])
    finally:
        os.umask(before)
    assert (tmp_path / "out" / "_lock").stat().st_mode & 0o060 == 0o060
    assert not [path for path in (tmp_path / "out").rglob("*.parquet") if not path.stat().st_mode & 0o040]


def test_the_lock_goes_with_a_killed_process(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from pipeline.files.folder_lock import lock_folder\n"
        "with lock_folder(Path(sys.argv[1])):\n print('locked', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(DataError, match=f"process {holder.pid} "), open_output(tmp_path, MODEL):
            pass
        holder.kill()
    with open_output(tmp_path, MODEL) as output:
        assert output.tables.next_sequence == 0


# What is current, and what is to be scored


Version = tuple[str, str, datetime | None]  # post_key, content_hash, edited_at


def write_input(path: Path, *versions: Version) -> Path:
    rows = [
        {
            "post_key": key,
            "channel": "c",
            "text": content,
            "lang": "en",
            "source_file": "made",
            "source_record": "made",
            "content_hash": content,
            "edited_at": edited_at,
        }
        for key, content, edited_at in versions
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=POSTS_SCHEMA), path)
    return path


def new_rows(out: Path, *tables: Path, model: ModelIdentity = MODEL) -> list[int]:
    with open_output(out, model, rescore=True) as output, find_new_posts(tables, output.tables, model) as new:
        found = [int(row) for rows in new.iter_rows() for row in rows]
        assert new.n_new == len(found)
        return found


def score_input(out: Path, table: Path, *, model: ModelIdentity = MODEL) -> int:
    """Score what is new; how many posts that were."""
    versions = pq.read_table(table).to_pylist()
    with (
        open_output(out, model, rescore=True) as output,
        find_new_posts([table], output.tables, model) as new,
    ):
        first, posts = output.tables.next_sequence, []
        for row in [int(row) for rows in new.iter_rows() for row in rows]:
            version = {name: versions[row][name] for name in ("content_hash", "edited_at")}
            origin = {"bundle_hash": model.bundle_hash, "sequence": first + row}
            posts.append(make_post(versions[row]["post_key"], **version, **origin))
        if posts:
            output.commit([make_scored(posts, output.start_run(["input"]))], first + len(versions))
        return new.n_new


def current(out: Path) -> dict[str, str]:
    found = read_scores(out)
    assert found["post_key"].is_unique
    sentences = read_scores(out, "sentences")
    assert list(sentences["sequence"]) == list(found["sequence"])
    return dict(zip(found["post_key"], found["content_hash"], strict=True))


def test_a_post_that_is_edited_back_ends_where_it_began(tmp_path: Path) -> None:
    """Without times of editing: what was seen last counts, and seeing it again is nothing new."""
    out, table = tmp_path / "out", tmp_path / "posts.parquet"
    for content in "ABAAB":
        write_input(table, ("c/1", content, None), ("c/2", "same", None))
        score_input(out, table)
        assert current(out) == {"c/1": content, "c/2": "same"}
        assert score_input(out, table) == 0
    assert list(read_scores(out, latest=False)["content_hash"]) == ["A", "B", "A", "B", "same"]


def test_a_post_that_is_edited_back_ends_where_it_began_by_the_times_of_editing(tmp_path: Path) -> None:
    """In whatever order its exports are scored."""
    versions: list[Version] = [("c/1", "A", None), ("c/1", "B", MAY), ("c/1", "A", JUNE)]
    for i, order in enumerate(itertools.permutations(versions)):
        for version in order:
            score_input(tmp_path / str(i), write_input(tmp_path / "posts.parquet", version))
        assert current(tmp_path / str(i)) == {"c/1": "A"}
        assert len(read_scores(tmp_path / str(i), latest=False)) == 3
        assert new_rows(tmp_path / str(i), write_input(tmp_path / "posts.parquet", *versions)) == []


def test_of_versions_in_one_input_the_last_of_each_time_of_editing_is_scored(tmp_path: Path) -> None:
    table = write_input(
        tmp_path / "posts.parquet",
        ("c/1", "A", None),
        ("c/1", "B", None),
        ("c/1", "A", None),
        ("c/1", "C", MAY),
        ("c/2", "A", MAY),
        ("c/1", "D", MAY),
    )
    assert new_rows(tmp_path / "out", table) == [2, 4, 5]
    assert score_input(tmp_path / "out", table) == 3
    assert current(tmp_path / "out") == {"c/1": "D", "c/2": "A"}
    assert score_input(tmp_path / "out", table) == 0


def test_another_models_scores_of_an_older_text_do_not_hide_a_newer_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, second = (write_input(tmp_path / f"{name}.parquet", ("c/1", name, None)) for name in "AB")
    assert score_input(out, first) == 1
    assert score_input(out, first, model=NEWER) == 1
    assert score_input(out, second) == 1
    assert new_rows(out, first, model=NEWER) == [0], "A was seen after B, so it is current again"
    assert score_input(out, first, model=NEWER) == 1
    assert current(out) == {"c/1": "A"}
    assert score_input(out, first) == 1
    assert new_rows(out, first) == new_rows(out, first, model=NEWER) == []


class Slot(NamedTuple):
    """What was seen of a post with one time of editing."""

    content: str
    models: frozenset[str]  # those that scored it since it was seen to be so


histories = st.lists(
    st.tuples(
        st.sampled_from([MODEL, NEWER]),
        st.lists(
            st.tuples(
                st.sampled_from(["c/1", "c/2"]), st.sampled_from("AB"), st.sampled_from([None, MAY, JUNE])
            ),
            min_size=1,
            max_size=4,
        ),
    ),
    min_size=1,
    max_size=4,
)


@given(runs=histories)
@settings(max_examples=10, deadline=None)
def test_any_history_of_versions_ends_at_the_last_one_and_is_scored_once(
    runs: list[tuple[ModelIdentity, list[Version]]],
) -> None:
    """Against a plain account of it: a dictionary of what was last seen in each slot."""
    slots: dict[tuple[str, datetime | None], Slot] = {}
    with tempfile.TemporaryDirectory() as temporary, pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        out, table = Path(temporary) / "out", Path(temporary) / "posts.parquet"
        for model, versions in runs:
            expected = 0
            for (key, edited_at), content in {(key, edited): text for key, text, edited in versions}.items():
                slot = slots.get((key, edited_at), Slot("", frozenset()))
                known = slot.models if slot.content == content else frozenset()
                expected += model.bundle_hash not in known
                slots[key, edited_at] = Slot(content, known | {model.bundle_hash})
            write_input(table, *versions)
            assert score_input(out, table, model=model) == expected
            assert score_input(out, table, model=model) == 0
        latest = {}
        for (key, _), slot in sorted(slots.items(), key=lambda item: item[0][1] or START):
            latest[key] = slot.content
        assert current(out) == latest


def test_an_input_that_is_damaged_is_named_before_anything_is_scored(tmp_path: Path) -> None:
    table = write_input(tmp_path / "posts.parquet", ("c/1", "A", None))
    content = bytearray(table.read_bytes())
    content[len(content) // 3] ^= 4
    table.write_bytes(content[:-20])
    with pytest.raises(DataError, match=r"posts\.parquet"):
        new_rows(tmp_path / "out", table)


# Reading and exporting


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


def test_columns_and_posts_can_be_chosen(tmp_path: Path) -> None:
    write(tmp_path, [make_post("c/1"), make_post("c/2"), make_post("c/3")])
    chosen = read_scores(tmp_path, columns=["p_order", "post_key"], post_keys=["c/3", "c/1", "c/9"])
    assert list(chosen.columns) == ["p_order", "post_key"]
    assert list(chosen["post_key"]) == ["c/1", "c/3"]


def test_an_output_without_posts_can_be_read_and_exported(tmp_path: Path) -> None:
    write(tmp_path)
    assert read_scores(tmp_path).empty
    assert list(read_scores(tmp_path, "sentences").columns) == sentence_schema(FRAMES).names
    export_scores(tmp_path, "csv")
    names = post_schema(FRAMES).names
    hashes = [name for name in names if name.endswith("_hash")]  # nobody reads them: they come last
    others = [name for name in names if name not in hashes]
    columns = list(pd.read_csv(tmp_path / "posts.csv").columns)
    assert columns[: len(others)] == others
    assert columns[-len(hashes) :] == hashes


def test_reading_a_folder_without_scores_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no scores there"):
        read_scores(tmp_path)


def test_csv_cells_cannot_be_formulas(tmp_path: Path) -> None:
    texts = ["=1+1", "+7 495", "-x", "@user", "\tx", "\rx", "a=1", '„quoted", with\nlines', ""]
    with open_output(tmp_path, MODEL) as output:
        stamp = output.start_run([])
        for i, text in enumerate(texts):
            commit(output, [make_post(f"c/{i}", channel="=c")], stamp, text)
    export_scores(tmp_path, "csv")
    written = [("'" + text) if i < 6 else text for i, text in enumerate(texts)]
    sentences = pd.read_csv(tmp_path / "sentences.csv", keep_default_na=False)
    assert list(sentences["text"]) == written
    assert set(sentences["channel"]) == {"'=c"}
    assert set(sentences["published_at"]) == {"2024-05-31T23:00:00Z"}
    posts = pd.read_csv(tmp_path / "posts.csv", keep_default_na=False)
    assert list(posts["text"]) == list(posts["evidence_texts"]) == written
    assert json.loads(posts["evidence"][0])[0]["frame"] == "order"


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_plain_files_hold_texts_evidence_and_links_as_they_are(tmp_path: Path, form: Any) -> None:
    out = tmp_path / "out"
    posts = [
        make_post("c/1", message_id=1),
        make_post("c/2", message_id=2, channel="a b"),
        make_post("c/3", n_sentences=0),
    ]
    with open_output(out, MODEL) as output:
        stamp = output.start_run([])
        commit(output, [{**posts[0], "content_hash": "old"}], stamp, "old")
        commit(output, posts[:2], stamp, "=text")
        first = output.tables.next_sequence
        empty = make_scored([{**posts[2], "evidence": [], "frames": []}], stamp, first=first)
        output.commit([ScoredBatch(empty.sentences.slice(0, 0), empty.posts)], first + 1)
    done = export_scores(out, form, tmp_path / "plain")
    written = done.exported
    assert (done.posts, done.without_link) == (3, 2)
    assert [path.name for path in written] == [f"posts.{form}", f"sentences.{form}"]
    read = pd.read_parquet if form == "parquet" else lambda path: pd.read_json(path, lines=True)
    found = {path.stem: read(path) for path in written}
    rows = found["posts"].sort_values("post_key").to_dict("records")
    assert [row["text"] for row in rows[:2]] == ["=text", "=text"]
    assert pd.isna(rows[2]["text"])
    assert [list(row["evidence_texts"]) for row in rows] == [["=text"], ["=text"], []]
    assert rows[0]["link"] == "https://t.me/c/1"
    assert all(pd.isna(row["link"]) for row in rows[1:])
    assert list(rows[0]["frames"]) == ["order"]
    assert set(found["sentences"]["text"]) == {"=text"}
    export_scores(out, form, tmp_path / "plain", link="https://archive.example/{channel}?{message_id}")
    again = read(tmp_path / "plain" / f"sentences.{form}")
    assert "https://archive.example/c?1" in set(again["link"])


def test_a_posts_table_gives_its_whole_texts_and_csv_is_marked_as_utf8(tmp_path: Path) -> None:
    text = "Перше речення.\n\n👉 Підписатися"
    table = tmp_path / "posts.parquet"
    export = tmp_path / "export.csv"
    write_records(
        export,
        [{"channel": "c", "message_id": n, "text": text} for n in (1, 2)],
        ["channel", "message_id", "text"],
    )
    ingest([export], table, ReadOptions())
    whole = pq.read_table(table).to_pylist()[0]["content_hash"]
    write(
        tmp_path / "out",
        [make_post("c/1", content_hash=whole), make_post("c/2", content_hash="another text")],
    )
    done = export_scores(tmp_path / "out", "csv", tmp_path / "plain", posts_table=table)
    assert (done.posts, done.without_post_text) == (2, 1)
    assert all(path.read_bytes().startswith(codecs.BOM_UTF8) for path in done.exported)
    rows = pd.read_csv(tmp_path / "plain" / "posts.csv", keep_default_na=False).set_index("post_key")
    assert dict(rows["post_text"]) == {"c/1": text, "c/2": ""}
    with pytest.raises(DataError, match="expected the posts table"):
        export_scores(tmp_path / "out", "csv", tmp_path / "plain", posts_table=export)


def test_times_in_text_files_are_iso(tmp_path: Path) -> None:
    write(tmp_path, [make_post("c/1")])
    export_scores(tmp_path, "jsonl")
    [row] = map(json.loads, (tmp_path / "posts.jsonl").read_text().splitlines())
    assert row["published_at"] == "2024-05-31T23:00:00Z"


def test_rejects_are_listed_once(tmp_path: Path) -> None:
    with open_output(tmp_path, MODEL) as output:
        assert output.add_rejects(['{"a": 1}\n', '{"b": 1}']) == 2
        assert output.add_rejects(['{"b": 1}', '{"c": 1}']) == 2
    assert (tmp_path / "rejects.jsonl").read_text().splitlines() == ['{"a": 1}', '{"b": 1}', '{"c": 1}']


# Without room


BATCHES = [[make_post("a/1"), make_post("b/1")], [make_post("a/2", published_at=JUNE)]]


@contextmanager
def no_room(n_bytes: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def files_of(root: Path) -> list[Path]:
    return sorted(root.rglob("*"))


def commit_without_room(root: Path) -> None:
    with open_output(root, MODEL) as output:
        stamp = output.start_run(["other"])
        with no_room(1000):
            commit(output, BATCHES[1], stamp)


def test_a_full_disk_leaves_the_output_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, BATCHES[0])
    before = files_of(tmp_path)
    with pytest.raises(DataError, match=r"no room to write.*run the same command again"):
        commit_without_room(tmp_path)
    assert files_of(tmp_path) == before
    write(tmp_path, BATCHES[1])
    assert keys_of(tmp_path) == ["a/1", "a/2", "b/1"]


def test_a_disk_that_is_full_at_the_commit_leaves_what_was_committed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The data files find room and the record of the log does not."""
    write(tmp_path, BATCHES[0])
    with open_output(tmp_path, MODEL) as output:
        first = output.tables.next_sequence
        scored = make_scored(BATCHES[1], MAY, first=first)
        files = {name: [getattr(output.tables, name).store.write(getattr(scored, name))] for name in TABLES}
        with no_room(300), pytest.raises(DataError, match="no room to write"), explain_full_disk(tmp_path):
            output.tables.commit_files(files["posts"], files["sentences"], first + 1, {})
    assert "panic" not in capfd.readouterr().err
    assert keys_of(tmp_path) == ["a/1", "b/1"]
    write(tmp_path, BATCHES[1])
    assert keys_of(tmp_path) == keys_of(tmp_path, "sentences") == ["a/1", "a/2", "b/1"]


def test_a_library_that_fails_without_room_is_understood(tmp_path: Path) -> None:
    """Writers in C++ raise errors of their own; the same error on a disk with room stays a defect of ours."""
    with pytest.raises(RuntimeError, match="unexpected pos"), explain_full_disk(tmp_path / "new" / "file"):
        raise RuntimeError("unexpected pos 64")
    with (
        no_room(1000),
        pytest.raises(DataError, match="no room to write"),
        explain_full_disk(tmp_path / "new" / "file"),
    ):
        raise RuntimeError("unexpected pos 64")
    assert not list(tmp_path.iterdir())


def test_other_errors_of_the_disk_are_not_disguised(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output"), open_output(tmp_path, MODEL):
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("what", ["out", "out/posts", "out/sentences"])
def test_a_folder_that_is_removed_in_mid_run_is_a_message(tmp_path: Path, what: str) -> None:
    write(tmp_path / "out", BATCHES[0])

    def score() -> None:
        with open_output(tmp_path / "out", MODEL) as output:
            shutil.rmtree(tmp_path / what)
            commit(output, BATCHES[1], MAY)

    with pytest.raises(DataError, match=r"gone.*moved or removed") as told:
        score()
    assert "\n" not in str(told.value)


def test_an_output_of_the_older_layout_is_told_how_to_convert(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 1, "frames": [], "runs": []}')
    for use in (lambda: read_scores(tmp_path), lambda: write(tmp_path)):
        with pytest.raises(DataError, match="frames scores convert"):
            use()


def test_a_folder_made_by_a_run_that_fails_goes_again(tmp_path: Path) -> None:
    def fail_after(*batches: list[dict[str, Any]]) -> None:
        with open_output(tmp_path / "out", MODEL) as output:
            for posts in batches:
                commit(output, posts, MAY)
            raise KeyError

    with pytest.raises(KeyError):
        fail_after()
    assert not (tmp_path / "out").exists()
    with pytest.raises(KeyError):
        fail_after(BATCHES[0])
    assert keys_of(tmp_path / "out") == ["a/1", "b/1"]


def test_a_run_that_was_not_finished_is_known_to_be_so(tmp_path: Path) -> None:
    def is_complete() -> bool:
        run = read_tables(tmp_path).read_last_run()
        assert run is not None
        return bool(run["complete"])

    for finishes in (True, False):
        with open_output(tmp_path, MODEL) as output:
            stamp = output.start_run(["input"])
            commit(output, [make_post(f"c/{finishes}")], stamp)
            if finishes:
                output.finish_run()
        assert is_complete() == finishes
    with open_output(tmp_path, MODEL) as output:
        output.start_run(["another"])
        output.finish_run()
    assert not is_complete()
    with open_output(tmp_path, MODEL) as output:
        output.start_run(["input"])
        output.finish_run()
    assert is_complete()
