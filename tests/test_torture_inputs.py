"""Damaged files of every format: a result that accounts for every record, or one line that names the file."""

import io
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import fuzz_seeds as seeds
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzz_targets import TARGETS, FaultError, Target, try_input
from hostile import TEXTS, damaged, encode
from hypothesis import HealthCheck, given, settings

from pipeline.errors import DataError

pytestmark = pytest.mark.fault

Print = Callable[[str], None]
SHORT, LONG = 30, 3400  # inputs for each target
RECORDS = {  # of the undamaged files, where they are not four
    **dict.fromkeys(("config", "codebook", "sentences", "near_duplicates", "terminal"), (1,)),
    **dict.fromkeys(("project", "answer", "update_state"), (1,)),
    **dict.fromkeys(("events", "kept_calls"), (2,)),
    "telegram_desktop": (4, 8),
    "pasted": (4, 3),
    "labelled_parquet": (2,),
    "label_studio": (5,),
    **dict.fromkeys(("vk_wall", "tweets", "json_feed", "preview_page", "plain_workbook", "article"), (1,)),
    "bot_updates": (2,),
    **dict.fromkeys(("other_scores", "archive"), (2,)),
    "archive_list": (1,),
    "archived_posts": (3,),
    "detected": (*(4,) * 8, 3, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1),
}
CAREFUL = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_files_are_read_or_refused(
    name: str, is_long: bool, tmp_path: Path, print_figure: Print
) -> None:
    target, tried = TARGETS[name], Counter[str]()

    @settings(CAREFUL, max_examples=LONG if is_long else SHORT, derandomize=not is_long)
    @given(data=damaged(target.seeds))
    def check(data: bytes) -> None:
        try:
            outcome = try_input(target, data, tmp_path)
        except FaultError as fault:
            tried[str(fault).partition(":")[0]] += 1
            raise
        tried["refused" if outcome.refused else "read"] += 1
        tried["counted"] += outcome.is_counted

    try:
        check()
    finally:
        n = sum(tried[kind] for kind in ("read", "refused", "crash", "hang", "loss", "message"))
        print_figure(
            f"damaged files, {name}: {n:,} tried, {tried['refused']:,} refused in a line, {tried['read']:,} read, "
            f"{tried['counted']:,} of them with another count of the records, which agreed; crashes {tried['crash']}, "
            f"hangs {tried['hang']}, silent losses {tried['loss']}, bad messages {tried['message']}"
        )


@pytest.mark.parametrize("name", TARGETS)
def test_undamaged_files_are_read_to_the_last_record(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds):
        outcome = try_input(target, seed, tmp_path)
        assert not outcome.refused
        expected = RECORDS.get(name, (4,))
        assert outcome.records == expected[min(number, len(expected) - 1)]


@pytest.mark.parametrize("name", TARGETS)
def test_each_hostile_text_as_the_whole_file(name: str, tmp_path: Path) -> None:
    for text in TEXTS:
        try_input(TARGETS[name], encode(text), tmp_path)


@pytest.mark.parametrize("depth", [900, 930, 945, 950, 955, 960, 965, 970, 975, 980, 985, 990, 1000, 5000])
@pytest.mark.parametrize(
    "name", ["telegram_desktop", "telethon", "plain_lines", "labelled_lines", "label_studio", "prodigy"]
)
def test_nesting_near_the_limit_of_python(name: str, depth: int, tmp_path: Path) -> None:
    """What json still follows, a message about it may not: the limit counts the calls around it as well."""
    target = TARGETS[name]
    deep = b"[" * depth + b"]" * depth
    for value in (b'"order"', b'"x"', b'"First <b>& last</b>"', b"null", b"5", b'"accept"'):
        data = target.seeds[0].replace(value, deep, 1)
        try_input(target, data, tmp_path)
        try_input(target, data.replace(b'"id"', b'"\\ud800"', 1), tmp_path)


def labels_without_values() -> bytes:
    """A table whose column of labels is a group without fields: Arrow names it and leaves it out."""
    table = pa.table({"id": ["a"], "text": ["x"], "labels": [{"inside": "threat"}]})
    file = io.BytesIO()
    pq.write_table(table, file, store_schema=False)
    # numbers of fields in the footer: one more at the top, none in the group
    return (
        file.getvalue()
        .replace(b"schema\x15\x06", b"schema\x15\x08")
        .replace(b"labels\x15\x02", b"labels\x15\x00")
    )


# Faults that were found so, each in its smallest form. Every one was a crash, a hang or a loss before it was mended.
FOUND: dict[str, tuple[str, bytes]] = {
    "a number of a million digits overflowed decimals": (
        "plain_lines",
        b'{"text":"x","id":"%s"}' % (b"9" * 1_100_000),
    ),
    "a label that is a set of lists": ("labelled_csv", b"text,labels\nx,[{[]}]\ny,order\n"),
    "a label that is a number of too many digits": (
        "labelled_csv",
        b"text,labels\nx,[0x%s]\ny,order\n" % (b"F" * 4000),
    ),
    "a tag of YAML without its value": ("codebook", b"name: !!int ''"),
    "a time that is none, by its tag": ("config", b"name: !!timestamp foo"),
    "a truth value that is none, by its tag": ("config", b"name: !!bool x"),
    "a time before the first year": ("config", b"name: 0001-01-01T00:00:00+23:00"),
    "a hexadecimal number in a message": ("config", b"seed: 0x%s" % (b"F" * 5000)),
    "a base-60 number in a message": ("codebook", b"name: 1%s" % (b":10" * 3000)),
    "half of a surrogate pair in a codebook": (
        "codebook",
        seeds.CODEBOOK.replace("name: Threat", 'name: "\\ud800"').encode(),
    ),
    "a data file of a name that no file may have": (
        "config",
        seeds.CONFIG.replace("sample:codebook.yaml", "x" * 300).encode(),
    ),
    "a list nested beyond the patience of the scanner": ("config", b"name: " + b"[" * 60_000),
    "a feed nested beyond the patience of its reader": (
        "rss",
        b"<rss>%s%s</rss>" % (b"<a>" * 60_000, b"</a>" * 60_000),
    ),
    "kept calls whose damaged schema is quoted in the message": (
        "kept_calls",
        TARGETS["kept_calls"].seeds[0].replace(b"fingerprint TEXT", b'fingerprint "\xb0EX'),
    ),
    "spaces in a description": (
        "rss",
        b"<rss><item><description>&lt;b&gt;x%sy</description></item></rss>" % (b" " * 200_000),
    ),
    "spaces behind Forwarded from": (
        "rss",
        b"<rss><item><description>Forwarded from%s%s</description></item></rss>"
        % (b" " * 50_000, b"x" * 300),
    ),
    "spaces in a saved page": (
        "telegram_pages",
        seeds.desktop_html().replace("First", " " * 200_000).encode(),
    ),
    "a tracker's column that stands twice": (
        "tracker",
        b"message,msg_id,number_forwards,message\nhello,1,0,\n",
    ),
    "marks that are sorted by insertion": ("near_duplicates", "\u0301\u0327".encode() * 30_000),
    "half of a surrogate pair as an annotator": (
        "label_studio",
        (
            b'[{"data":{"id":"a","text":"x"},"annotations":[{"completed_by":{"email":"\\ud800"},"result":[]},'
            b'{"completed_by":1,"result":[]}]}]'
        ),
    ),
    "half of a surrogate pair as an id": (
        "label_studio",
        (
            b'[{"data":{"id":"\\udfff","text":"x"},"annotations":[{"result":[]}]},'
            b'{"data":{"id":"b","text":"y"},"annotations":[{"result":[]}]}]'
        ),
    ),
    "a column name of two lines in a message": ("tracker", b'"signa\nture",date\n1,2\n'),
    "labels of two lines in a message": ("labelled_lines", b'{"text":"x","labels":["a\\nb"]}'),
    "a frame's column of two lines in a message": ("coded_csv", b'id,text,"frame: a\nb"\n1,x,maybe\n'),
    "a column without values": ("labelled_parquet", labels_without_values()),
    "an id of two lines in a message": ("labelled_csv", b'id,text,labels\n"a\nb",x,\n"a\nb",y,\n'),
    "an id of two lines in a message about a sample": ("sample", b'{"id":"a\\nb","text":"x"}\n' * 2),
    "a table of a thousand columns in a message": (
        "coded_csv",
        b",".join(b"column%d" % n for n in range(1000)) + b"\n",
    ),
    "a config of thousands of unknown keys": ("config", b"".join(b"key%d: 1\n" % n for n in range(5000))),
}


@pytest.mark.parametrize("fault", FOUND)
def test_what_was_found_stays_mended(fault: str, tmp_path: Path) -> None:
    name, data = FOUND[fault]
    try_input(TARGETS[name], data, tmp_path, seconds=5)


def test_the_lost_text_of_a_column_that_stands_twice_is_told(tmp_path: Path) -> None:
    name, data = FOUND["a tracker's column that stands twice"]
    assert "'message' stands more than once" in try_input(TARGETS[name], data, tmp_path).refused


# The checks themselves: each notices a planted fault.


def plant(read: Callable[[Path], int]) -> Target:
    return Target("planted", ".json", (b"[]",), read, count=lambda data: len(json.loads(data)))


def raising(error: BaseException) -> Callable[[Path], int]:
    def read(path: Path) -> int:
        raise error if error.args else DataError(f"{path}: a\nb")

    return read


def spin(_: Path) -> int:
    until = time.process_time() + 5
    while time.process_time() < until:
        pass
    return 0


PLANTED: dict[str, tuple[Callable[[Path], int], str]] = {
    "another exception": (raising(KeyError("x")), "crash: planted: KeyError"),
    "exhausted memory": (raising(MemoryError("x")), "crash"),
    "a record that is lost": (lambda _: 1, "loss: planted: 1 of 2 records"),
    "a record that is made up": (lambda _: 3, "loss: planted: 3 of 2 records"),
    "a message without the file": (raising(DataError("no")), "message: does not name planted.json"),
    "a message of megabytes": (raising(DataError("planted.json" + "x" * 5000)), "message: 5012 characters"),
    "a message of two lines": (raising(DataError()), "message: more than one line"),
    "no end": (spin, "hang: planted: more than 0.3 s"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_the_checks_notice_planted_faults(fault: str, tmp_path: Path) -> None:
    read, message = PLANTED[fault]
    with pytest.raises(FaultError, match=message):
        try_input(plant(read), b"[1, 2]", tmp_path, seconds=0.3)
