"""Two Delta tables and one truth: what a batch's crash leaves, and what damage is told."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from pipeline.errors import DataError
from pipeline.scoring.delta_table import ScoreTable, Store
from pipeline.scoring.score_posts import post_schema, sentence_schema
from pipeline.scoring.score_tables import POSTS, SENTENCES, ScoreTables, open_store

FRAMES = ("order", "threat: a.b")
STAMP = datetime(2024, 5, 31, 23, tzinfo=UTC)
RUN = {"model_id": "m@1"}


class Died(BaseException):
    """A process that ends at once; nothing of ours catches it."""


def make_rows(schema: pa.Schema, sequences: Sequence[int], **values: Any) -> pa.Table:
    rows = [
        {
            "post_key": f"c/{i}",
            "sequence": i,
            "p_order": 0.5,
            "frames": ["order"],
            "scored_at": STAMP,
            **values,
        }
        for i in sequences
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def commit(tables: ScoreTables, sequences: Sequence[int], sentences: bool = True) -> None:
    posts = make_rows(post_schema(FRAMES), sequences)
    of_posts = make_rows(sentence_schema(FRAMES), sequences if sentences else [], text="text")
    tables.commit(posts, of_posts, sequences[-1] + 1, RUN)


def open_tables(root: Path) -> ScoreTables:
    return ScoreTables.open_to_write(root, FRAMES)


def sequences_of(root: Path, table: str) -> list[int]:
    """As a reader sees them that knows nothing of us."""
    return sorted(DeltaTable(root / table).to_pyarrow_table(columns=["sequence"])["sequence"].to_pylist())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Tables with two batches, of three posts each; those of the second have no sentences."""
    tables = open_tables(tmp_path / "out")
    commit(tables, [0, 1, 2])
    commit(tables, [3, 4, 5], sentences=False)
    return tmp_path / "out"


@pytest.mark.parametrize("name", ["a b", "a#b", "[1]'s", "a%", "é*?", "$x"])
def test_tables_lie_in_folders_of_any_name(tmp_path: Path, name: str) -> None:
    commit(open_tables(tmp_path / name), [0, 1])
    tables = open_tables(tmp_path / name)
    assert tables.next_sequence == 2
    assert tables.frame_ids == FRAMES
    assert tables.posts.to_dataset().to_table().equals(make_rows(post_schema(FRAMES), [0, 1]))


def test_a_folder_whose_name_delta_misreads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="give a folder of another name"):
        open_tables(tmp_path / "100%20")
    assert not list(tmp_path.iterdir())


def test_no_tables_are_no_error_for_a_reader(tmp_path: Path) -> None:
    assert ScoreTables.open(tmp_path) is None
    assert ScoreTables.open(tmp_path / "missing") is None


STEPS = ("posts' file", "sentences' file", "sentences' commit", "posts' commit")


def die_before(monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool = False) -> None:
    """End the process before a step of a commit, or right after it."""
    owner, method, name = {
        "posts' file": (Store, "write", POSTS),
        "sentences' file": (Store, "write", SENTENCES),
        "sentences' commit": (ScoreTable, "commit", SENTENCES),
        "posts' commit": (ScoreTable, "commit", POSTS),
    }[step]
    do = getattr(owner, method)

    def die(self: Any, *arguments: Any) -> Any:
        location = self.location if owner is Store else self.store.location
        if not location.endswith(name):
            return do(self, *arguments)
        if after:
            do(self, *arguments)
        raise Died

    monkeypatch.setattr(owner, method, die)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_a_batch_is_there_wholly_or_not_at_all_whenever_its_process_ends(
    out: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    """Also where nobody ever scores it again, since its input is another one now."""
    with monkeypatch.context() as patch:
        die_before(patch, step, after=after)
        with pytest.raises(Died):
            commit(open_tables(out), [6, 7])
    seen = sequences_of(out, SENTENCES)
    assert seen in ([0, 1, 2], [0, 1, 2, 6, 7]), "no sentence stands twice, repaired or not"
    tables = open_tables(out)
    is_there = tables.next_sequence == 8
    assert is_there == (step == "posts' commit" or (step == "sentences' commit" and after))
    assert sequences_of(out, POSTS) == [0, 1, 2, 3, 4, 5] + [6, 7] * is_there
    assert sequences_of(out, SENTENCES) == [0, 1, 2] + [6, 7] * is_there
    commit(tables, [8, 9])
    assert sequences_of(out, POSTS) == [0, 1, 2, 3, 4, 5] + [6, 7] * is_there + [8, 9]
    assert sequences_of(out, SENTENCES) == [0, 1, 2] + [6, 7] * is_there + [8, 9]


@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_ends_while_the_tables_are_made_leaves_nothing_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    create = ScoreTable.create

    def die(location: str, *arguments: Any) -> ScoreTable:
        if after:
            create(location, *arguments)
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(ScoreTable, "create", die)
        with pytest.raises(Died):
            open_tables(tmp_path)
    assert ScoreTables.open(tmp_path) is None
    commit(open_tables(tmp_path), [0])
    assert sequences_of(tmp_path, POSTS) == sequences_of(tmp_path, SENTENCES) == [0]


def test_of_two_processes_that_commit_the_second_is_refused(out: Path) -> None:
    first, second = open_tables(out), open_tables(out)
    commit(first, [6])
    with pytest.raises(DataError, match="another process wrote there meanwhile"):
        commit(second, [6, 7])
    assert sequences_of(out, POSTS) == [0, 1, 2, 3, 4, 5, 6]
    assert sequences_of(out, SENTENCES) == [0, 1, 2, 6]


def test_a_repair_between_the_commits_of_another_process_adds_nothing_twice(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = open_tables(out)
    with monkeypatch.context() as patch:
        die_before(patch, "posts' commit")
        with pytest.raises(Died):
            commit(slow, [6, 7])
    open_tables(out)  # repairs
    batch = slow.sentences.read_last_metadata("narrative_frames_batch")
    assert batch["begins_at"] == 6
    with pytest.raises(DataError, match="another process wrote"):
        slow.posts.commit([slow.posts.store.write(make_rows(post_schema(FRAMES), [6, 7]))], 8, RUN)
    assert sequences_of(out, POSTS) == list(range(8))


def test_a_number_that_does_not_rise_is_refused(out: Path) -> None:
    with pytest.raises(ValueError, match="above 6, got 6"):
        open_tables(out).commit_files([], [], 6, RUN)


def test_files_that_workers_wrote_are_committed_by_the_driver(tmp_path: Path) -> None:
    tables = open_tables(tmp_path)
    files = {
        name: [open_store(tmp_path, name).write(make_rows(schema(FRAMES), [i, i + 1])) for i in (0, 2)]
        for name, schema in ((POSTS, post_schema), (SENTENCES, sentence_schema))
    }
    assert sequences_of(tmp_path, POSTS) == []
    tables.commit_files(files[POSTS], files[SENTENCES], 4, RUN)
    assert sequences_of(tmp_path, POSTS) == sequences_of(tmp_path, SENTENCES) == [0, 1, 2, 3]


def flip_a_bit(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)


def data_file(out: Path, table: str) -> Path:
    return out / table / DeltaTable(out / table).to_pyarrow_dataset().files[0].rpartition("/")[2]


def record(out: Path, table: str, n: int) -> Path:
    return sorted((out / table / "_delta_log").glob("*.json"))[n]


DAMAGE: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "a data file of posts is gone": (r"posts/part-.*is gone", lambda out: data_file(out, POSTS).unlink()),
    "a data file of sentences is gone": (
        r"sentences/part-.*is gone",
        lambda out: data_file(out, SENTENCES).unlink(),
    ),
    "a data file is cut": (
        r"sentences/part-.*has 100 bytes",
        lambda out: data_file(out, SENTENCES).write_bytes(data_file(out, SENTENCES).read_bytes()[:100]),
    ),
    "a bit of a data file is another": (
        r"posts/part-.*its bytes are not those",
        lambda out: flip_a_bit(data_file(out, POSTS), 200),
    ),
    "the log of posts is gone": (
        r"posts/_delta_log: lost",
        lambda out: shutil.rmtree(out / POSTS / "_delta_log"),
    ),
    "the log of sentences is gone": (
        r"sentences/_delta_log: lost",
        lambda out: shutil.rmtree(out / SENTENCES / "_delta_log"),
    ),
    "both logs are gone": (
        r"_delta_log: lost, while data files",
        lambda out: [shutil.rmtree(out / name / "_delta_log") for name in (POSTS, SENTENCES)],
    ),
    "a whole table is gone": (
        r"sentences/_delta_log: lost, while the other",
        lambda out: shutil.rmtree(out / SENTENCES),
    ),
    "the other table is gone": (
        r"posts/_delta_log: lost, while the other",
        lambda out: shutil.rmtree(out / POSTS),
    ),
    "the last record of sentences is gone": (
        r"sentences/_delta_log: has lost its last commits",
        lambda out: record(out, SENTENCES, -1).unlink(),
    ),
    "a record in the middle is gone": (
        r"posts/_delta_log: damaged",
        lambda out: record(out, POSTS, 1).unlink(),
    ),
    "the first record is gone": (r"posts/_delta_log: damaged", lambda out: record(out, POSTS, 0).unlink()),
    "a record is empty": (
        r"posts/_delta_log: damaged.*lists data files with 3 rows where 6 were written",
        lambda out: record(out, POSTS, 1).write_bytes(b""),
    ),
    "a record is cut": (
        r"posts/_delta_log: damaged",
        lambda out: record(out, POSTS, 1).write_bytes(record(out, POSTS, 1).read_bytes()[:200]),
    ),
    "a column has another name in the log": (
        r"posts/_delta_log/0+2.json: damaged: it is not what was written",
        lambda out: record(out, POSTS, 0).write_bytes(
            record(out, POSTS, 0).read_bytes().replace(b"p_order", b"p_ordes")
        ),
    ),
    "the last record of both is gone": (
        r"sentences/_delta_log: has lost its last commits",
        lambda out: [record(out, name, -1).unlink() for name in (POSTS, SENTENCES)],
    ),
    "everything but the number of the last batch is gone": (
        r"posts/_delta_log: lost",
        lambda out: [shutil.rmtree(out / name) for name in (POSTS, SENTENCES)],
    ),
    "the last two records of posts are gone": (
        r"posts/_delta_log: has lost its last commits",
        lambda out: [record(out, POSTS, -1).unlink(), record(out, POSTS, -1).unlink()],
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_told_before_anything_is_written(out: Path, what: str) -> None:
    message, damage = DAMAGE[what]
    damage(out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match=message) as told:
        open_tables(out)
    assert "Restore it from a copy" in str(told.value)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_the_last_record_of_posts_is_written_again_if_it_alone_is_lost(out: Path) -> None:
    record(out, POSTS, -1).unlink()
    assert open_tables(out).next_sequence == 6
    assert sequences_of(out, POSTS) == [0, 1, 2, 3, 4, 5]


def flipped_bits(path: Path) -> Iterator[None]:
    """The file with one bit changed, at many places, and then as it was."""
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        flip_a_bit(path, place)
        yield
        path.write_bytes(whole)


def fingerprint(out: Path) -> list[object]:
    """All that is used of the logs."""
    tables = ScoreTables.open(out)
    assert tables is not None
    both = (tables.posts, tables.sentences)
    states = [(sorted(map(str, table.list_files())), table.schema, table.progress) for table in both]
    return [*states, tables.read_last_run(), tables.sentences.read_last_metadata("narrative_frames_batch")]


@pytest.mark.parametrize("name", [POSTS, SENTENCES])
def test_no_damage_to_the_log_goes_unnoticed_or_it_changes_nothing(
    out: Path, name: str, is_long: bool
) -> None:
    """One bit in every so many bytes of each record (in the long form of all), and cuts, also between its lines."""
    whole = fingerprint(out)
    told: list[str] = []
    for path in (record(out, name, n) for n in range(3)):
        content = path.read_bytes()
        places = range(0, len(content), 1 if is_long else 41)
        flips = [content[:i] + bytes([content[i] ^ 1 << i % 8]) + content[i + 1 :] for i in places]
        ends = [i for i in range(len(content)) if content[i : i + 1] == b"\n"]
        for damaged in flips + [content[:end] for end in (0, *ends, *places)]:
            path.write_bytes(damaged)
            try:
                assert fingerprint(out) == whole
            except DataError as error:
                told.append(str(error))
        path.write_bytes(content)
    assert told
    assert all("_delta_log" in message for message in told)


def test_no_flipped_bit_in_a_data_file_goes_unnoticed(out: Path) -> None:
    for name in (POSTS, SENTENCES):
        for _ in flipped_bits(data_file(out, name)):
            tables = ScoreTables.open(out)
            assert tables is not None
            with pytest.raises(DataError, match=f"{name}/part-.*damaged"):
                (tables.posts if name == POSTS else tables.sentences).require_whole(verify_bytes=True)


def test_a_damaged_checkpoint_of_the_log_is_told_in_one_line(
    out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Some damage makes delta-rs panic, which it prints itself."""
    DeltaTable(out / POSTS).create_checkpoint()
    [checkpoint] = (out / POSTS / "_delta_log").glob("*.checkpoint.parquet")
    content, told = checkpoint.read_bytes(), []
    for place in range(0, len(content), 97):
        checkpoint.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            open_tables(out)
        except DataError as error:
            told.append(str(error))
    assert told
    assert "\n" not in "".join(told)
    assert capfd.readouterr().err == ""
