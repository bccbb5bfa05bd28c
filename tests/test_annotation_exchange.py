"""What goes out to coders comes back as it was, through every tool's format, whatever the texts hold."""

import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.annotation.agreement import read_for_agreement
from pipeline.annotation.coded_table import Coding
from pipeline.annotation.combine import combine_codings, write_labelled
from pipeline.annotation.exchange.label_studio import make_config
from pipeline.annotation.label_exchange import Tool, export_units, import_codings, write_codings
from pipeline.annotation.record_files import write_records
from pipeline.annotation.sample_files import SAMPLE_COLUMNS, read_sample
from pipeline.cli import app
from pipeline.data.codebooks.codebook import Codebook, Frame
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.data.tables.table_files import read_records
from pipeline.errors import ConfigError, DataError, MissingExtraError

FRAME_IDS = ("order", 'threat: <outside> & "in"', "text")


def make_codebook(mode: Any = "multi_label") -> Codebook:
    frames = tuple(
        Frame(
            id=f,
            name=f"Name of {f}",
            definition=f'Speaks of <{f}> & \x0b"more".',
            include=("x",),
            exclude=("y",),
        )
        for f in FRAME_IDS
    )
    return Codebook(name="Book", mode=mode, frames=frames)


BOOK, SINGLE = make_codebook(), make_codebook("single_label")
HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.sampled_from(
        [
            *("=HYPERLINK(1)", "'=1", "''+x", "-5\r\n=A1", "@x", "\x1b[31mred"),
            *("_x0041_ x005F_ ␛x ␛␛", "a;b\u2028c", "\ufffe\uffff"),
        ]
    ),
).filter(lambda text: bool(text.translate(dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))).strip()))


def make_units(texts: list[str]) -> list[dict[str, Any]]:
    return [
        {
            **dict.fromkeys(SAMPLE_COLUMNS),
            "id": f"-chan/{i}:{i}",
            "unit": "sentence",
            "text": text,
            "channel": "=chan",
            "published_at": "2024-02-01T10:00:00Z",
            "stratum": "all",
            "inclusion_probability": 1 / 3,
            "design": "random",
            "purpose": "estimate",
            "sample_id": "0123",
            "before": "+before",
            "after": "",
        }
        for i, text in enumerate(texts)
    ]


def label(path: Path, tool: Tool, labels: list[list[str]], *, annotator: str = "ann") -> Path:
    """Do what a coder and the tool would do with an exported file."""
    out = path.with_name(f"{annotator}{path.suffix}")
    if tool == "label-studio":
        tasks = json.loads(path.read_text(encoding="utf-8"))
        for task, chosen in zip(tasks, labels, strict=True):
            result = [
                {"from_name": "frames", "to_name": "text", "type": "choices", "value": {"choices": chosen}}
            ]
            task["annotations"] = [{"completed_by": {"email": annotator}, "result": result if chosen else []}]
        out.write_text(json.dumps(tasks), encoding="utf-8")
        return out
    if tool in {"prodigy", "doccano"}:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        for n, (row, chosen) in enumerate(zip(rows, labels, strict=True)):
            if tool == "prodigy":
                row |= {"answer": "accept", "accept": chosen, "_annotator_id": annotator}
            else:
                row |= {"id": n, "label": chosen or ["(no frame)"]}
        out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return out
    cells = [record.cells for record in read_records(path)]
    for row, chosen in zip(cells, labels, strict=True):
        for frame in chosen or ["(no frame)"]:
            if "labels" in row:
                row["labels"] = ";".join(chosen or ["(no frame)"])
            else:
                heading = f"frame: {frame}" if frame == "(no frame)" else f"frame: {frame}; Name of {frame}"
                assert heading in row
                row[heading] = "x"
    write_records(out, cells, list(cells[0]))
    return out


CASES: list[tuple[Tool, str, str]] = [
    ("label-studio", ".json", "frames"),
    ("prodigy", ".jsonl", "frames"),
    ("doccano", ".jsonl", "frames"),
    ("table", ".csv", "frames"),
    ("table", ".xlsx", "labels"),
    ("table", ".xlsx", "frames"),
    ("table", ".jsonl", "labels"),
    ("table", ".parquet", "frames"),
]


@pytest.mark.parametrize(("tool", "suffix", "layout"), CASES)
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_units_and_labels_survive_the_way_there_and_back(
    tool: Tool, suffix: str, layout: Any, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    texts = data.draw(st.lists(HOSTILE, min_size=1, max_size=4))
    chosen = data.draw(
        st.lists(st.lists(st.sampled_from(FRAME_IDS), unique=True), min_size=len(texts), max_size=len(texts))
    )
    units = make_units(texts)
    write_records(folder / "sample.parquet", units, SAMPLE_COLUMNS)
    export_units(folder / "sample.parquet", BOOK, folder / f"out{suffix}", tool, layout)
    coded = label(folder / f"out{suffix}", tool, chosen)
    assert "-chan/" not in coded.read_bytes().decode("utf-8", "ignore")
    with pytest.raises(DataError, match=r"is a code .*give --sample FILE"):
        import_codings([coded], BOOK)
    imported = import_codings([coded], BOOK, sample=folder / "sample.parquet")
    assert [coding.text for coding in imported.codings] == [text.replace("\r\n", "\n") for text in texts]
    assert [coding.id for coding in imported.codings] == [unit["id"] for unit in units]
    assert [set(coding.labels) for coding in imported.codings] == [set(labels) for labels in chosen]
    assert {coding.annotator for coding in imported.codings} == {"ann"}
    assert not imported.rejects
    joined = import_codings([coded], BOOK, sample=folder / "sample.parquet")
    write_codings(folder / "coded.jsonl", joined)
    again = import_codings([folder / "coded.jsonl"], BOOK)
    assert [coding.to_row() for coding in again.codings] == [coding.to_row() for coding in joined.codings]
    assert again.codings[0].extra["inclusion_probability"] == 1 / 3


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
@settings(deadline=None, max_examples=12)
@given(texts=st.lists(HOSTILE, min_size=1, max_size=5))
def test_samples_survive_every_format(
    suffix: str, texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("sample") / f"sample{suffix}"
    units = make_units(texts)
    write_records(path, units, SAMPLE_COLUMNS)
    rows = read_sample(path)
    for row, unit in zip(rows, units, strict=True):
        assert row["inclusion_probability"] == pytest.approx(1 / 3, rel=1e-14)
        assert row["published_at"] == unit["published_at"]
        names = ("id", "text", "channel", "before")
        assert {name: row[name] for name in names} == {name: unit[name] for name in names}


@settings(deadline=None, max_examples=60)
@given(
    content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)),
    suffix=st.sampled_from([".json", ".jsonl", ".csv", ".tsv", ".xlsx", ".parquet"]),
)
def test_any_file_is_read_or_refused_with_a_message(
    content: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"file\."):
        import_codings([path], BOOK)


KEYS = [
    *("data", "annotations", "result", "value", "choices", "type", "text", "id", "label", "labels"),
    *("answer", "accept", "options", "status", "annotator", "completed_by", "meta"),
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
JSON = st.recursive(
    SCALARS | st.sampled_from(["order", "accept", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
TOOLS: list[Tool] = ["label-studio", "prodigy", "doccano", "table"]


@settings(deadline=None, max_examples=150)
@given(
    items=st.lists(JSON, min_size=1, max_size=3),
    tool=st.sampled_from(TOOLS),
)
def test_any_json_is_read_or_refused_with_a_message(
    items: list[Any], tool: Tool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("json") / "file.json"
    path.write_text(json.dumps(items), encoding="utf-8")
    try:
        import_codings([path], BOOK, tool=tool)
    except DataError as error:
        assert "file.json" in str(error)  # noqa: PT017 - either is right


def studio_task(number: int, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": number, "data": {"id": f"u{number}", "text": f"text {number}"}, "annotations": annotations}


def choice(*labels: str, **fields: Any) -> dict[str, Any]:
    result = [{"from_name": "frames", "type": "choices", "value": {"choices": list(labels)}}]
    return {"completed_by": 7, "result": result if labels else [], **fields}


def test_label_studio_keeps_annotators_cancelled_ones_and_ground_truth(tmp_path: Path) -> None:
    tasks = [
        studio_task(1, [choice("order"), choice("Name of text", completed_by={"id": 9, "email": "b@x.org"})]),
        studio_task(
            2, [choice("order", was_cancelled=True), choice("text", completed_by=8, ground_truth=True)]
        ),
        studio_task(3, []),
        studio_task(4, [choice(completed_by=None)]),
        studio_task(5, [{"completed_by": 7, "result": "broken"}]),
        {"id": 6, "text": "flat", "frames": "order"},
        studio_task(7, [choice("order", updated_at="2024-02"), choice("text", updated_at="2024-01")]),
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    imported = import_codings([path], BOOK)
    found = {(c.id, c.annotator): (c.labels, c.status, c.is_ground_truth) for c in imported.codings}
    assert found == {
        ("u1", "7"): (("order",), "coded", False),
        ("u1", "b@x.org"): (("text",), "coded", False),
        ("u2", "7"): ((), "cancelled", False),
        ("u2", "8"): (("text",), "coded", True),
        ("u4", "export"): ((), "coded", False),
        ("u7", "7"): (("order",), "coded", False),
    }
    reasons = {reject.where.removeprefix(f"{path}, "): reject.reason for reject in imported.rejects}
    assert "field 'result'" in reasons["task 5, annotation 1"]
    assert "not JSON-MIN" in reasons["task 6"]
    assert "replaced by the later coding of '7'" in reasons["task 7, annotation 2"]
    assert "1 unit has no annotation yet" in imported.notes


def test_label_studio_config_is_xml_that_names_frames_by_id() -> None:
    root = ET.fromstring(make_config(BOOK))
    choices = root.find("Choices")
    assert choices is not None
    assert choices.get("choice") == "multiple"
    assert [c.get("alias") for c in choices] == list(FRAME_IDS)
    assert choices[0].get("hint") == 'Speaks of <order> &  "more". Also: x. Not: y.'
    single = ET.fromstring(make_config(SINGLE)).find("Choices")
    assert single is not None
    assert (single.get("choice"), single.get("required")) == ("single", "true")


def test_prodigy_answers(tmp_path: Path) -> None:
    task = {"text": "one", "options": [], "meta": {"id": "u"}, "_session_id": "set-ann"}
    answers = [
        {**task, "answer": "accept", "accept": ["order"]},
        {**task, "meta": {"id": "v"}, "answer": "reject"},
        {**task, "meta": {"id": "w"}, "answer": "ignore", "accept": ["order"]},
        {**task, "meta": {"id": "x"}},
        {"text": "binary", "label": "order", "answer": "reject"},
        {**task, "meta": {"id": "y"}, "answer": "perhaps"},
    ]
    path = tmp_path / "out.jsonl"
    path.write_text("".join(json.dumps(a) + "\n" for a in answers), encoding="utf-8")
    imported = import_codings([path], BOOK)
    assert [(c.id, c.labels, c.status, c.annotator) for c in imported.codings] == [
        ("u", ("order",), "coded", "set-ann"),
        ("v", (), "cancelled", "set-ann"),
        ("w", (), "skipped", "set-ann"),
    ]
    assert [reject.where.rpartition(" ")[2] for reject in imported.rejects] == ["5", "6"]
    assert "choice interface" in imported.rejects[0].reason


def test_blank_rows_are_skipped_unless_said_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "anna.csv"
    path.write_text(
        "id;text;frame: order;frame: (no frame)\n1;a;x;\n2;b;;\n3;c;;1\n4;d;x;x\n5;e;what;\n", "utf-8"
    )
    imported = import_codings([path], BOOK)
    assert [(c.id, c.labels, c.status) for c in imported.codings] == [
        ("1", ("order",), "coded"),
        ("2", (), "skipped"),
        ("3", (), "coded"),
    ]
    assert any("--empty-is-coded" in note for note in imported.notes)
    assert [
        "and frames as well" in imported.rejects[0].reason,
        "expected x, ✓" in imported.rejects[1].reason,
    ]
    empty = import_codings([path], BOOK, empty_is_coded=True)
    assert [c.status for c in empty.codings] == ["coded"] * 3


def test_unknown_frames_are_refused_with_the_nearest_one(tmp_path: Path) -> None:
    path = tmp_path / "anna.csv"
    path.write_text("id,text,labels\n1,a,order\n2,b,ordre\n3,c,ordre;zebra\n", "utf-8")
    with pytest.raises(
        DataError, match=r"2 labels are not .*'ordre' \(2 times, first at .*line 3; did you mean 'order'\?\)"
    ) as caught:
        import_codings([path], BOOK)
    assert "'zebra' (1 time, at" in str(caught.value)
    assert 'Expected some of: order, threat: <outside> & "in", text, (no frame). Mend' in str(caught.value)


def test_a_single_label_codebook_takes_exactly_one(tmp_path: Path) -> None:
    path = tmp_path / "anna.csv"
    path.write_text("id,text,labels\n1,a,order\n2,b,order;text\n", "utf-8")
    imported = import_codings([path], SINGLE)
    assert [c.id for c in imported.codings] == ["1"]
    assert "expected one label" in imported.rejects[0].reason


def test_the_sample_is_joined_and_strangers_are_rejected(tmp_path: Path) -> None:
    write_records(tmp_path / "sample.jsonl", make_units(["first text", "second text"]), SAMPLE_COLUMNS)
    path = tmp_path / "anna.csv"
    rows = "-chan/0:0,first TEXT,order\n" * 20
    path.write_text(f"id,text,labels\n{rows}other,x,order\n", "utf-8")
    imported = import_codings([path], BOOK, sample=tmp_path / "sample.jsonl")
    assert [(c.id, c.text, c.extra["design"]) for c in imported.codings] == [
        ("-chan/0:0", "first text", "random")
    ]
    assert "not in the sample" in imported.rejects[0].reason
    assert "1 unit of the sample without a coding" in imported.notes
    assert any(note.startswith("20 codings had a text that differs") for note in imported.notes)
    assert any(note.startswith("1 coding was rejected, as the id is not in") for note in imported.notes)


def test_codings_of_a_sample_and_of_its_top_up_are_joined_to_both(tmp_path: Path) -> None:
    old, added = make_units(["first text"]), make_units(["second text"])
    added = [unit | {"id": "-chan/9:0", "sample_id": "4567"} for unit in added]
    paths = [tmp_path / "old.jsonl", tmp_path / "added.jsonl"]
    for path, units in zip(paths, (old, added), strict=True):
        write_records(path, units, SAMPLE_COLUMNS)
    coded = tmp_path / "anna.csv"
    coded.write_text("id,text,labels\n-chan/0:0,first text,order\n-chan/9:0,second text,order\n", "utf-8")
    imported = import_codings([coded], BOOK, sample=paths)
    assert [coding.extra["sample_id"] for coding in imported.codings] == ["0123", "4567"]


@pytest.mark.parametrize("stranger", ["chan/9:0", "u-0123456789ab"])
def test_another_sample_is_refused(stranger: str, tmp_path: Path) -> None:
    """A code that the sample does not explain is enough; of plain ids, a few may be strange."""
    write_records(tmp_path / "sample.jsonl", make_units(["first text"]), SAMPLE_COLUMNS)
    path = tmp_path / "anna.csv"
    n_known = 19 if stranger.startswith("u-") else 18
    known = "-chan/0:0,first text,order\n" * n_known
    path.write_text(f"id,text,labels\n{known}{stranger},x,order\n", "utf-8")
    with pytest.raises(
        DataError, match=rf"1 of {n_known + 1} codings have ids .*line {n_known + 2}.*'{stranger}'"
    ):
        import_codings([path], BOOK, sample=tmp_path / "sample.jsonl")


def test_codings_of_another_draw_are_refused_unless_this_one_contains_them(tmp_path: Path) -> None:
    write_records(tmp_path / "sample.jsonl", make_units(["first text"]), SAMPLE_COLUMNS)
    path = tmp_path / "coded.csv"
    known = "-chan/0:0,first text,order,old\n"
    path.write_text(f"id,text,labels,sample_id\n{known}", "utf-8")
    imported = import_codings([path], BOOK, sample=tmp_path / "sample.jsonl")
    assert imported.codings[0].extra["sample_id"] == "0123"
    path.write_text(f"id,text,labels,sample_id\n{known * 30}chan/9:0,x,order,old\n", "utf-8")
    with pytest.raises(DataError, match="not in this sample"):
        import_codings([path], BOOK, sample=tmp_path / "sample.jsonl")


def test_a_file_without_a_coding_is_refused(tmp_path: Path) -> None:
    full, blank = tmp_path / "anna.csv", tmp_path / "ben.csv"
    full.write_text("id,text,labels\n1,a,order\n", "utf-8")
    blank.write_text("id,text,labels\n1,a,\n2,b,\n", "utf-8")
    with pytest.raises(DataError, match=r"ben\.csv: no coding: 2 rows are left blank"):
        import_codings([full, blank], BOOK)
    assert len(import_codings([full, blank], BOOK, empty_is_coded=True).codings) == 3


def coding(unit: str, annotator: str, *labels: str, **fields: Any) -> Coding:
    return Coding("made", unit, f"text of {unit}", annotator, labels, **fields)


CODINGS = [
    *(coding("agree", name, "order") for name in "abc"),
    coding("two of three", "a", "order"),
    coding("two of three", "b", "order", "text"),
    coding("two of three", "c"),
    coding("tie", "a", "order"),
    coding("tie", "b"),
    coding("gold", "a", "order"),
    coding("gold", "b", "text", is_ground_truth=True),
    coding("skipped", "a", status="skipped"),
    coding("one", "a"),
]


@pytest.mark.parametrize(
    ("rule", "labels", "unsettled"),
    [
        ("majority", {"agree": ["order"], "two of three": ["order"], "gold": ["text"], "one": []}, {"tie"}),
        (
            "any",
            {
                "agree": ["order"],
                "two of three": ["order", "text"],
                "tie": ["order"],
                "gold": ["order", "text"],
                "one": [],
            },
            set(),
        ),
        ("all", {"agree": ["order"], "two of three": [], "tie": [], "gold": [], "one": []}, set()),
        ("ground-truth", {"gold": ["text"]}, set()),
    ],
)
def test_combining_settles_or_lists(rule: Any, labels: dict[str, list[str]], unsettled: set[str]) -> None:
    combined = combine_codings(CODINGS, BOOK, rule)
    assert {row["id"]: row["labels"] for row in combined.rows} == labels
    assert {row["id"] for row in combined.unsettled} == unsettled
    assert any("skipped or cancelled by all" in note for note in combined.notes)


def test_combined_rows_say_shares_and_disagreement() -> None:
    rows = {row["id"]: row for row in combine_codings(CODINGS, BOOK, "majority").rows}
    assert rows["two of three"]["label_shares"] == {
        "order": pytest.approx(2 / 3),
        "text": pytest.approx(1 / 3),
    }
    assert [rows[name]["needs_discussion"] for name in ("agree", "two of three", "one")] == [
        False,
        True,
        False,
    ]


def test_single_label_units_need_a_majority() -> None:
    codings = [coding("u", "a", "order"), coding("u", "b", "text"), coding("v", "a", "text")]
    combined = combine_codings(codings, SINGLE, "majority")
    assert [row["id"] for row in combined.rows] == ["v"]
    assert combined.unsettled[0]["in_dispute"] == ["order", "text"]
    assert "left out 1 disputed unit that it could not settle" in combined.notes[0]
    assert "a sample for frames shares must not lose them" in combined.notes[0]
    with pytest.raises(ConfigError, match="single_label"):
        combine_codings(codings, SINGLE, "any")


def test_combined_labels_are_what_training_reads(tmp_path: Path) -> None:
    extra = {
        "unit": "sentence",
        "channel": "chan",
        "published_at": "2024-02-01T10:00:00Z",
        "purpose": "estimate",
    }
    codings = [coding("chan/5:2", "a", "text", "order", extra=extra), coding("chan/6:0", "a", extra=extra)]
    write_labelled(tmp_path / "labelled.jsonl", combine_codings(codings, BOOK, "majority"))
    table = read_labelled(tmp_path / "labelled.jsonl", BOOK).table
    assert list(table["labels"]) == [("order", "text"), ()]
    assert list(table["source"]) == ["chan", "chan"]
    assert list(table["group"]) == ["chan/5", "chan/6"]
    assert f"{table['date'][0]:%Y-%m-%d %H}" == "2024-02-01 10"


def test_workbooks_never_hold_formulas_and_bombs_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cells.xlsx"
    write_records(path, [{"=a": "=1+1", "b": 1.5}], ["=a", "b"])
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    assert read_records(path)[0].cells == {"=a": "=1+1", "b": 1.5}
    monkeypatch.setattr("pipeline.data.tables.table_files.MAX_BYTES", path.stat().st_size)
    with pytest.raises(DataError, match="when unpacked"):
        read_records(path)


def test_a_text_longer_than_a_cell_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a cell of XLSX holds 32767"):
        write_records(tmp_path / "cells.xlsx", [{"a": "x" * 40_000}], ["a"])
    assert not list(tmp_path.iterdir())


def test_without_openpyxl_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"narrative-frames\[xlsx\]"):
        write_records(tmp_path / "cells.xlsx", [{"a": "x"}], ["a"])


def test_the_commands_go_the_whole_way(tmp_path: Path) -> None:
    write_records(tmp_path / "sample.csv", make_units(["Blocs shift.", "Rain."]), SAMPLE_COLUMNS)
    book = ["--codebook", "sample:codebook.yaml"]
    tasks = tmp_path / "tasks.json"
    export = ["label-export", str(tmp_path / "sample.csv"), *book, "--for", "label-studio", "-o", str(tasks)]
    done = CliRunner().invoke(app, export)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "tasks.config.xml").is_file()
    assert "submit without a choice" in done.output
    assert "as --sample" in done.output
    again = CliRunner().invoke(app, export)
    assert again.exit_code == 1
    assert "exists already" in again.output
    coded = label(tasks, "label-studio", [["multipolarity"], []])
    arguments = ["label-import", str(coded), *book, "--sample", str(tmp_path / "sample.csv"), "--json"]
    arguments += ["-o", str(tmp_path / "coded.jsonl"), "--labelled", str(tmp_path / "labelled.jsonl")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["annotators"] == {"ann": 2}
    assert result["combined"]["labelled"] == 2
    rows = [record.cells for record in read_records(tmp_path / "labelled.jsonl")]
    assert rows[0]["labels"] == ["multipolarity"]
    assert rows[0]["inclusion_probability"] == 1 / 3
    arguments.remove("--json")
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert (
        "exists already and may hold labels; give another name, delete it first, or give --replace"
        in again.output
    )
    shown = CliRunner().invoke(app, [*arguments, "--replace"])
    assert shown.exit_code == 0, shown.output
    assert "units with combined labels" in shown.output


@pytest.mark.parametrize(
    ("options", "expected"),
    [([], "mark with x each frame"), (["--layout", "labels"], "write frame ids into labels, ';' between")],
)
def test_export_says_how_to_fill_in_the_table(options: list[str], expected: str, tmp_path: Path) -> None:
    write_records(tmp_path / "sample.csv", make_units(["Blocs shift."]), SAMPLE_COLUMNS)
    book = ["--codebook", "sample:codebook.yaml", "-o", str(tmp_path / "anna.csv")]
    done = CliRunner().invoke(app, ["label-export", str(tmp_path / "sample.csv"), *book, *options])
    assert expected in done.output
    assert "(no frame)" in done.output
    assert "codebook.yaml: give them to the coders" in done.output


def test_labels_to_train_on_are_not_parquet(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text,labels\n", "utf-8")
    arguments = [
        "label-import",
        str(path),
        "--codebook",
        "sample:codebook.yaml",
        "-o",
        str(tmp_path / "o.csv"),
    ]
    done = CliRunner().invoke(app, [*arguments, "--labelled", str(tmp_path / "labelled.parquet")])
    assert done.exit_code == 1
    assert "ends in one of .csv, .jsonl, .xlsx" in done.output


def studio_region(kind: str, value: object, name: str = "tags") -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": kind, "value": {kind: value}}


def write_studio(path: Path, *results: list[dict[str, Any]]) -> Path:
    tasks = [studio_task(n, [{"completed_by": 1, "result": result}]) for n, result in enumerate(results)]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def test_label_studio_taxonomies_and_marked_parts_are_labels(tmp_path: Path) -> None:
    tree = studio_region("taxonomy", [["root", "order"], ["text"]])
    found = import_codings([write_studio(tmp_path / "tree.json", [tree], [])], BOOK)
    assert [c.labels for c in found.codings] == [("order", "text"), ()]
    spans = [studio_region("labels", ["order"]), studio_region("labels", ["text"])]
    found = import_codings([write_studio(tmp_path / "spans.json", spans)], BOOK)
    assert [c.labels for c in found.codings] == [("order", "text")]
    assert "2 labels mark parts of a text: read as labels of the whole text" in found.notes


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([[studio_region("brushlabels", ["order"])]], r"not read: 'brushlabels' \(1 times\)"),
        ([[studio_region("textarea", ["order"])]], r"no result that could be a frame, only textarea"),
        (
            [[studio_region("choices", ["order"], "tone"), studio_region("choices", ["text"], "topic")]],
            r"several tags \(tone, topic\).*--column labels=tone",
        ),
    ],
)
def test_label_studio_results_that_are_no_frames_are_named(
    results: list[list[dict[str, Any]]], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        import_codings([write_studio(tmp_path / "export.json", *results)], BOOK)


def test_label_studio_remarks_beside_frames_are_told_and_left_out(tmp_path: Path) -> None:
    frames, remark = studio_region("choices", ["order"], "frames"), studio_region("textarea", ["why"], "note")
    found = import_codings([write_studio(tmp_path / "export.json", [frames, remark], [remark])], BOOK)
    assert [c.labels for c in found.codings] == [("order",), ()]
    assert any("other controls are not read: 'note' (2)" in note for note in found.notes)


def test_files_of_one_name_that_code_the_same_units_are_of_two_annotators(tmp_path: Path) -> None:
    for folder, row in (("A", "1,a,order"), ("B", "1,a,text"), ("C", "2,b,text")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "coder.csv").write_text(f"id,text,labels\n{row}\n", "utf-8")
    first, second, later = (tmp_path / folder / "coder.csv" for folder in "ABC")
    found = import_codings([first, second], BOOK)
    assert {(c.annotator, c.labels) for c in found.codings} == {
        ("A/coder", ("order",)),
        ("B/coder", ("text",)),
    }
    assert any("2 files are called 'coder'" in note for note in found.notes)
    assert {c.annotator for c in import_codings([first, later], BOOK).codings} == {"coder"}
    codings, notes = read_for_agreement([first, second], BOOK)
    assert sorted(c.annotator for c in codings) == ["A/coder", "B/coder"]
    assert any("2 files are called 'coder'" in note for note in notes)
    with pytest.raises(DataError, match="given twice"):
        import_codings([first, first], BOOK)


def test_coders_are_named_by_the_user_where_no_column_does(tmp_path: Path) -> None:
    for name in ("sheet1", "sheet2"):
        (tmp_path / f"{name}.csv").write_text("id,text,labels\n1,a,order\n", "utf-8")
    named = tmp_path / "named.csv"
    named.write_text("id,text,labels,annotator\n1,a,text,Cleo\n", "utf-8")
    files = [tmp_path / "sheet1.csv", tmp_path / "sheet2.csv", named]
    found = import_codings(files, BOOK, coders=["Anna", "Ben", "nobody"])
    assert sorted(coding.annotator for coding in found.codings) == ["Anna", "Ben", "Cleo"]
    codings, _ = read_for_agreement(files[:1], BOOK, coders=["Anna"])
    assert [coding.annotator for coding in codings] == ["Anna"]
    with pytest.raises(ConfigError, match="one for each of the 3 files in their order, got 2"):
        import_codings(files, BOOK, coders=["Anna", "Ben"])


def test_a_matrix_of_counts_takes_its_texts_from_the_sample(tmp_path: Path) -> None:
    write_records(tmp_path / "sample.jsonl", make_units(["first", "second"]), SAMPLE_COLUMNS)
    path = tmp_path / "matrix.csv"
    path.write_text(",A : order,B : Name of text\n1 : -chan/0:0,2,0\n2 : -chan/1:1,0,0\n", "utf-8")
    found = import_codings([path], BOOK, sample=tmp_path / "sample.jsonl")
    assert [(c.id, c.text, c.labels) for c in found.codings] == [
        ("-chan/0:0", "first", ("order",)),
        ("-chan/1:1", "second", ()),
    ]
    with pytest.raises(DataError, match="no column 'text'"):
        import_codings([path], BOOK)


def test_codings_without_ids_of_the_sample_are_joined_by_text(tmp_path: Path) -> None:
    write_records(tmp_path / "sample.jsonl", make_units(["first", "same", "same"]), SAMPLE_COLUMNS)
    path = tmp_path / "codes.csv"
    path.write_text("Document name,Code,Segment\nd1,Frames\\order,first\n", "utf-8")
    found = import_codings([path], BOOK, sample=tmp_path / "sample.jsonl")
    assert [(c.id, c.labels) for c in found.codings] == [("-chan/0:0", ("order",))]
    assert any("1 coding was joined to the sample by the text" in note for note in found.notes)
    path.write_text("Document name,Code,Segment\nd1,Frames\\order,same\n", "utf-8")
    with pytest.raises(DataError, match="not in this sample"):
        import_codings([path], BOOK, sample=tmp_path / "sample.jsonl")


def test_columns_of_a_coders_table_can_be_named(tmp_path: Path) -> None:
    path, out = tmp_path / "anna.csv", tmp_path / "coded.jsonl"
    path.write_text("id,sentence,frames,who\n1,a,multipolarity,kim\n", "utf-8")
    arguments = ["label-import", str(path), "--codebook", "sample:codebook.yaml", "-o", str(out), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert "no column 'text', 'labels'; the file has: id, sentence, frames, who" in done.output
    names = ["text=sentence", "labels=frames", "annotator=who"]
    done = CliRunner().invoke(app, [*arguments, *(part for name in names for part in ("--column", name))])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["annotators"] == {"kim": 1}


@pytest.mark.parametrize("name", ["export.jsonl", "export.json", "export.csv"])
def test_a_document_of_doccano_that_nobody_opened_is_not_coded_in_any_of_its_exports(
    name: str, tmp_path: Path
) -> None:
    frame = BOOK.frame_ids[0]
    documents = [{"id": 1, "text": "One", "label": [frame]}, {"id": 2, "text": "Two", "label": []}]
    content = {
        ".jsonl": "\n".join(map(json.dumps, documents)),
        ".json": json.dumps(documents),
        ".csv": f"id,text,label\n1,One,{frame}\n2,Two,\n",
    }
    path = tmp_path / name
    path.write_text(content[path.suffix], "utf-8")
    for empty_is_coded, second in ((False, "skipped"), (True, "coded")):
        found = import_codings([path], BOOK, empty_is_coded=empty_is_coded).codings
        assert [(coding.labels, coding.status) for coding in found] == [((frame,), "coded"), ((), second)]


def test_frames_and_strata_without_anything_are_told(tmp_path: Path) -> None:
    units = [unit | {"stratum": f"s{n // 2}"} for n, unit in enumerate(make_units(["a", "b", "c", "d"]))]
    write_records(tmp_path / "sample.jsonl", units, SAMPLE_COLUMNS)
    frame, *others = BOOK.frame_ids
    rows = [{"id": unit["id"], "text": unit["text"], "labels": [frame]} for unit in units[:2]]
    write_records(tmp_path / "anna.jsonl", rows, ["id", "text", "labels"])
    notes = import_codings([tmp_path / "anna.jsonl"], BOOK, sample=tmp_path / "sample.jsonl").notes
    assert f"no coding carries {', '.join(others)}: of them, nothing can be learnt or compared" in notes
    assert "strata of the sample without a coded unit: s1" in notes


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_tables_of_coders_and_samples_may_be_in_another_encoding(suffix: str, tmp_path: Path) -> None:
    sample, path, out = (tmp_path / name for name in ("sample.csv", f"anna{suffix}", "coded.jsonl"))
    text = "Мир многополярен и спокоен"
    sample.write_text(f"id,text\n1,{text}\n", "cp1251")
    rows = [{"id": "1", "text": text, "labels": "multipolarity"}]
    table = f"id,text,labels\n1,{text},multipolarity\n"
    content = json.dumps(rows, ensure_ascii=False) if suffix == ".json" else table
    path.write_text(content, "cp1251")
    arguments = ["label-import", str(path), "--codebook", "sample:codebook.yaml", "-o", str(out), "--json"]
    arguments += ["--sample", str(sample)]
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 1
    assert f'--encoding cp1251 reads "1,{text}"' in refused.output
    done = CliRunner().invoke(app, [*arguments, "--encoding", "cp1251"])
    assert done.exit_code == 0, done.output
    assert [json.loads(line)["text"] for line in out.read_text("utf-8").splitlines()] == [text]


def test_ids_survive_an_export_that_writes_over_them(tmp_path: Path) -> None:
    write_records(tmp_path / "sample.jsonl", make_units(["same", "same"]), SAMPLE_COLUMNS)
    export_units(tmp_path / "sample.jsonl", BOOK, tmp_path / "tasks.json", "label-studio")
    tasks = json.loads((tmp_path / "tasks.json").read_text("utf-8"))
    flat = [
        {**task["data"], "id": n, "annotation_id": n, "annotator": 1, "frames": frame}
        for n, (task, frame) in enumerate(zip(tasks, ["order", "text"], strict=True))
    ]
    (tmp_path / "min.json").write_text(json.dumps(flat), "utf-8")
    found = import_codings([tmp_path / "min.json"], BOOK, sample=tmp_path / "sample.jsonl")
    assert [(c.id, c.labels) for c in found.codings] == [("-chan/0:0", ("order",)), ("-chan/1:1", ("text",))]


def test_a_coders_table_numbers_the_rows_that_say_the_same(tmp_path: Path) -> None:
    units = make_units(["Blocs shift.", "Another one.", "Blocs shift."])
    for unit, statement in zip(units, ["a", "b", "a"], strict=True):
        unit["statement"] = statement
    write_records(tmp_path / "sample.csv", units, SAMPLE_COLUMNS)
    export_units(tmp_path / "sample.csv", BOOK, tmp_path / "coder.jsonl", "table")
    rows = [record.cells for record in read_records(tmp_path / "coder.jsonl")]
    assert [row.get("statement") for row in rows] == [1, None, 1]


def test_a_workbook_wraps_texts_and_writes_each_in_its_direction(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    rows = [{"text": "يأمل الجميع أن تصمت المدافع"}, {"text": "📌 Усі сподіваються " * 9}]
    write_records(tmp_path / "coder.xlsx", rows, ["text"])
    sheet = openpyxl.load_workbook(tmp_path / "coder.xlsx").active
    cells = [sheet.cell(n, 1).alignment for n in (2, 3)]
    assert [(cell.wrap_text, cell.readingOrder) for cell in cells] == [(True, 2), (True, 1)]
    assert sheet.column_dimensions["A"].width == 60
