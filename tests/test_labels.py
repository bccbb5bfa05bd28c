import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.codebooks.codebook import Codebook, draft_codebook
from pipeline.data.labels.label_cells import RowError, read_mark
from pipeline.data.labels.labelled_rows import COLUMNS, draft_labels, read_labelled
from pipeline.errors import DataError

BOOK = draft_codebook("Book", ["order", "threat", "unity"], mode="multi_label")
SINGLE = draft_codebook("Single", ["none", "threat"], mode="single_label")
ROWS = [
    {"id": "1", "text": "The world\nis changing.", "labels": ["order"], "date": "2024-03-01T12:00:00+03:00"},
    {"id": "2", "text": "They; the others, threaten.", "labels": ["threat", "order"], "date": "2024-03-02"},
    {"id": "3", "text": "Погода хорошая.", "labels": [], "date": None},
]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_jsonl(path: Path, rows: list[dict[str, object]]) -> Path:
    return write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def as_frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS)


def write_all_formats(folder: Path) -> list[Path]:
    frame = as_frame()
    frame.to_parquet(folder / "rows.parquet")
    joined = frame.assign(labels=[";".join(labels) for labels in frame["labels"]])
    for name, delimiter in (("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|")):
        joined.to_csv(folder / f"{name}.csv", sep=delimiter, index=False)
    frame.assign(labels=[str(labels) for labels in frame["labels"]]).to_csv(
        folder / "python.csv", index=False
    )
    joined.to_csv(folder / "excel.txt.csv", sep="\t", index=False, encoding="utf-16")
    frame.assign(labels=[json.dumps(x) for x in frame["labels"]]).to_csv(folder / "json.csv", index=False)
    write_jsonl(folder / "rows.jsonl", list(reversed(ROWS)))
    write(folder / "rows.json", "\ufeff" + json.dumps(ROWS, indent=1))
    return sorted(folder.iterdir())


def test_every_format_gives_the_same_data(tmp_path: Path) -> None:
    paths = write_all_formats(tmp_path)
    assert len(paths) == 10
    fingerprints = set()
    for path in paths:
        data = read_labelled(path, BOOK)
        fingerprints.add(data.fingerprint)
        rows = data.table.set_index("id").loc[["1", "2", "3"]]
        assert list(rows["labels"]) == [("order",), ("order", "threat"), ()], path.name
        assert list(rows["text"]) == [row["text"] for row in ROWS]
        assert rows["date"].isna().tolist() == [False, False, True]
        assert rows["date"].iloc[0] == pd.Timestamp("2024-03-01T09:00Z")
        assert rows["date"].iloc[1] == pd.Timestamp("2024-03-02T00:00Z")
    assert len(fingerprints) == 1


def test_table_columns_and_indicator(tmp_path: Path) -> None:
    data = read_labelled(write_jsonl(tmp_path / "a.jsonl", ROWS), BOOK)
    assert tuple(data.table.columns) == (*COLUMNS, "where")
    assert str(data.table["date"].dtype) == "datetime64[us, UTC]"
    assert data.table["source"].tolist() == [None, None, None]
    assert data.indicator().tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert data.count_positives() == {"order": 2, "threat": 1, "unity": 0}
    subset = data.subset(np.array([2, 0]))
    assert subset.table["id"].tolist() == ["3", "1"]
    assert subset.table.index.tolist() == [0, 1]
    assert data.subset([0, 1, 2]).fingerprint == data.fingerprint != subset.fingerprint


def test_fingerprint_sees_every_change(tmp_path: Path) -> None:
    prints = set()
    for change in ({}, {"id": "9"}, {"text": "Other."}, {"labels": ["unity"]}):
        prints.add(read_labelled(write_jsonl(tmp_path / "a.jsonl", [ROWS[0] | change]), BOOK).fingerprint)
    assert len(prints) == 4


def test_columns_are_mapped_and_unknown_ones_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "sentence,frames,channel\nHello there,unity,mfa\n")
    data = read_labelled(path, BOOK, {"text": "sentence", "labels": "frames", "source": "channel"})
    assert data.table.loc[0, ["text", "labels", "source"]].tolist() == ["Hello there", ("unity",), "mfa"]
    with pytest.raises(
        DataError, match=r"no column 'text', 'labels'; the file has: sentence, frames, channel"
    ):
        read_labelled(path, BOOK)
    renamed = write_jsonl(tmp_path / "a.jsonl", [{"sentence": "x", "frames": [], "id": "1"}])
    with pytest.raises(DataError, match=r"'text', 'labels'; the file has: sentence, frames, id\. .*--column"):
        read_labelled(renamed, BOOK)
    with pytest.raises(DataError, match=r"unknown names txt; expected .* text"):
        read_labelled(path, BOOK, {"txt": "sentence"})
    with pytest.raises(DataError, match="no column 'time'"):
        read_labelled(path, BOOK, {"text": "sentence", "labels": "frames", "date": "time"})


def test_missing_ids_come_from_the_text_whatever_the_order(tmp_path: Path) -> None:
    rows = [
        {"text": "Same.", "labels": ["unity"]},
        {"text": "Same.", "labels": []},
        {"text": "B.", "labels": []},
    ]
    first = read_labelled(write_jsonl(tmp_path / "a.jsonl", rows), BOOK)
    second = read_labelled(write_jsonl(tmp_path / "b.jsonl", rows[::-1]), BOOK)
    assert first.fingerprint == second.fingerprint
    ids = first.table["id"].tolist()
    assert ids[0] == ids[1] + "-2"
    assert len(ids[1]) == 16
    assert any("1 texts stand more than once with different labels" in w for w in first.warnings)


def test_generated_ids_never_meet_given_ones(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"text": "Same.", "labels": []}]
    generated = read_labelled(write_jsonl(tmp_path / "a.jsonl", rows), BOOK).table["id"].iloc[0]
    rows.append({"id": generated, "text": "Other.", "labels": []})
    assert read_labelled(write_jsonl(tmp_path / "a.jsonl", rows), BOOK).table["id"].is_unique


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "no rows"),
        ("a.csv", "text,labels\n", "no rows"),
        ("a.jsonl", "\n\n", "no rows"),
        ("a.json", "[]", "no rows"),
        ("a.xlsx", "PK", "not a readable XLSX workbook"),
        ("a.ods", "PK", "ends in one of .csv"),
        ("a.parquet", "PAR1 not really", "not a readable Parquet file"),
        ("a.csv", "text,text,labels\na,b,order\n", "line 1: the column 'text' stands more than once"),
        ("a.csv", 'text,labels\nfine,order\n"open,order\n', r"line 3: not valid CSV: .*quote"),
        ("a.csv", "text,labels\na b, c,order\n", "line 2: expected 2 cells as in the header, got 3"),
        (
            "a.csv",
            'text,labels\n"x\ny",order\n ,order\n',
            r"1 rows .*line 4: field 'text': the text is empty",
        ),
        ("a.csv", "text,labels\nx,order;ordre\n", r"a.csv, line 2: labels .* ordre; expected some of: order"),
        (
            "a.csv",
            "text,labels\nx,[order\n",
            r"""line 2: field 'labels': expected a list such as \["a", "b"\]""",
        ),
        (
            "a.csv",
            "id,text,labels\n7,x,\n8,z,\n7,y,\n",
            r"line 4: the id '7' already stands at .*a.csv, line 2",
        ),
        (
            "a.csv",
            "text,labels,date\nx,,03/04/2024\n",
            "line 2: field 'date': expected ISO 8601 .*03/04/2024",
        ),
        (
            "a.csv",
            "text,labels\nПривет,\n".encode("cp1251"),
            r"expected UTF-8, got other bytes at position 12; --encoding",
        ),
        ("a.jsonl", '{"text": "x", "labels": []}\n{"text": "y"}\n', r"line 2: field 'labels' is missing"),
        ("a.jsonl", '{"text": "x", "labels": []}\n{"text": \n', "line 2: not valid JSON"),
        ("a.jsonl", '{"text": 5, "labels": []}\n', "line 1: field 'text': expected text, got 5"),
        ("a.jsonl", '{"text": "x", "labels": {"a": 1}}\n', "line 1: field 'labels': expected a list"),
        ("a.jsonl", '{"text": "x", "labels": [true]}\n', "field 'labels': expected text, got True"),
        ("a.jsonl", '{"text": "x", "text": "y", "labels": []}\n', "a key stands twice"),
        ("a.jsonl", '{"text": "\\ud800", "labels": []}\n', "field 'text': broken character"),
        ("a.jsonl", '{"text": "x", "labels": [], "date": 5}\n', "field 'date': expected an ISO 8601"),
        ("a.jsonl", '{"text": "x", "labels": [], "date": "0001-01-01T00:00:00+05:00"}\n', "out of range"),
        ("a.jsonl", "[" * 100_000, "not valid JSON"),
        ("a.json", '[{"text": "x", "labels": []}, 3]', "item 2: expected an object"),
    ],
)
def test_faults_are_located(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"(?s){message}"):
        read_labelled(write(tmp_path / name, content), BOOK)


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r"])
def test_another_encoding_is_proposed_by_a_line_and_read_where_it_is_named(
    tmp_path: Path, encoding: str
) -> None:
    content = "text,labels\nВ мире меняется порядок,order\nНам снова угрожает запад,threat\n"
    path = write(tmp_path / "a.csv", content.encode(encoding))
    with pytest.raises(DataError, match=rf"--encoding {encoding} reads .(В мире|Нам снова)"):
        read_labelled(path, BOOK)
    data = read_labelled(path, BOOK, encoding=encoding)
    assert list(data.table["text"]) == ["В мире меняется порядок", "Нам снова угрожает запад"]
    assert draft_labels(path, encoding=encoding) == ["order", "threat"]
    write(path, content)  # UTF-8 stays what it is
    assert read_labelled(path, BOOK, encoding=encoding).fingerprint == data.fingerprint
    with pytest.raises(DataError, match="--encoding cp12510: no such encoding"):
        read_labelled(path, BOOK, encoding="cp12510")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_labelled(tmp_path / "none.csv", BOOK)


def test_bad_rows_can_be_rejected_but_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,labels,date\nx,order,2024-01-01\n\u200b,order,\ny,,never\n")
    data = read_labelled(path, BOOK, on_bad_row="reject")
    assert len(data) == 1
    assert [reject.where.rpartition(" ")[2] for reject in data.rejects] == ["3", "4"]
    assert any("2 rows were rejected" in warning for warning in data.warnings)
    with pytest.raises(DataError, match="no usable row is left"):
        read_labelled(write(tmp_path / "b.csv", "text,labels\n ,order\n"), BOOK, on_bad_row="reject")


def test_single_label_codebook_needs_exactly_one(tmp_path: Path) -> None:
    def read(labels: str, book: Codebook) -> int:
        return len(read_labelled(write(tmp_path / "a.csv", f"text,labels\nx,{labels}\n"), book))

    assert read("threat", SINGLE) == 1
    for labels in ("", "none;threat"):
        with pytest.raises(
            DataError, match=r"line 2: expected exactly one label.*add a frame such as 'none'"
        ):
            read(labels, SINGLE)


def test_warnings_name_rare_frames_and_times_without_zone(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"text": f"Text {n}", "labels": ["order"], "date": "2024-01-01 10:00"} for n in range(10)
    ]
    data = read_labelled(write_jsonl(tmp_path / "a.jsonl", rows), BOOK)
    assert any("threat (0), unity (0)" in warning and "order" not in warning for warning in data.warnings)
    assert any("10 dates state no time zone" in warning for warning in data.warnings)


def test_draft_labels_lists_what_the_file_holds(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "sentence,labels\nx,b; a\ny,\nz,\"['c', 'a']\"\n")
    assert draft_labels(path, {"text": "sentence"}) == ["a", "b", "c"]


def test_long_texts_and_strange_line_ends(tmp_path: Path) -> None:
    long = "word " * 60_000
    path = write(tmp_path / "a.csv", f'text,labels\r\n"{long}",order\r\n"two\r\nlines\u2028here",\r\n')
    assert read_labelled(path, BOOK).table["text"].tolist() == [long, "two\nlines\u2028here"]


@settings(deadline=None, max_examples=60)
@given(
    texts=st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1).filter(
            lambda text: text.strip("\u200b\u200c\u200d\u2060\ufeff").strip() and "\r" not in text
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_survives_json_lines(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / "a.jsonl"
    write_jsonl(path, [{"text": text, "labels": ["order"]} for text in texts])
    try:
        data = read_labelled(path, BOOK)
    except DataError as error:
        assert "the text is empty" in str(error)  # noqa: PT017 - white space mixed with invisible characters
    else:
        assert data.table["text"].tolist() == texts


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("['order' 'threat']", ("order", "threat")),
        ("['order'\n 'unity']", ("order", "unity")),
        ("""["order" 'unity']""", ("order", "unity")),
        ("array(['order', 'threat'], dtype=object)", ("order", "threat")),
        ("array(['order' 'threat'], dtype='<U6')", ("order", "threat")),
        ('c("order", "threat")', ("order", "threat")),
        ("('order', 'threat')", ("order", "threat")),
        ("{'unity'}", ("unity",)),
        ('{"choices": ["order", "unity"]}', ("order", "unity")),
        ('{"taxonomy": [["root", "order"], ["unity"]]}', ("order", "unity")),
        ("[]", ()),
        ("array([], dtype=object)", ()),
    ],
)
def test_lists_are_read_as_other_programs_print_them(
    cell: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    pd.DataFrame([{"text": "A text.", "labels": cell}]).to_csv(path, index=False)
    assert read_labelled(path, BOOK).table["labels"][0] == expected
    assert tuple(draft_labels(path)) == expected


@pytest.mark.parametrize(
    "cell", ["['order', 'threat' 'unity']", "['it''s']", "[order threat]", "['order' nan]"]
)
def test_a_list_whose_labels_cannot_be_told_apart_is_quoted_and_refused(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    pd.DataFrame([{"text": "A text.", "labels": cell}]).to_csv(path, index=False)
    for read in (lambda: read_labelled(path, BOOK), lambda: draft_labels(path)):
        with pytest.raises(DataError, match="expected a list such as") as caught:
            read()
        assert repr(cell) in str(caught.value)


@settings(deadline=None, max_examples=100)
@given(
    labels=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1),
        max_size=5,
        unique=True,
    )
)
def test_arrays_of_numpy_give_back_their_labels_or_are_refused(
    labels: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("numpy") / "rows.csv"
    printed = np.array2string(np.array(labels, dtype=object), threshold=10_000)
    pd.DataFrame([{"text": "A text.", "labels": printed}]).to_csv(path, index=False)
    try:
        found = draft_labels(path)
    except DataError:
        return
    assert found == sorted(labels)


def write_table(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def labels_by_id(path: Path, book: Codebook = BOOK, **columns: str) -> dict[str, tuple[str, ...]]:
    table = read_labelled(path, book, columns).table
    return dict(zip(table["id"], table["labels"], strict=True))


def test_workbooks_are_read_like_csv(tmp_path: Path) -> None:
    as_frame().assign(labels=["order", "threat; order", None]).to_excel(tmp_path / "rows.xlsx", index=False)
    data = read_labelled(tmp_path / "rows.xlsx", BOOK)
    assert list(data.table["labels"]) == [("order",), ("order", "threat"), ()]
    assert list(data.table["text"]) == [row["text"] for row in ROWS]
    assert f"{data.table['date'][0]:%Y-%m-%d %H:%M}" == "2024-03-01 09:00"


@pytest.mark.parametrize(
    ("yes", "no"), [("1", "0"), ("x", ""), ("true", "false"), ("TRUE", "FALSE"), ("1.0", "0.0")]
)
def test_one_column_a_frame_is_read_by_id_or_name(yes: str, no: str, tmp_path: Path) -> None:
    rows = [f"a,One.,{yes},{no},{yes}", f"b,Two.,{no},{no},{no}", f"c,Three.,{no},{yes},{no}"]
    path = write_table(tmp_path / "rows.csv", "id,text,order,Threat,unity", *rows)
    assert labels_by_id(path) == {"a": ("order", "unity"), "b": (), "c": ("threat",)}
    assert any("one column for each frame" in note for note in read_labelled(path, BOOK).warnings)
    assert draft_labels(path) == ["Threat", "order", "unity"]


def test_names_of_columns_may_be_in_another_case(tmp_path: Path) -> None:
    path = write_table(tmp_path / "lists.csv", "ID,Text,LABELS,Lang", "a,One.,order;threat,ru", "b,Two.,,ru")
    assert labels_by_id(path) == {"a": ("order", "threat"), "b": ()}
    path = write_table(
        tmp_path / "marks.csv", "Id,TEXT,Order,THREAT,unity", "a,One.,так,ja,", "b,Two.,ні,nein,"
    )
    assert labels_by_id(path) == {"a": ("order", "threat"), "b": ()}
    path = write_table(tmp_path / "rows.csv", "Id,Text,Label", "a,One.,order", "a,One.,threat")
    assert labels_by_id(path) == {"a": ("order", "threat")}
    path = write_table(tmp_path / "both.csv", "id,Text,TEXT,labels", "a,One.,Two.,order")
    with pytest.raises(DataError, match="no column 'text'; the file has: id, Text, TEXT, labels"):
        read_labelled(path, BOOK)
    assert labels_by_id(path, text="TEXT") == {"a": ("order",)}


@pytest.mark.parametrize(
    ("cells", "meant"),
    [(("x", "х", "√", "✔️", "да", "так", "是", "نعم", "oui", "sí", "ja", "١"), True),
     (("0", "ні", "否", "لا", "nein", "不"), False), (("", " ", None), None)],
)  # fmt: skip
def test_marks_are_read_in_many_languages(cells: tuple[object, ...], meant: bool | None) -> None:
    assert {read_mark(cell, "threat") for cell in cells} == {meant}


def test_a_cross_is_refused_as_it_means_yes_and_no() -> None:
    with pytest.raises(RowError, match="a mark to some and a no to others"):
        read_mark("×", "threat")


def test_columns_of_marks_that_nobody_can_place_are_refused_or_told(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", "text,order,thret,unity", "One.,1,1,0")
    with pytest.raises(DataError, match=r"no column for the frames threat, but columns .* no frames: thret"):
        read_labelled(path, BOOK)
    path = write_table(tmp_path / "b.csv", "text,order,threat,unity,seen", "One.,1,1,0,1")
    assert any("are not read: seen" in note for note in read_labelled(path, BOOK).warnings)
    path = write_table(tmp_path / "c.csv", "text,order", "One.,1")
    assert any(
        "no column for the frames threat, unity" in note for note in read_labelled(path, BOOK).warnings
    )
    path = write_table(tmp_path / "d.csv", "text,order,threat", "One.,1,2")
    with pytest.raises(DataError, match=r"field 'threat': expected x, .* got '2'"):
        read_labelled(path, BOOK)
    path = write_table(tmp_path / "e.csv", "text,labels,order", "One.,threat,1")
    with pytest.raises(DataError, match=r"line 2: the labels \(threat\) and the column of 'order' differ"):
        read_labelled(path, BOOK)


def test_one_row_a_label_becomes_one_text(tmp_path: Path) -> None:
    rows = ["a,One.,order", "a,One.,threat", "b,Two.,", "c,One.,unity"]
    path = write_table(tmp_path / "rows.csv", "id,text,label", *rows)
    assert labels_by_id(path) == {"a": ("order", "threat"), "b": (), "c": ("unity",)}
    assert (
        "each of 4 rows states one label: joined into 3 texts, by id and text"
        in read_labelled(path, BOOK).warnings
    )
    path = write_table(tmp_path / "other.csv", "text,kind", "One.,order", "One.,threat")
    assert list(read_labelled(path, BOOK, {"labels": "kind"}).table["labels"]) == [("order", "threat")]
    path = write_table(tmp_path / "same_id.csv", "id,text,label", "a,One.,order", "a,Two.,threat")
    with pytest.raises(DataError, match="'a' already stands"):
        read_labelled(path, BOOK)
    path = write_table(tmp_path / "single.csv", "id,text,label", "a,One.,none", "a,One.,threat")
    with pytest.raises(DataError, match="'a' already stands"):
        read_labelled(path, SINGLE)


def test_labels_joined_by_a_number_sign_are_several_where_each_is_a_frame(tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "rows.csv", "id,text,label,unit_id", "0,One.,order#unity,u1", "1,Two.,threat,u2"
    )
    assert labels_by_id(path) == {"u1": ("order", "unity"), "u2": ("threat",)}
    assert any("joined by #" in note for note in read_labelled(path, BOOK).warnings)
    sharp = draft_codebook("Book", ["c#", "c"], mode="multi_label")
    path = write_table(tmp_path / "sharp.csv", "id,text,label", "0,One.,c#")
    assert labels_by_id(path, sharp) == {"0": ("c#",)}


SEGMENTS = {
    "MAXQDA": ("Document name,Code,Segment,Modified by", "{doc},Frames\\{label},{text},anna"),
    "ATLAS.ti": ("ID,Document,Quotation Content,Codes,Created by", "1:1,{doc},{text},Frames: {label},anna"),
    "NVivo": ("File,Code,Coded Text,Coded By", "{doc},{label},{text},anna"),
    "QualCoder": (
        "File,Coder,Coded,Id,Codename,Coded_Memo,Category,Category",
        "{doc},anna,{text},ctid:1,{label},,Frames",
    ),
    "Taguette": ("id,document,tag,content,creator", "1,{doc},{label},{text},anna"),
}


@pytest.mark.parametrize("program", SEGMENTS)
def test_tables_of_coded_segments_become_texts_with_labels(program: str, tmp_path: Path) -> None:
    header, row = SEGMENTS[program]
    coded = [
        ("d1", "One.", "order"),
        ("d1", "One.", "threat"),
        ("d2", "Two.", "unity"),
        ("d3", "Two.", "order"),
    ]
    rows = [row.format(doc=doc, text=text, label=label) for doc, text, label in coded]
    path = write_table(tmp_path / "codes.csv", header, *rows)
    assert labels_by_id(path) == {"d1": ("order", "threat"), "d2": ("unity",), "d3": ("order",)}
    assert any(
        f"coded segments of {program}: 4 rows, 3 segments" in note
        for note in read_labelled(path, BOOK).warnings
    )
    several = write_table(
        tmp_path / "two.csv", header, *rows, row.format(doc="d1", text="Four.", label="order")
    )
    assert sorted(labels_by_id(several).values()) == [("order",), ("order",), ("order", "threat"), ("unity",)]


def test_a_subcode_counts_for_the_frame_above_it(tmp_path: Path) -> None:
    header, row = SEGMENTS["MAXQDA"]
    path = write_table(
        tmp_path / "codes.csv", header, row.format(doc="d1", text="One.", label="order > growth")
    )
    assert labels_by_id(path) == {"d1": ("order",)}


STUDIO = "annotation_id,annotator,created_at,frames,id,lead_time,text"
STUDIO_ROWS = [
    "0,1,2024,order,7,3.1,One.",
    '1,1,2024,"{""choices"": [""order"", ""unity""]}",8,3,Two.',
    "2,1,2024,,9,3,Three.",
]


def test_label_studio_csv_and_json_min_are_read(tmp_path: Path) -> None:
    csv_path = write_table(tmp_path / "export.csv", STUDIO, *STUDIO_ROWS)
    items = [
        {"text": "One.", "id": 7, "frames": "order", "annotator": 1, "annotation_id": 0},
        {
            "text": "Two.",
            "id": 8,
            "frames": {"choices": ["order", "unity"]},
            "annotator": 1,
            "annotation_id": 1,
        },
        {"text": "Three.", "id": 9, "annotator": 1, "annotation_id": 2},
    ]
    json_path = write(tmp_path / "export.json", json.dumps(items))
    for path in (csv_path, json_path):
        table = read_labelled(path, BOOK).table
        assert list(table["labels"]) == [("order",), ("order", "unity"), ()], path.name
        assert not set(table["id"]) & {"7", "8", "9"}  # numbers of tasks, which other projects have too
    renamed = write_table(tmp_path / "other.csv", STUDIO.replace("frames", "topic"), *STUDIO_ROWS)
    assert list(read_labelled(renamed, BOOK).table["labels"])[1] == ("order", "unity")
    with pytest.raises(DataError, match="name the control with the frames, --column labels=NAME"):
        draft_labels(renamed)
    assert draft_labels(renamed, {"labels": "topic"}) == ["order", "unity"]


def test_tasks_of_label_studio_that_nobody_annotated_are_no_rows(tmp_path: Path) -> None:
    untouched = {"text": "Four.", "id": 10, "annotator": None, "annotation_id": None}
    coded = {"text": "One.", "id": 7, "frames": "order", "annotator": 1, "annotation_id": 3}
    items = write(tmp_path / "export.json", json.dumps([coded, untouched]))
    rows = pd.DataFrame([coded, untouched]).convert_dtypes().to_csv(index=False)
    for path in (
        items,
        write(tmp_path / "export.csv", rows),
        write(tmp_path / "export.tsv", rows.replace(",", "\t")),
    ):
        data = read_labelled(path, BOOK)
        assert list(data.table["text"]) == ["One."]
        assert f"1 tasks of {path.name} that nobody annotated are left out" in data.warnings


def test_a_table_that_excel_wrote_with_its_separator_line_is_read(tmp_path: Path) -> None:
    path = write_table(tmp_path / "rows.csv", "sep=;", "text;labels", "One, two.;order", "Three.;nonsense")
    with pytest.raises(DataError, match=r"line 4: .*nonsense"):
        read_labelled(path, BOOK)
    path = write_table(tmp_path / "rows.csv", "sep=;", "text;labels", "One, two.;order")
    assert list(read_labelled(path, BOOK).table["text"]) == ["One, two."]


def test_a_file_without_texts_is_told_once(tmp_path: Path) -> None:
    path = write_table(tmp_path / "rows.csv", "id,body,labels", *(f"{n},A text.,order" for n in range(120)))
    with pytest.raises(DataError, match="no column 'text'; the file has: id, body, labels"):
        read_labelled(path, BOOK)


def test_the_mark_for_no_frame_is_no_label(tmp_path: Path) -> None:
    path = write_table(tmp_path / "rows.csv", "id,text,labels", "a,One.,(no frame)", "b,Two.,order")
    assert labels_by_id(path) == {"a": (), "b": ("order",)}
    path = write_table(tmp_path / "both.csv", "id,text,labels", "a,One.,order;(no frame)")
    with pytest.raises(DataError, match=r"'\(no frame\)' and frames as well"):
        read_labelled(path, BOOK)


def test_all_faults_are_told_at_once_each_kind_in_a_line(tmp_path: Path) -> None:
    rows = [
        "a,One.,ordre",
        *(f"b{n},Two {n}.,ordre" for n in range(39)),
        "a,Three.,order",
        "c,,order",
        "d,,unity",
    ]
    path = write_table(tmp_path / "rows.csv", "id,text,labels", *rows)
    with pytest.raises(DataError) as caught:
        read_labelled(path, BOOK)
    faults = str(caught.value).split("\n")
    assert len(faults) == 3
    assert "2 rows cannot be used" in faults[0]
    assert "the text is empty (2 rows so)" in faults[0]
    assert "line 2: labels that are not in the codebook 'Book': ordre (40 times)" in faults[1]
    assert "line 42: the id 'a' already stands at" in faults[2]


def test_a_frame_that_every_text_carries_is_told(tmp_path: Path) -> None:
    rows = [f"{n},Text {n}.,order{';threat' if n % 2 else ''}" for n in range(40)]
    path = write_table(tmp_path / "rows.csv", "id,text,labels", *rows)
    notes = read_labelled(path, BOOK).warnings
    assert any("every text carries order:" in note for note in notes)
