"""Object stores: what a location may be, and posts, models and scores behind a server that speaks the S3 protocol."""

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from object_store import KEY_ID, SECRET, ObjectStore, serve_objects
from test_predict import make_row, write_table

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.commands.options import find_model
from pipeline.data.posts import POSTS_SCHEMA, count_rows, is_posts_table, iter_posts, write_pages
from pipeline.errors import DataError
from pipeline.files.stores import has_folder, list_files, parse_location


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
