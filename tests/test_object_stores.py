"""Object stores: what a location may be, and posts, models and scores behind a server that speaks the S3 protocol."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from object_store import KEY_ID, SECRET, ObjectStore, serve_objects
from test_predict import assert_same_content, make_row, write_table
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.cli import app
from pipeline.commands.options import find_model
from pipeline.data.posts.posts_table import POSTS_SCHEMA, count_rows, is_posts_table, iter_posts, write_pages
from pipeline.errors import DataError
from pipeline.files.stores import has_folder, list_files, parse_location
from pipeline.scoring import scoring_run
from pipeline.scoring.prediction import predict


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    with serve_objects() as server:
        yield server


@pytest.fixture
def store(server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture(scope="module")
def bucket(server: ObjectStore) -> str:
    return server.make_bucket("bucket")


# What a location is.


def test_a_location_is_a_path_or_a_bucket_and_a_path() -> None:
    assert parse_location("a/b.parquet") == Path("a/b.parquet")
    assert parse_location("s3://bucket/a/") == "s3://bucket/a"
    assert parse_location("gs://bucket") == "gs://bucket"


@pytest.mark.parametrize(
    "text",
    [
        "s3://key:secret@bucket/a",
        "s3://bucket/a?endpoint_override=secret",
        "s3://bucket:secret/a",
        "http://bucket/secret",
        "s3:///secret",
        "s3://bucket/../secret",
    ],
)
def test_other_uris_and_credentials_in_them_are_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(DataError, match="expected") as caught:
        parse_location(text)
    if ".." not in text and "///" not in text:
        assert "secret" not in str(caught.value)


# Posts tables.


def test_a_posts_table_is_read_from_a_store(store: ObjectStore, bucket: str, tmp_path: Path) -> None:
    rows = [make_row(i) for i in range(25)]
    table = write_table(tmp_path / "posts.parquet", rows)
    uri = store.upload(table, f"{bucket}/read/posts.parquet")
    store.upload(table, f"{bucket}/read/_delta_log/00.parquet")
    assert is_posts_table(uri)
    assert count_rows(uri) == 25
    assert list(iter_posts(uri, batch_rows=10)) == list(iter_posts(table, batch_rows=10))
    assert list_files(f"{bucket}/read") == [uri]
    assert has_folder(f"{bucket}/read", "_delta_log")
    assert not has_folder(f"{bucket}/read", "other")


def test_a_damaged_posts_table_in_a_store_is_named(store: ObjectStore, bucket: str, tmp_path: Path) -> None:
    table = tmp_path / "posts.parquet"
    with write_pages(table, POSTS_SCHEMA) as writer:
        writer.write_table(pa.Table.from_pylist([make_row(i) for i in range(25)], POSTS_SCHEMA))
    content = bytearray(table.read_bytes())
    first = pq.read_metadata(table).row_group(0).column(0)
    content[first.data_page_offset + first.total_compressed_size // 2] ^= 255
    table.write_bytes(content)
    uri = store.upload(table, f"{bucket}/damaged/posts.parquet")
    with pytest.raises(DataError, match=rf"{uri}: cannot be read: .*The table is damaged, or its store"):
        list(iter_posts(uri))


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("name", ["missing.parquet", "no/such/folder"])
def test_what_is_not_in_a_store_is_a_message(bucket: str, name: str) -> None:
    assert not is_posts_table(f"{bucket}/{name}")
    with pytest.raises(DataError, match=f"{bucket}/{name}: no such posts table"):
        list(iter_posts(f"{bucket}/{name}"))


@pytest.mark.usefixtures("store")
def test_a_store_out_of_reach_is_a_message_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(
        DataError, match=r"s3://bucket/x\.parquet: cannot be read: .*AWS_ENDPOINT_URL"
    ) as caught:
        is_posts_table("s3://bucket/x.parquet")
    assert SECRET not in str(caught.value)
    assert KEY_ID not in str(caught.value)


# Models.


def test_a_model_is_fetched_from_a_store(store: ObjectStore, bucket: str, tiny_bundle: ModelBundle) -> None:
    uri = store.upload(tiny_bundle.folder, f"{bucket}/models/tiny")
    fetched = load_bundle(find_model(uri))
    assert fetched.bundle_hash == tiny_bundle.bundle_hash
    assert fetched.folder.name == "tiny"


def test_a_folder_of_a_store_that_leads_out_of_itself_is_refused(store: ObjectStore, bucket: str) -> None:
    store.client().put_object(Bucket="bucket", Key="models/evil/../../x", Body=b"x")
    with pytest.raises(DataError, match=r"leads out of the folder|nothing there"):
        find_model(f"{bucket}/models/evil")


@pytest.mark.usefixtures("store")
def test_no_model_in_a_store_is_a_message(bucket: str) -> None:
    with pytest.raises(DataError, match=f"{bucket}/models/none: nothing there"):
        find_model(f"{bucket}/models/none")


# Scores.


def read_lines(path: Path) -> list[dict[str, Any]]:
    own = ("scored_at", "sequence")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{name: value for name, value in row.items() if name not in own} for row in rows]


def test_scores_in_a_store_are_those_on_a_disk(
    store: ObjectStore, bucket: str, tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    rows = [make_row(i) for i in range(60)]
    tables = [write_table(tmp_path / f"{i}.parquet", rows[i * 30 : i * 30 + 30]) for i in range(2)]
    for table in tables:
        store.upload(table, f"{bucket}/posts/{table.name}")
    out = f"{bucket}/scores"
    assert predict([f"{bucket}/posts/0.parquet"], tiny_bundle, out, batch_posts=2).newly_scored == 30
    report = predict([f"{bucket}/posts"], tiny_bundle, out, batch_posts=30)
    assert (report.already_scored, report.newly_scored) == (30, 30)
    predict(tables, tiny_bundle, tmp_path / "scores")
    assert_same_content(tmp_path / "scores", out)
    for folder, scores in (("a", out), ("b", str(tmp_path / "scores"))):
        arguments = ["scores", "export", scores, "--format", "jsonl", "-o", str(tmp_path / folder)]
        assert CliRunner().invoke(app, arguments).exit_code == 0
    rows_of = [read_lines(tmp_path / folder / "posts.jsonl") for folder in "ab"]
    assert rows_of[0] == rows_of[1]
    assert len(rows_of[0]) == 60


def test_of_two_writers_in_a_store_one_says_why_and_nothing_is_twice(
    store: ObjectStore,
    bucket: str,
    tiny_bundle: ModelBundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert store
    monkeypatch.setattr(scoring_run, "WINDOWS_PER_COMMIT", 1)
    table, out = write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(40)]), f"{bucket}/two"
    others = []

    def let_another_write(_: str, done: int, __: int) -> None:
        if done >= 20 and not others:
            others.append(predict([table], tiny_bundle, out))

    with pytest.raises(DataError, match=r"another process wrote there meanwhile.*run the same command again"):
        predict([table], tiny_bundle, out, batch_posts=10, on_progress=let_another_write)
    assert 0 < others[0].already_scored < 40
    assert predict([table], tiny_bundle, out).newly_scored == 0
    predict([table], tiny_bundle, tmp_path / "whole")
    assert_same_content(tmp_path / "whole", out)


def test_a_damaged_file_in_a_store_is_told_before_anything_is_written(
    store: ObjectStore, bucket: str, tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    out = f"{bucket}/damage"
    predict([write_table(tmp_path / "a.parquet", [make_row(0)])], tiny_bundle, out)
    [key] = [key for key in store.list_keys("bucket") if key.startswith("damage/posts/part-")]
    content = bytearray(store.client().get_object(Bucket="bucket", Key=key)["Body"].read())
    content[len(content) // 2] ^= 1
    store.client().put_object(Bucket="bucket", Key=key, Body=bytes(content))
    before = store.list_keys("bucket")
    with pytest.raises(DataError, match=rf"s3://bucket/{key}: damaged"):
        predict([write_table(tmp_path / "b.parquet", [make_row(1)])], tiny_bundle, out)
    assert store.list_keys("bucket") == before


@pytest.mark.usefixtures("store")
def test_what_an_object_store_cannot_be_used_for_is_a_message(
    bucket: str, tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match=r"a\.jsonl: raw exports are read on a disk first: frames ingest"):
        predict([tmp_path / "a.jsonl"], tiny_bundle, f"{bucket}/raw")
    with pytest.raises(DataError, match=f"{bucket}/none: expected a posts table or a folder of them"):
        predict([f"{bucket}/none"], tiny_bundle, tmp_path / "out")
    assert "name a folder" in CliRunner().invoke(app, ["scores", "export", f"{bucket}/scores"]).stderr
    with pytest.raises(DataError, match="frames scores export"):
        predict([tmp_path / "a.jsonl"], tiny_bundle, f"{bucket}/raw", export="csv")
    with pytest.raises(DataError, match="is a Delta table; expected posts tables"):
        predict([f"{bucket}/scores/posts"], tiny_bundle, tmp_path / "out")


@pytest.mark.parametrize(
    "words",
    [
        "compact s3://b/scores",
        "report s3://b/scores -o r.html",
        "report scores -o s3://b/r.html",
        "shares s3://b/scores",
        "sample s3://b/scores -n 3 -o s.csv",
        "sample s3://b/posts.parquet -n 3 -o s.csv",
        "drift s3://b/posts.parquet --model m",
        "explain m --scores s3://b/scores --post a/1",
        "ingest a.jsonl s3://b/b.jsonl -o p.parquet",
        "ingest a.jsonl -o gs://b/p.parquet",
    ],
)
def test_a_command_for_disks_refuses_an_object_store(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python would take its name for that of a folder "s3:"."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 1, done.output
    [line] = done.stderr.splitlines()
    assert re.search("s3://b/|gs://b/", line)
    assert "expected a path on a disk" in line
    assert not list(tmp_path.iterdir())


def test_the_command_names_no_credentials(
    store: ObjectStore, tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    environment = {**os.environ, **store.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    arguments = ["s3://bucket/a.parquet", "--model", str(tiny_bundle.folder), "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.predict", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "s3://bucket/a.parquet: cannot be read" in done.stderr
    assert not any(secret in done.stdout + done.stderr for secret in (SECRET, KEY_ID))
