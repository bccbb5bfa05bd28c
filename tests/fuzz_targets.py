"""One target for each reader: what may come of a file, and how many records an independent count finds in it.

Whatever a file holds, a reader ends soon, with records that fit their table or with one line that names the file;
records that came out and records that were reported as unusable are together all that the file has.
"""

import io
import itertools
import json
import signal
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, cast

import fuzz_seeds as seeds
import pyarrow as pa
from format_examples import BOT, EXAMPLES, JSON_FEED, PREVIEW, TDLIB, VK
from fuzz_counts import (
    count_annotations,
    count_chat,
    count_items,
    count_lines,
    count_list,
    count_pages,
    count_rows,
    count_text_lines,
)
from pyarrow.csv import write_csv

from pipeline.annotation.label_exchange import Tool, import_codings, read_codings
from pipeline.annotation.sample_files import read_sample
from pipeline.archive.contents import NAMES, Contents, ShareRecipe
from pipeline.classifiers.llm.answers import BadAnswerError, grade_answer, read_answer
from pipeline.classifiers.llm.kept_calls import KeptCall, KeptCalls, Status
from pipeline.classifiers.llm.questions import Question
from pipeline.commands.update_state import STATE, UpdateState
from pipeline.config.project import load_project
from pipeline.config.run_config import load_run_config
from pipeline.data.codebooks.codebook import Codebook, Frame, load_codebook
from pipeline.data.codebooks.codebook_tables import read_codebook_table
from pipeline.data.copies.near_duplicates import cluster_texts
from pipeline.data.exports.detect import detect_format, format_by_name
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped
from pipeline.data.labels.labelled_rows import draft_labels, read_labelled
from pipeline.data.posts.posts_table import POSTS_SCHEMA, make_post_row
from pipeline.data.text.sentences import MAX_BLOCK, split_sentences
from pipeline.errors import PipelineError
from pipeline.files.safe_text import safe_text
from pipeline.files.sealed_zip import unpack_zip
from pipeline.prevalence.other_scores import OtherScores
from pipeline.reporting.events import read_events
from pipeline.reporting.html_report import read_rejects
from pipeline.scoring.plain_scores import list_columns, restore_scores
from pipeline.scoring.read_scores import read_scores

BOOK: Final = Codebook(
    name="Book",
    frames=(
        Frame(id="order", name="World order", definition="d"),
        Frame(id="threat", name="Threat", definition="d"),
    ),
)
LONGEST_MESSAGE: Final = 4000  # characters
SECONDS: Final = 10


class FaultError(AssertionError):
    """What no input may do; the first word says which kind of fault it is."""


class Hang(BaseException):
    """Time is up. No Exception, which a reader might catch."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file: how many records came out or were reported, or the message of the refusal.

    `is_counted` says that another count of the records agreed.
    """

    records: int = 0
    refused: str = ""
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A reader.

    Attributes:
        name: of the target, also the stem of the file.
        suffix: of the file.
        seeds: valid files.
        read: reads a file and counts its records, those reported as unusable included.
        count: an independent count of the records; None where the content is not of this form.
    """

    name: str
    suffix: str
    seeds: tuple[bytes, ...]
    read: Callable[[Path], int]
    count: Callable[[bytes], int | None] = lambda _: None


def try_input(target: Target, data: bytes, folder: Path, seconds: float = SECONDS) -> Outcome:
    """Give a target its file.

    Raises:
        FaultError: any exception but the project's own, a message that is no line or does not name the file, more time
            than allowed, or another number of records than the file has.
    """
    path = folder / f"{target.name}{target.suffix}"
    path.write_bytes(data)
    try:
        with _time_limit(seconds):
            records = target.read(path)
    except PipelineError as error:
        return Outcome(refused=_checked_message(str(error), path))
    except Hang:
        raise FaultError(f"hang: {target.name}: more than {seconds} s for {len(data)} bytes") from None
    except Exception as error:
        raise FaultError(f"crash: {target.name}: {error!r:.300}") from error
    expected = target.count(data)
    if expected is not None and expected != records:
        raise FaultError(f"loss: {target.name}: {records} of {expected} records accounted for")
    return Outcome(records, is_counted=expected is not None)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise Hang

    previous = signal.signal(signal.SIGPROF, give_up)  # of the processor: other work does not count
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def _checked_message(message: str, path: Path) -> str:
    if path.name not in message:
        raise FaultError(f"message: does not name {path.name}: {message[:300]}")
    if len(message) > LONGEST_MESSAGE:
        raise FaultError(f"message: {len(message)} characters: {message[:300]}")
    listed = ("does not fit:\n  ", "makes no codebook:\n  ")  # a line for each key or cell
    if len(message.splitlines()) > 1 and not any(start in message for start in listed):
        raise FaultError(f"message: more than one line: {message[:300]!r}")
    return message


# Posts


def _read_posts(format_name: str | None) -> Callable[[Path], int]:
    def read(path: Path) -> int:
        export_format = format_by_name(format_name) if format_name else detect_format(path)
        records = export_format.read(path, ReadOptions(utc_offset_hours=0))
        n = 0
        while portion := list(itertools.islice(records, 100)):
            n += len(portion)
            _check_posts(portion)
        return n

    return read


def _check_posts(records: list[RawPost | Skipped]) -> None:
    assert all(record.record for record in records)
    rows = [make_post_row(record, "made") for record in records if isinstance(record, RawPost)]
    pa.Table.from_pylist(rows, POSTS_SCHEMA).validate(full=True)
    assert all(row["text"].strip() and row["channel"] and "\0" not in row["text"] for row in rows)


# Labels


def _read_labels(path: Path) -> int:
    data = read_labelled(path, BOOK, on_bad_row="reject")
    draft_labels_or_refuse(path)
    assert data.indicator().shape == (len(data), 2)
    assert len(data.fingerprint) == 64
    return len(data) + len(data.rejects)


def draft_labels_or_refuse(path: Path) -> None:
    try:
        draft_labels(path)
    except PipelineError as error:
        _checked_message(str(error), path)


def _read_codings(tool: Tool | None) -> Callable[[Path], int]:
    def read(path: Path) -> int:
        found = read_codings(path, tool=tool)
        imported = import_codings([path], BOOK, tool=tool)
        n_read = len(found.codings) + len(found.rejects)
        assert n_read == len(imported.codings) + len(imported.rejects)
        json.dumps([coding.to_row() for coding in imported.codings], ensure_ascii=False, default=str).encode()
        return int(n_read + found.n_untouched)

    return read


def _read_sample(path: Path) -> int:
    return len(read_sample(path))


# Settings, texts, pages


def _read_config(path: Path) -> int:
    load_run_config(path)
    return 1


def _read_codebook(path: Path) -> int:
    assert len(load_codebook(path).content_hash) == 64
    return 1


def _read_frames(path: Path) -> int:
    book, _ = read_codebook_table(path, "Book", mode="multi_label")
    return len(book.frames)


def _read_text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _split_text(path: Path) -> int:
    text = _read_text(path)
    position = 0
    for sentence in split_sentences(text):
        assert position <= sentence.start < sentence.end <= len(text)
        assert text[sentence.start : sentence.end] == sentence.text
        assert len(sentence.text) <= MAX_BLOCK or "\n" in sentence.text
        _refuse_words(text[position : sentence.start])
        position = sentence.end
    _refuse_words(text[position:])
    return 1


def _refuse_words(gap: str) -> None:
    """Between sentences stands at most an enumerator such as "12." or a circled digit."""
    letters = [sign for sign in gap if sign.isalpha() and unicodedata.category(sign) != "So"]
    assert not letters, f"left out: {gap[:80]!r}"


def _cluster_text(path: Path) -> int:
    texts = _read_text(path).split("\n")
    clusters = cluster_texts([*texts, *texts], groups=None)
    assert len(clusters) == 2 * len(texts)
    assert all(0 <= cluster <= row for row, cluster in enumerate(clusters))
    return 1


def _show_text(path: Path) -> int:
    shown = safe_text(_read_text(path))
    assert len(shown.splitlines()) <= 1
    assert not any(
        unicodedata.category(sign) in {"Cc", "Cs"} or sign in "\u202e\u2066\u200f" for sign in shown
    )
    return 1


def _show_rejects(path: Path) -> int:
    rejects = read_rejects(path)
    assert sum(count for _, count in rejects["reasons"]) + rejects["other_reasons"] <= rejects["total"]
    return int(rejects["total"])


def _read_others(path: Path) -> int:
    scores = OtherScores.read(path, "post")
    with tempfile.TemporaryDirectory() as folder:
        scores.write_output(Path(folder, "out"), "post")
        assert len(read_scores(Path(folder, "out"))) == len(scores)
    return len(scores)


def _read_project(path: Path) -> int:
    assert load_project(path).path("x").is_absolute()
    return 1


def _read_events(path: Path) -> int:
    events = read_events(path)
    assert list(events) == sorted(events)
    return len(events)


def _read_answer(path: Path) -> int:
    """A file holds what a server may send: an answer, and its tokens with their alternatives."""
    content = _read_text(path)
    try:
        answer = read_answer(content, _QUESTION)
    except BadAnswerError:
        return 1
    assert set(answer.values) <= {0.0, 1.0}
    alternatives = [{"token": "true", "logprob": -0.1}, {"token": "false", "logprob": -3}]
    tokens = [{"token": content[i : i + 3], "top_logprobs": alternatives} for i in range(0, len(content), 3)]
    graded = grade_answer(content, tokens, _QUESTION)
    assert graded is None or all(0 <= value <= 1 for value in graded)
    return 1


def _read_calls(path: Path) -> int:
    calls = KeptCalls(path, read_only=True)
    try:
        return sum(calls.find(key) is not None for key in (b"key", b"other"))
    finally:
        calls.close()


def _read_state(path: Path) -> int:
    """What cannot be read is as if it were not there."""
    path.rename(path.with_name(STATE))
    UpdateState.read(path.parent).write(path.parent)
    return 1


def _unpack(path: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = unpack_zip(path, Path(folder), NAMES, most_files=1000, most_bytes=1_000_000)
        inside = [file for file in Path(folder).rglob("*") if file.is_file()]
        assert len(inside) == len(found)
        assert sum(file.stat().st_size for file in inside) <= 1_000_000
    return len(found)


def _read_contents(path: Path) -> int:
    Contents.read(path)
    return 1


def _restore(path: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        restore_scores(Path(folder, "out"), path, None, ("order",), with_texts=False, parents={})
        return len(read_scores(Path(folder, "out"), latest=False))


def _zip(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _target(name: str, suffix: str, given: object, read: Callable[[Path], int], **more: Any) -> Target:
    all_seeds = given if isinstance(given, tuple) else (given,)
    return Target(
        name, suffix, tuple(s if isinstance(s, bytes) else str(s).encode() for s in all_seeds), read, **more
    )


_chat = json.dumps(seeds.desktop_chat(), ensure_ascii=False)
_account = json.dumps(
    {"about": "x", "chats": {"about": "", "list": [seeds.desktop_chat(), seeds.desktop_chat(id=6)]}}
)
_messages = seeds.telethon_messages()
_updates = [{"@type": "updateNewMessage", "message": TDLIB}, {"@type": "updateOption", "name": "x"}] * 2
_plain = seeds.plain_rows()
_labelled, _coded = seeds.labelled_rows(), seeds.coded_rows()
_texts = [row for row in _labelled if isinstance(row["labels"], list) and not isinstance(row["id"], int)]
_PROSE = (
    "One. Two? — Три!\n👉 item\n1. U.S. No. 5 e.g. https://a.b/c\n#tag\nRead more",
    seeds.PASTED,
    "a\u0301 ﷺ " * 9,
)
_REJECTS = seeds.lines(
    [{"source_file": "a", "record": f"line {n}", "reason": "no", "excerpt": "<b>"} for n in range(4)]
)

_RECIPE = {
    "unit": "post",
    "all_frames": ["order"],
    "frames": ["order"],
    "domains": ["whole"],
    "samples": [],
}
_CONTENTS = Contents(
    with_texts=False,
    versions={"python": "3"},
    shares=ShareRecipe.model_validate(_RECIPE),
    files={"README.txt": "0" * 64},
).model_dump_json()
_ARCHIVED = io.BytesIO()
write_csv(
    pa.Table.from_pylist(
        [
            {"post_key": f"c/{i}", "channel": "c", "sequence": i, "p_order": 0.25, "d_order": False}
            for i in range(3)
        ],
        schema=list_columns("posts", ("order",), with_texts=False),
    ),
    _ARCHIVED,
)
_OTHERS = [
    {"id": f"c/{i}", "channel": "=c", "date": "2024-05-01", "order": 0.25, "threat": i % 2} for i in range(4)
]

_QUESTION = Question(None, ("order", "threat"), ("order", "threat"), (("system", "Which frames?"),))
_ANSWER = json.dumps({"order": True, "threat": False})


def _kept_calls() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "calls.sqlite")
        calls = KeptCalls(path)
        for key, status in ((b"key", "answered"), (b"other", "bad")):
            calls.keep(
                key, b"prompt", KeptCall(cast("Status", status), _ANSWER, (0.5, 0.1), "", "m", "f", 9, 9, 0.1)
            )
        calls.close()
        return path.read_bytes()


TARGETS: Final = {
    target.name: target
    for target in (
        _target(
            "other_scores", ".csv", "id,channel,date,order\nc/1,c,2024-05-01,0.5\nc/2,,,1\n", _read_others
        ),
        _target("other_scores_lines", ".jsonl", seeds.lines(_OTHERS), _read_others),
        _target("archive", ".zip", _zip({"archive.json": b"{}", "scores/posts.csv": b"a" * 99}), _unpack),
        _target("archive_list", ".json", _CONTENTS, _read_contents),
        _target("archived_posts", ".csv", _ARCHIVED.getvalue(), _restore),
        _target(
            "telegram_desktop",
            ".json",
            (_chat, _account),
            _read_posts("telegram-desktop-json"),
            count=count_chat,
        ),
        _target(
            "telegram_pages",
            ".html",
            seeds.desktop_html(),
            _read_posts("telegram-desktop-html"),
            count=count_pages,
        ),
        _target("telethon", ".json", json.dumps(_messages), _read_posts("telethon-json"), count=count_list),
        _target(
            "telethon_lines",
            ".jsonl",
            seeds.lines(_messages),
            _read_posts("telethon-json"),
            count=count_lines,
        ),
        _target("tracker", ".csv", seeds.TRACKER, _read_posts("tracker-csv"), count=count_rows(",")),
        _target("rss", ".xml", (seeds.rss(), seeds.atom()), _read_posts("rss"), count=count_items),
        _target("plain_csv", ".csv", seeds.PLAIN_CSV, _read_posts("plain-csv"), count=count_rows(";")),
        _target("plain_lines", ".jsonl", seeds.lines(_plain), _read_posts("plain-jsonl"), count=count_lines),
        _target("plain_json", ".json", json.dumps(_plain), _read_posts("plain-json"), count=count_list),
        _target(
            "plain_parquet",
            ".parquet",
            seeds.table_of(_plain, "channel", "id", "text", "date", "views"),
            _read_posts("plain-parquet"),
        ),
        _target("plain_workbook", ".xlsx", EXAMPLES["plain-xlsx"][1](), _read_posts("plain-xlsx")),
        _target("tdlib", ".json", json.dumps([TDLIB] * 4), _read_posts("tdlib-json"), count=count_list),
        _target(
            "tdlib_updates", ".jsonl", seeds.lines(_updates), _read_posts("tdlib-json"), count=count_lines
        ),
        _target("bot_updates", ".json", json.dumps(BOT), _read_posts("bot-api-json")),
        _target("vk_wall", ".json", json.dumps(VK), _read_posts("vk-json")),
        _target("tweets", ".js", EXAMPLES["twitter-archive"][1](), _read_posts("twitter-archive")),
        _target("json_feed", ".json", json.dumps(JSON_FEED), _read_posts("json-feed")),
        _target("preview_page", ".html", PREVIEW, _read_posts("telegram-preview-html")),
        _target("article", ".txt", ("First article.\n", _PROSE[0]), _read_posts("text-article")),
        _target("pasted", ".txt", (seeds.PASTED, seeds.BLOCKS), _read_posts("pasted-text")),
        _target(
            "detected",
            ".bin",
            (
                _chat,
                seeds.desktop_html(),
                seeds.lines(_messages),
                seeds.TRACKER,
                seeds.rss(),
                seeds.PLAIN_CSV,
                seeds.lines(_plain),
                seeds.PASTED,
                *(made() for _, made in EXAMPLES.values()),
            ),
            _read_posts(None),
        ),
        _target(
            "labelled_csv", ".csv", seeds.LABELLED_CSV, _read_labels, count=count_rows(",", blank_too=True)
        ),
        _target("labelled_lines", ".jsonl", seeds.lines(_labelled), _read_labels, count=count_lines),
        _target("labelled_json", ".json", json.dumps(_labelled), _read_labels, count=count_list),
        _target(
            "labelled_parquet",
            ".parquet",
            seeds.table_of(_texts, "id", "text", "labels", "date"),
            _read_labels,
        ),
        _target(
            "label_studio",
            ".json",
            json.dumps(seeds.studio_tasks()),
            _read_codings("label-studio"),
            count=count_annotations,
        ),
        _target(
            "prodigy",
            ".jsonl",
            seeds.lines(seeds.prodigy_rows()),
            _read_codings("prodigy"),
            count=count_lines,
        ),
        _target(
            "doccano",
            ".jsonl",
            seeds.lines(seeds.doccano_rows()),
            _read_codings("doccano"),
            count=count_lines,
        ),
        _target(
            "coded_csv", ".csv", seeds.CODED_CSV, _read_codings(None), count=count_rows(",", blank_too=True)
        ),
        _target("coded_lines", ".jsonl", seeds.lines(_coded), _read_codings(None)),
        _target("coded_workbook", ".xlsx", seeds.coded_workbook(), _read_codings(None)),
        _target("coded_parquet", ".parquet", seeds.table_of(_coded, *_coded[0]), _read_codings(None)),
        _target("studio_csv", ".csv", seeds.STUDIO_CSV, _read_codings(None)),
        _target("studio_min", ".json", json.dumps(seeds.studio_min()), _read_codings(None)),
        _target("segments", ".csv", seeds.SEGMENTS, _read_codings(None)),
        _target("marks", ".csv", seeds.MARKS, _read_labels, count=count_rows(",", blank_too=True)),
        _target("codebook_table", ".csv", seeds.FRAMES, _read_frames),
        _target("sample", ".jsonl", seeds.lines(_coded), _read_sample, count=count_lines),
        _target("codebook", ".yaml", seeds.CODEBOOK, _read_codebook),
        _target("config", ".yaml", seeds.CONFIG, _read_config),
        _target(
            "project", ".yaml", "inputs: [{folder: exports}]\nmodel: models:/m@champion\n", _read_project
        ),
        _target("events", ".csv", "date,label\n2024-02-24,Start\n2024-03-01,=End\n", _read_events),
        _target("answer", ".txt", (_ANSWER, f"I think: {_ANSWER}. Done."), _read_answer),
        _target("kept_calls", ".sqlite", _kept_calls(), _read_calls),
        _target("update_state", ".json", UpdateState(told=[("drift", "m")]).model_dump_json(), _read_state),
        _target("sentences", ".txt", _PROSE, _split_text),
        _target("near_duplicates", ".txt", _PROSE, _cluster_text),
        _target("terminal", ".txt", ("a\x1b[31mb\x1b]0;x\x07c\x9b1m", *_PROSE), _show_text),
        _target("rejects", ".jsonl", _REJECTS, _show_rejects, count=count_text_lines),
    )
}
