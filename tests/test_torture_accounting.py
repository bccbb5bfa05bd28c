"""Of every record in, something comes out: a post, a reject with its reason, or a count of what has no text."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from built_exports import FORMATS, Built, Made, make_records
from fuzz_seeds import table
from fuzz_targets import BOOK, TARGETS
from hostile import TEXTS, damaged, make_text, storable
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from pipeline.data.exports.detect import format_by_name
from pipeline.data.exports.field_values import clean_text
from pipeline.data.exports.pasted_text import opens_post
from pipeline.data.exports.raw_posts import ReadOptions, Skipped
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.data.posts.ingest import ingest
from pipeline.data.posts.input_files import find_inputs
from pipeline.data.posts.posts_table import read_posts
from pipeline.data.tables.text_files import decode_utf8_head
from pipeline.errors import DataError

pytestmark = pytest.mark.fault

Print = Callable[[str], None]
NUMBERS = st.binary(min_size=8, max_size=8).map(int.from_bytes)
CAREFUL = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
ROUNDS = {False: 2, True: 60}
RECORDS = {False: 25, True: 150}


@pytest.mark.parametrize("name", FORMATS)
def test_ingest_accounts_for_every_record(
    name: str, is_long: bool, tmp_path_factory: pytest.TempPathFactory, print_figure: Print
) -> None:
    built, counted = FORMATS[name], Counter[str]()

    @settings(CAREFUL, max_examples=ROUNDS[is_long], derandomize=not is_long)
    @given(number=NUMBERS)
    def check(number: int) -> None:
        records = make_records(Random(number), RECORDS[is_long])
        folder = tmp_path_factory.mktemp("export")
        (folder / "export.file").write_bytes(built.write(records))
        options = ReadOptions(utc_offset_hours=0)
        report = ingest([folder / "export.file"], folder / "posts.parquet", options, built.name or name)
        assert report.failed_files == ()
        assert report.read + report.no_text + report.rejected == len(records)
        assert report.read == report.new + report.duplicates_in_input + report.edited
        listed = folder / "posts.rejects.jsonl"
        lines = listed.read_text(encoding="utf-8").split("\n")[:-1] if listed.exists() else []
        assert report.rejected == len(lines)
        assert all(json.loads(line)["reason"] for line in lines)
        posts = read_posts(folder / "posts.parquet")
        assert len(posts) == report.new
        if built.is_exact:
            found = {int(n): text for n, text in zip(posts["message_id"], posts["text"], strict=True)}
            assert found == expected_posts(records, built)
        counted.update(
            records=len(records), posts=report.read, rejects=report.rejected, no_text=report.no_text
        )

    check()
    print_figure(
        f"accounting, {name}: {counted['records']:,} records = {counted['posts']:,} posts + "
        f"{counted['rejects']:,} rejects listed + {counted['no_text']:,} without text"
    )


def expected_posts(records: list[Made], built: Built) -> dict[int, str]:
    bad = {"time", "kind"} if built.has_kinds else {"time"}
    texts = {
        r.number: clean_text(join_pairs(r.text) if built.is_unicode else storable(r.text))
        for r in records
        if r.fault not in bad
    }
    return {number: text for number, text in texts.items() if text.strip()}


def join_pairs(text: str) -> str:
    """Two halves of a surrogate pair that chance put side by side are one character in JSON."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def test_records_that_are_lost_would_show(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Planted: a reader that passes over every tenth record."""
    reader = type(__import__("pipeline.data.exports.plain_json", fromlist=["x"]).LINES_FORMAT)
    read = reader.read
    monkeypatch.setattr(
        reader, "read", lambda *given: (record for n, record in enumerate(read(*given)) if n % 10 != 9)
    )
    records = make_records(Random(1), 25)
    (tmp_path / "x.jsonl").write_bytes(FORMATS["plain-jsonl"].write(records))
    report = ingest([tmp_path / "x.jsonl"], tmp_path / "posts.parquet", ReadOptions(utc_offset_hours=0))
    assert report.read + report.no_text + report.rejected == 23


def test_pasted_text_loses_no_word(is_long: bool, tmp_path: Path, print_figure: Print) -> None:
    """Words outside of the lines that open posts stand in a post, or the file has a reject."""
    counted = Counter[str]()

    @settings(CAREFUL, max_examples=3000 if is_long else 60, derandomize=not is_long)
    @given(damaged(TARGETS["pasted"].seeds))
    def check(data: bytes) -> None:
        path = tmp_path / "pasted.txt"
        path.write_bytes(data)
        try:
            records = list(format_by_name("pasted-text").read(path, ReadOptions()))
        except DataError:
            return
        text = clean_text(decode_utf8_head(data))
        lines = [line for line in text.replace("\r", "\n").split("\n") if not opens_post(line)]
        found = {word for record in records for word in find_words(getattr(record, "text", ""))}
        if not any(isinstance(record, Skipped) and record.kind == "reject" for record in records):
            words = {word for line in lines for word in find_words(line)}
            assert words <= found
            counted.update(words=len(words), files=1)

    check()
    print_figure(f"pasted text: {counted['words']:,} words of {counted['files']:,} damaged files, none lost")


find_words = re.compile(r"\w+").findall


# Parquet of any types


def any_column(n: int) -> st.SearchStrategy[pa.Array]:
    integers = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=n, max_size=n)
    times = [
        pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in (None, "UTC", "Europe/Kyiv")
    ]
    of_integers = [pa.int64(), *times, pa.date64(), pa.duration("s"), pa.duration("ns")]
    texts = st.lists(st.none() | st.sampled_from(TEXTS).map(storable), min_size=n, max_size=n)
    bytes_ = st.lists(st.none() | st.binary(max_size=8), min_size=n, max_size=n)
    lists = st.lists(
        st.none() | st.lists(st.sampled_from(("order", "threat", "x", None))), min_size=n, max_size=n
    )
    floats = st.lists(st.none() | st.floats(width=32), min_size=n, max_size=n)
    small = st.lists(st.none() | st.integers(-(2**31), 2**31 - 1), min_size=n, max_size=n)
    return st.one_of(
        st.builds(
            lambda values, kind: pa.array(values, pa.int64()).cast(kind, safe=False),
            integers,
            st.sampled_from(of_integers),
        ),
        st.builds(lambda values: pa.array(values, pa.int32()).view(pa.date32()), small),
        texts.map(lambda values: pa.array(values, pa.string())),
        texts.map(lambda values: pa.array(values, pa.large_string())),
        texts.map(lambda values: pa.array(values, pa.string()).dictionary_encode()),
        bytes_.map(lambda values: pa.array(values, pa.binary())),
        bytes_.map(lambda values: pa.array(values, pa.binary()).view(pa.string())),  # not all of it is UTF-8
        lists.map(lambda values: pa.array(values, pa.list_(pa.string()))),
        floats.map(lambda values: pa.array(values, pa.float64())),
        texts.map(lambda values: pa.array([{"text": value} for value in values])),
        st.just(pa.nulls(n)),
    )


def test_parquet_of_any_types_accounts_for_every_row(
    is_long: bool, tmp_path: Path, print_figure: Print
) -> None:
    counted = Counter[str]()

    @settings(CAREFUL, max_examples=3000 if is_long else 40, derandomize=not is_long)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        n = data.draw(st.integers(1, 4))
        names = data.draw(
            st.lists(st.sampled_from(("id", "date", "channel", "views", "source", "lang")), unique=True)
        )
        columns = {name: data.draw(any_column(n)) for name in ("text", "labels", *names)}
        if data.draw(st.booleans()):
            columns |= {
                "text": pa.array(["First", "Second", "", "Fourth"][:n]),
                "labels": pa.array([["order"]] * n),
            }
        columns = {name: pa.concat_arrays([column, column.slice(0, 0)]) for name, column in columns.items()}
        try:
            (tmp_path / "x.parquet").write_bytes(table(columns))
        except pa.ArrowInvalid:  # seconds that overflow, as Parquet knows only milliseconds
            reject()
        counted["files"] += 1
        try:
            labelled = read_labelled(tmp_path / "x.parquet", BOOK, on_bad_row="reject")
        except DataError as error:
            assert "x.parquet" in str(error)  # noqa: PT017 - either is right
            counted["refused"] += 1
        else:
            assert len(labelled) + len(labelled.rejects) == n
        try:
            report = ingest([tmp_path / "x.parquet"], tmp_path / f"{counted['files']}.parquet", ReadOptions())
        except DataError as error:
            assert "x.parquet" in str(error)  # noqa: PT017 - either is right
        else:
            assert report.read + report.no_text + report.rejected == n

    check()
    print_figure(
        f"Parquet of any types: {counted['files']:,} files, all rows accounted for; {counted['refused']:,} without "
        "usable labels"
    )


# Names of files and links


def test_names_of_files_are_text_in_tables_whatever_their_bytes(tmp_path: Path) -> None:
    names = [b"\xff.csv", b"\xfe.csv", b"a\nb.csv", "\u202eevil.csv".encode(), b"\x1b[31m.csv", b"'=1.csv"]
    (tmp_path / "in").mkdir()
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/" + name)).write_text(
            "text,id\nhello there,1\n", encoding="utf-8"
        )
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/\xfd.bin")).write_bytes(b"\0\1\2")
    report = ingest([tmp_path / "in"], tmp_path / "posts.parquet", ReadOptions(utc_offset_hours=0))
    posts = read_posts(tmp_path / "posts.parquet")
    assert report.new == len(names) == posts["channel"].nunique()
    assert {"\\xff", "\\xfe"} <= set(posts["channel"])
    assert report.rejected == 1
    report = ingest(
        [tmp_path / "in"], tmp_path / "again.parquet", ReadOptions(channel="\udcff", utc_offset_hours=0)
    )
    assert report.read == len(names)


def test_links_never_lead_out_of_the_folder_that_was_given(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("text,id\nsecret,1\n", encoding="utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "post.csv").write_text("text,id\nhello there,1\n", encoding="utf-8")
    links: dict[str, Any] = {
        "file.csv": outside / "secret.csv",
        "folder": outside,
        "up": "..",
        "me": ".",
        "loop": "loop",
    }
    for name, place in links.items():
        (inside / name).symlink_to(place)
    (inside / "pipe").unlink(missing_ok=True)
    os.mkfifo(inside / "pipe")
    found = find_inputs([inside], ())
    assert [file.name for file in found.files] == ["inside/post.csv"]
    assert {name for name, _ in found.refused} == {
        "inside/file.csv",
        "inside/folder",
        "inside/up",
        "inside/pipe",
    }
    report = ingest([inside], tmp_path / "posts.parquet", ReadOptions(utc_offset_hours=0))
    assert report.files_passed_over + report.rejected + report.files == len(links) + 2
    assert list(read_posts(tmp_path / "posts.parquet")["text"]) == ["hello there"]


def test_texts_are_made_again_from_their_number() -> None:
    assert [make_text(Random(n)) for n in range(20)] == [make_text(Random(n)) for n in range(20)]
