"""What texts of strangers become in pages, spreadsheets, Markdown and XML: text, and the same text again."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hostile import TEXTS, make_text, storable
from lxml import html as lxml_html  # type: ignore[import-untyped]
from markdown_it import MarkdownIt
from report_pages import PHRASES, write_scores

from pipeline.annotation.exchange.label_studio import make_config
from pipeline.annotation.label_exchange import export_units, import_codings
from pipeline.annotation.record_files import write_records
from pipeline.bundle import ModelBundle
from pipeline.data.codebooks.codebook import Codebook, draft_codebook
from pipeline.data.exports.field_values import clean_text
from pipeline.data.exports.raw_posts import RawPost
from pipeline.data.labels.label_columns import head_frame
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.data.tables.table_files import read_records
from pipeline.evaluation.evaluate_bundle import predict_labelled
from pipeline.reporting.evaluation_page import render_evaluation
from pipeline.reporting.html_report import write_report
from pipeline.reporting.markdown import escape
from pipeline.scoring.export_scores import export_scores
from pipeline.scoring.read_scores import read_scores
from pipeline.scoring.score_output import REJECTS

pytestmark = pytest.mark.fault

Print = Callable[[str], None]
ATTACKS = tuple(storable(text) for text in TEXTS)
MARKUP = tuple(text for text in ATTACKS if set("<>{}\"'") & set(text))
STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def texts(n: int, seed: int = 0) -> list[str]:
    """All of the fixed ones, then made ones."""
    random = Random(seed)
    return [*ATTACKS, *(storable(make_text(random)) for _ in range(n))][:n]


# Pages: the same elements and attributes as of a page about harmless texts


def skeleton(page: str) -> list[tuple[str, tuple[str, ...]]]:
    root = lxml_html.document_fromstring(
        page.encode(), parser=lxml_html.HTMLParser(encoding="utf-8", huge_tree=True)
    )
    return [(str(node.tag), tuple(sorted(node.attrib))) for node in root.iter()]


def with_names(bundle: ModelBundle, names: Sequence[str]) -> ModelBundle:
    """The model, its codebook called and worded so."""
    given = iter(names)
    frames = tuple(
        frame.model_copy(update={"name": next(given), "definition": next(given)})
        for frame in bundle.codebook.frames
    )
    return replace(
        bundle, codebook=bundle.codebook.model_copy(update={"name": next(given), "frames": frames})
    )


def make_posts(given: Sequence[str]) -> list[RawPost]:
    start = datetime(2024, 1, 10, 12, tzinfo=UTC)
    phrases = list(PHRASES.values())
    return [
        RawPost(
            channel=clean_text(given[i % 7]).strip() or "c",
            message_id=i,
            published_at=start + timedelta(days=3 * i),
            text=f"{phrases[i % 3]} {clean_text(text)}. {phrases[(i + 1) % 3]}",
            record=f"post {i}",
        )
        for i, text in enumerate(given)
    ]


def report_of(given: Sequence[str], slots: Sequence[str], folder: Path, bundle: ModelBundle) -> str:
    """A page of these posts; the forty slots are what else stands on it: rejects, words of the codebook, the title."""
    scores = write_scores(folder, bundle, make_posts(given))
    rejects = [
        {"source_file": a, "record": b, "reason": f"{n} {c}", "excerpt": d}
        for n, (a, b, c, d) in enumerate(zip(*(slots[k : k + 8] for k in (0, 8, 16, 24)), strict=True))
    ]
    (scores / REJECTS).write_text("".join(json.dumps(row) + "\n" for row in rejects), encoding="utf-8")
    named = with_names(bundle, slots[32:39])
    return write_report(scores, folder / "r.html", bundle=named, title=slots[39]).path.read_text(
        encoding="utf-8"
    )


def test_a_report_of_hostile_texts_has_the_elements_of_any_other(
    is_long: bool, tmp_path: Path, tiny_bundle: ModelBundle, print_figure: Print
) -> None:
    n, rounds = (400, 12) if is_long else (len(ATTACKS), 1)
    harmless = [f"harmless {i}" for i in range(n)]
    plain = skeleton(report_of(harmless, harmless, tmp_path / "plain", tiny_bundle))
    for seed in range(rounds):
        given = texts(n, seed)
        Random(seed).shuffle(given)
        slots = [f"{MARKUP[i % len(MARKUP)]} {text}" for i, text in enumerate(given[:40])]
        page = report_of(given, slots, tmp_path / str(seed), tiny_bundle)
        assert skeleton(page) == plain
    print_figure(
        f"HTML report: {rounds * n:,} hostile posts with their channels, rejects, title and codebook; each page has "
        f"the {len(plain):,} elements, and their attributes, of a page of harmless posts"
    )


def test_an_evaluation_of_hostile_texts_has_the_elements_of_any_other(tiny_bundle: ModelBundle) -> None:
    data = read_labelled(tiny_bundle.folder.with_suffix(".jsonl"), tiny_bundle.codebook)
    labels = pd.Series([tuple(PHRASES) if i < 12 else row for i, row in enumerate(data.table["labels"])])
    judged = predict_labelled(tiny_bundle, replace(data, table=data.table.assign(labels=labels)))
    judged = replace(judged, clusters=np.arange(len(data)))

    def page(given: Sequence[str], names: Sequence[str]) -> str:
        found = {str(row): (text, "und") for row, text in zip(data.table["id"], given, strict=True)}
        return render_evaluation(with_names(tiny_bundle, names), judged, found)

    plain = skeleton(page([f"harmless {i}" for i in range(len(data))], "abcdefg"))
    filled = [f"{MARKUP[i % len(MARKUP)]} {text}" for i, text in enumerate(texts(400))]
    for start in range(0, 300, len(data)):
        assert skeleton(page(filled[start : start + len(data)], filled[start : start + 7])) == plain


def test_an_element_that_came_through_would_show() -> None:
    page = "<html><body><p title='{}'>{}</p></body></html>"
    plain = skeleton(page.format("a", "a"))
    assert skeleton(page.format("a", "&lt;b&gt;")) == plain
    assert skeleton(page.format("a", "<b>")) != plain
    assert skeleton(page.format("' onclick='x", "a")) != plain


def test_values_in_markdown_are_text() -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False})
    for text in texts(1500, seed=3):
        inline = [token for token in parser.parse(f"Value: {escape(text)} | x") if token.type == "inline"]
        kinds = {child.type for token in inline for child in token.children or ()}
        assert kinds <= {"text", "text_special", "softbreak"}, text
        assert len(inline) == 1


def test_a_codebook_in_xml_is_text() -> None:
    def tags(book: Codebook) -> Counter[tuple[str, tuple[str, ...]]]:
        return Counter(
            (node.tag, tuple(sorted(node.attrib))) for node in ET.fromstring(make_config(book)).iter()
        )

    def book(name: str) -> Codebook:
        plain = draft_codebook("Book", ["a", "b"], mode="multi_label")
        frames = tuple(
            f.model_copy(update={"name": name, "definition": name, "examples": (name,)}) for f in plain.frames
        )
        return plain.model_copy(update={"name": name, "frames": frames})

    expected = tags(book("harmless"))
    assert all(tags(book(text)) == expected for text in texts(400))


# Spreadsheets: nothing that runs, and the same text again


def is_harmless(cells: Iterable[str]) -> bool:
    return not any(cell.startswith(STARTS) for cell in cells)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl", ".parquet"])
def test_tables_hold_no_formulas_and_give_every_text_back(
    suffix: str, is_long: bool, tmp_path: Path, print_figure: Print
) -> None:
    random = Random(5)
    starts = [mark + start + "1+1" for mark in ("", "'", "''") for start in STARTS]
    given = [
        text for text in (*starts, *texts(20_000 if is_long else 700, seed=9)) if text and len(text) < 10_000
    ]
    rows = [{"id": f"{n}", "text": text, "=cell": random.choice(given)} for n, text in enumerate(given)]
    path = tmp_path / f"table{suffix}"
    write_records(path, rows, ["id", "text", "=cell"])
    assert [record.cells for record in read_records(path)] == rows
    if suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert all(is_harmless(row) for row in csv.reader(file))
    if suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path).worksheets[0]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    print_figure(
        f"tables{suffix}: {2 * len(rows):,} hostile cells written, none a formula, all read back as they were"
    )


def test_scores_in_csv_hold_no_formulas_and_give_every_text_back(
    tmp_path: Path, tiny_bundle: ModelBundle
) -> None:
    given = [mark + start + "1+1" for mark in ("", "'", "''") for start in STARTS if start.strip()]
    posts = make_posts(texts(150))
    posts += [replace(posts[0], message_id=1000 + n, channel=text, text=text) for n, text in enumerate(given)]
    scores = write_scores(tmp_path, tiny_bundle, posts)
    for path in export_scores(scores, "csv").exported:
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert all(is_harmless(row) for row in csv.reader(file))
        table = read_scores(scores, path.stem)  # type: ignore[arg-type]
        found = read_records(path)
        names = [name for name in ("channel", "text", "post_key") if name in table]
        assert len(found) == len(table)
        for name in names:
            assert [record.cells[name] for record in found] == list(table[name])


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_tables_for_coders_come_back_whatever_the_frames_are_called(suffix: str, tmp_path: Path) -> None:
    for number in range(30):
        random = Random(number)
        pieces = ("|", ",", "'", '"', "=1", " ", "a", "é", "<b>", "\t|".strip(), "||||||||", "::", "-")
        ids = {
            "".join(random.choice(pieces) for _ in range(random.randint(1, 8))).strip() or "x"
            for _ in range(4)
        }
        book = draft_codebook("Book", [], mode="multi_label") if not ids else _book(sorted(ids))
        folder = tmp_path / str(number)
        folder.mkdir()
        write_records(
            folder / "sample.parquet",
            [{"id": f"u{n}", "text": f"text {n}"} for n in range(3)],
            ["id", "text"],
        )
        export_units(folder / "sample.parquet", book, folder / f"out{suffix}", "table")
        cells = [record.cells for record in read_records(folder / f"out{suffix}")]
        chosen: list[Any] = [random.choice(book.frame_ids) for _ in cells]
        headings = {frame.id: head_frame(frame) for frame in book.frames}
        for row, frame in zip(cells, chosen, strict=True):
            assert headings[frame] in row
            row[headings[frame]] = "x"
        write_records(folder / f"coded{suffix}", cells, list(cells[0]))
        imported = import_codings([folder / f"coded{suffix}"], book, sample=folder / "sample.parquet")
        assert [coding.labels for coding in imported.codings] == [(frame,) for frame in chosen]


def _book(ids: Sequence[str]) -> Codebook:
    plain = draft_codebook("Book", ["x"], mode="multi_label")
    return plain.model_copy(
        update={"frames": tuple(plain.frames[0].model_copy(update={"id": name}) for name in ids)}
    )
