"""Output folders of the layout before Delta, made here as it was made then: every row is taken over, in its order."""

import json
import shutil
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_score_output import FRAMES, JUNE, MAY, MODEL, NEWER, make_post, new_rows, write, write_input
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import DataError
from pipeline.scoring.convert_scores import convert_scores
from pipeline.scoring.read_scores import read_scores
from pipeline.scoring.score_output import read_tables
from pipeline.scoring.score_posts import post_schema, sentence_schema


def seal(path: Path, content: dict[str, Any]) -> None:
    checksum = f"{zlib.crc32(json.dumps(content, sort_keys=True).encode()):08x}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**content, "checksum": checksum}))


class OldFolder:
    """Writes what the old version wrote."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs: list[dict[str, Any]] = []
        self.n_transactions = 0
        self.state_runs()

    def state_runs(self) -> None:
        seal(self.root / "manifest.json", {"format": 1, "frames": list(FRAMES), "runs": self.runs})

    def run(self, stamp: Any, *batches: list[dict[str, Any]], complete: bool = True) -> None:
        model = {"model_id": MODEL.model_id, "bundle_hash": MODEL.bundle_hash, "inputs": ["input"]}
        self.runs.append({**model, "scored_at": stamp.isoformat(), "complete": complete})
        self.state_runs()
        for posts in batches:
            self.transact([{**post, "scored_at": stamp} for post in posts])

    def transact(self, posts: list[dict[str, Any]]) -> None:
        self.n_transactions += 1
        checksums: dict[str, str] = {}
        sentences = [
            {**post, "sentence_index": i, "start": 0, "end": 4, "text": f"{post['content_hash']} {i}"}
            for post in posts
            for i in range(post["n_sentences"])
        ]
        for table, rows, schema in (
            ("posts", posts, post_schema(FRAMES)),
            ("sentences", sentences, sentence_schema(FRAMES)),
        ):
            kept = pa.schema([field for field in schema if field.name != "sequence"])
            for folder in sorted({place(row) for row in rows}):
                of_folder = pa.Table.from_pylist([row for row in rows if place(row) == folder], schema=kept)
                file = f"{table}/{folder}/part-{self.n_transactions:06d}.parquet"
                (self.root / file).parent.mkdir(parents=True, exist_ok=True)
                pq.write_table(of_folder, self.root / file, compression="zstd", write_page_checksum=True)
                checksums[file] = f"{zlib.crc32((self.root / file).read_bytes()):08x}"
        name = f"{self.n_transactions:06d}"
        renames = [[f"_staging/{name}/{file}", file] for file in checksums]
        seal(
            self.root / "_log" / f"{name}.done",
            {"posts": len(posts), "renames": renames, "checksums": checksums},
        )


def place(row: dict[str, Any]) -> str:
    month = row["published_at"].strftime("%Y-%m") if row["published_at"] else "undated"
    return f"channel_folder={row['channel']}/month={month}"


@pytest.fixture
def old(tmp_path: Path) -> OldFolder:
    """Versions by time of editing, by run, by transaction, and by another model."""
    folder = OldFolder(tmp_path / "old [1]")
    edited = make_post("c/1", content_hash="edited", edited_at=MAY)
    folder.run(
        MAY,
        [make_post("c/1"), make_post("c/2", n_sentences=3), edited],
        [make_post("d/3", content_hash="first"), make_post("d/4", n_sentences=0, published_at=None)],
        [make_post("d/3", content_hash="second"), make_post("d/3", content_hash="third", published_at=JUNE)],
    )
    folder.run(
        JUNE,
        [make_post("c/1", content_hash="late"), make_post("c/2", content_hash="later", published_at=JUNE)],
    )
    again = {"bundle_hash": NEWER.bundle_hash, "model_id": NEWER.model_id}
    folder.run(JUNE + timedelta(days=1), [make_post("e/5"), make_post("d/4", **again)], complete=False)
    return folder


def rows_of(tables: list[pa.Table]) -> list[dict[str, Any]]:
    rows = [row for table in tables for row in table.to_pylist()]
    return sorted(
        ({name: value for name, value in row.items() if name != "sequence"} for row in rows), key=repr
    )


def test_every_row_is_taken_over_and_what_is_current_stays_so(old: OldFolder, tmp_path: Path) -> None:
    new = tmp_path / "new"
    report = convert_scores(old.root, new)
    assert (report.posts, report.sentences) == (11, 12)
    tables = read_tables(new)
    for name, table in (("posts", tables.posts), ("sentences", tables.sentences)):
        parts = [pq.ParquetFile(path).read() for path in (old.root / name).rglob("*.parquet")]
        assert rows_of([table.to_dataset().to_table()]) == rows_of(parts)
    current = dict(read_scores(new).set_index("post_key")["content_hash"])
    assert current == {
        "c/1": "edited",
        "c/2": "later",
        "d/3": "third",
        "d/4": "hash of d/4",
        "e/5": "hash of e/5",
    }
    assert set(read_scores(new).set_index("post_key").loc[["d/4"], "bundle_hash"]) == {NEWER.bundle_hash}
    sentences = read_scores(new, "sentences", latest=False)
    assert not sentences.duplicated(["sequence", "sentence_index"]).any()
    assert sentences.groupby("sequence")["content_hash"].nunique().eq(1).all()
    assert (old.root / "manifest.json").exists()


def test_scoring_goes_on_in_what_was_converted(old: OldFolder, tmp_path: Path) -> None:
    new = tmp_path / "new"
    convert_scores(old.root, new)
    table = write_input(
        tmp_path / "posts.parquet", ("c/1", "edited", MAY), ("c/2", "later", None), ("f/1", "x", None)
    )
    assert new_rows(new, table) == [2]
    write(new, [make_post("c/2", content_hash="latest")])
    assert read_scores(new, post_keys=["c/2"])["content_hash"].tolist() == ["latest"]


def test_the_last_run_rejects_and_ingested_posts_are_kept(old: OldFolder, tmp_path: Path) -> None:
    (old.root / "rejects.jsonl").write_text('{"reason": "of use"}\n')
    (old.root / "_ingested").mkdir()
    (old.root / "_ingested" / "posts.parquet").write_bytes(b"posts")
    convert_scores(old.root, tmp_path / "new")
    last_run = read_tables(tmp_path / "new").read_last_run()
    assert last_run is not None
    assert last_run["complete"] is False
    assert last_run["scored_at"] == (JUNE + timedelta(days=1)).isoformat()
    assert [run["scored_at"] for run in last_run["earlier_runs"]] == [MAY.isoformat(), JUNE.isoformat()]
    for name in ("rejects.jsonl", "_ingested/posts.parquet"):
        assert (tmp_path / "new" / name).read_bytes() == (old.root / name).read_bytes()


def test_what_a_crash_left_staged_counts(old: OldFolder, tmp_path: Path) -> None:
    """A transaction that was stated and whose files were not moved, or only some of them."""
    record = old.root / "_log" / "000004.done"
    stated = json.loads(record.read_text())
    for staged, final in stated["renames"][1:]:
        (old.root / staged).parent.mkdir(parents=True, exist_ok=True)
        (old.root / final).rename(old.root / staged)
    record.rename(record.with_suffix(".json"))
    assert convert_scores(old.root, tmp_path / "new").posts == 11
    assert read_scores(tmp_path / "new", post_keys=["c/2"])["content_hash"].tolist() == ["later"]


def test_merged_parts_may_replace_those_that_the_records_name(old: OldFolder, tmp_path: Path) -> None:
    """As its compaction left them: the last part of a folder holds the rows of the others."""
    swaps, checksums = [], {}
    for table in ("posts", "sentences"):
        folder = f"{table}/channel_folder=c/month=2024-05"
        parts = sorted((old.root / folder).iterdir())
        assert len(parts) > 1
        merged = pa.concat_tables([pq.ParquetFile(part).read() for part in parts])
        for part in parts[:-1]:
            part.unlink()
        pq.write_table(merged, parts[-1])
        checksums[f"{folder}/{parts[-1].name}"] = f"{zlib.crc32(parts[-1].read_bytes()):08x}"
        swaps.append([f"_staging/000006/{folder}", folder, parts[0].name])
    seal(
        old.root / "_log" / "000006.done", {"posts": 0, "renames": [], "swaps": swaps, "checksums": checksums}
    )
    assert convert_scores(old.root, tmp_path / "new").posts == 11
    assert read_scores(tmp_path / "new", post_keys=["c/1"])["content_hash"].tolist() == ["edited"]


def a_part(old: OldFolder, table: str = "posts") -> Path:
    return min((old.root / table).rglob("*.parquet"))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda old: a_part(old).unlink(), "is gone"),
        (lambda old: a_part(old, "sentences").unlink(), "is gone"),
        (lambda old: flip(a_part(old)), "its checksum is not that"),
        (lambda old: flip(old.root / "_log" / "000001.done"), "000001.done"),
        (lambda old: (old.root / "manifest.json").write_text('{"format": 1, "checksum": "0"}'), "checksum"),
        (lambda old: (old.root / "manifest.json").write_text('{"format": 7}'), "of format 1"),
        (lambda old: (old.root / "manifest.json").unlink(), "nothing to convert"),
        (
            lambda old: [shutil.rmtree(old.root / "_log"), a_part(old).unlink()],
            "rows belong to",
        ),
    ],
)
def test_damage_is_told_and_nothing_is_left(
    old: OldFolder, tmp_path: Path, damage: Callable[[OldFolder], Any], message: str
) -> None:
    damage(old)
    with pytest.raises(DataError, match=message):
        convert_scores(old.root, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("path", ["../outside.parquet", "/etc/hostname"])
def test_a_record_that_leads_outside_is_refused(old: OldFolder, tmp_path: Path, path: str) -> None:
    for renames in ([[path, "posts/part-9.parquet"]], [["_staging/x", path]]):
        seal(old.root / "_log" / "000009.json", {"posts": 1, "renames": renames, "checksums": {}})
        with pytest.raises(DataError, match="outside of the output folder"):
            convert_scores(old.root, tmp_path / "new")


def test_a_link_that_leads_outside_is_refused(old: OldFolder, tmp_path: Path) -> None:
    (old.root / "_staging").mkdir(exist_ok=True)
    (old.root / "_staging" / "x").symlink_to("/etc/hostname")
    renames = [["_staging/x", "posts/part-9.parquet"]]
    seal(old.root / "_log" / "000009.json", {"posts": 1, "renames": renames, "checksums": {}})
    with pytest.raises(DataError, match="outside of the output folder"):
        convert_scores(old.root, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_not_written_to(old: OldFolder, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "thesis.docx").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        convert_scores(old.root, tmp_path / "new")
    assert (tmp_path / "new" / "thesis.docx").read_text() == "mine"


def test_an_empty_old_folder_gives_an_empty_new_one(tmp_path: Path) -> None:
    OldFolder(tmp_path / "old")
    assert convert_scores(tmp_path / "old", tmp_path / "new").posts == 0
    assert read_scores(tmp_path / "new").empty


def test_the_command_converts_and_other_commands_point_to_it(old: OldFolder, tmp_path: Path) -> None:
    pointed = CliRunner().invoke(app, ["report", str(old.root), "-o", str(tmp_path / "r.html")])
    assert pointed.exit_code == 1
    assert "frames scores convert" in pointed.stderr
    done = CliRunner().invoke(app, ["scores", "convert", str(old.root), str(tmp_path / "new"), "--json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == {"output": str(tmp_path / "new"), "posts": 11, "sentences": 12}
    exported = CliRunner().invoke(
        app, ["scores", "export", str(tmp_path / "new"), "--format", "jsonl", "-o", str(tmp_path / "plain")]
    )
    assert exported.exit_code == 0, exported.stderr
    assert len((tmp_path / "plain" / "posts.jsonl").read_text().splitlines()) == 5
