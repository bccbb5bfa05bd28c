import re
from pathlib import Path

import pytest

from pipeline.annotation.record_files import write_records
from pipeline.data.codebooks.codebook import Codebook, Frame, draft_codebook, dump_codebook, load_codebook
from pipeline.data.codebooks.codebook_tables import NAMES, read_codebook_table
from pipeline.data.tables.table_rows import fold_name
from pipeline.errors import ConfigError, DataError

GOOD = """
name: Test book
frames:
  - id: order
    name: World order
    definition: Speaks of how the world is ordered.
    examples: ["The world is changing."]
  - id: multipolarity
    name: Multipolar world
    definition: Presents several centres of power as just.
    parent: order
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "codebook.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_good_codebook_keeps_order_and_warns_of_missing_examples(tmp_path: Path) -> None:
    book = load_codebook(write(tmp_path, GOOD))
    assert book.frame_ids == ("order", "multipolarity")
    assert book.mode == "multi_label"
    assert [w for w in book.warnings() if "multipolarity" in w]
    assert not [w for w in book.warnings() if "'order'" in w]


def test_hash_ignores_layout_but_not_content(tmp_path: Path) -> None:
    first = load_codebook(write(tmp_path, GOOD)).content_hash
    assert load_codebook(write(tmp_path, "# a comment\n" + GOOD)).content_hash == first
    assert load_codebook(write(tmp_path, GOOD.replace("as just", "as fair"))).content_hash != first


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: multipolarity", "id: order", "must be unique.*order"),
        ("Speaks of how the world is ordered.", "''", "frames.0.definition: .*at least 1 character"),
        ("parent: order", "parent: nowhere", "parent 'nowhere', which is not a frame"),
        ("parent: order", "parent: multipolarity", "third level"),
        ("    parent: order", "    colour: red", "frames.1.colour: no such key, got"),
        (
            "    parent: order",
            "    parents: order",
            r"frames.1.parents: no such key \(did you mean 'parent'\?\)",
        ),
        ("name: Test book", "name: Test book\nname: Again", "line 3: .*'name' stands twice"),
        ("name: Test book", "name: [", "not valid YAML"),
        ("id: multipolarity", "id: 'a;b'", "frames.1.id"),
        ("name: Test book", "name: &a Test\nversion: *a", "aliases"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_codebook(write(tmp_path, GOOD.replace(old, new)))


def test_missing_and_wrongly_encoded_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such codebook"):
        load_codebook(tmp_path / "none.yaml")
    path = tmp_path / "codebook.yaml"
    path.write_bytes("name: Кодовая книга".encode("cp1251"))
    with pytest.raises(ConfigError, match="expected UTF-8"):
        load_codebook(path)


def test_unknown_labels_are_listed(tmp_path: Path) -> None:
    book = load_codebook(write(tmp_path, GOOD))
    told = book.describe_unknown({"ordre": 40, "x": 1})
    assert "'Test book': ordre (40 times), x; expected some of: order, multipolarity. Mend" in told
    assert "Separate several labels of a text by ';'" in book.describe_unknown({"order, multipolarity": 1})


@pytest.mark.parametrize("unquoted", ["no", "yes", "null", "1", "2024-01-01"])
def test_an_id_that_yaml_takes_for_something_else_wants_quotes(unquoted: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"frames\.0\.id: .*put it in quotes") as caught:
        load_codebook(write(tmp_path, GOOD.replace("id: order", f"id: {unquoted}")))
    assert "at least 1" not in str(caught.value)
    quoted = write(tmp_path, GOOD.replace("id: order", f"id: '{unquoted}'").replace("order", unquoted, 0))
    assert load_codebook(
        write(tmp_path, quoted.read_text().replace("parent: order", f"parent: '{unquoted}'"))
    )


def test_draft_round_trips_through_yaml(tmp_path: Path) -> None:
    drafted = draft_codebook("Draft", ["b", "a", "b"], mode="single_label")
    assert load_codebook(write(tmp_path, dump_codebook(drafted))) == drafted
    with pytest.raises(DataError, match="no labels"):
        draft_codebook("Draft", [], mode="multi_label")
    with pytest.raises(DataError, match=r"'order, threat' seems to be several; .* by ';'"):
        draft_codebook("Draft", ["order", "threat", "order, threat"], mode="multi_label")


@pytest.mark.parametrize(
    ("first", "second"), [("Peace", "peace"), ("МИР", "мир"), ("caf\u00e9", "cafe\u0301")]
)
def test_ids_that_sql_takes_for_one_column_are_refused(first: str, second: str, tmp_path: Path) -> None:
    told = r"differ in more than upper and lower case.*Rename one"
    with pytest.raises(DataError, match=told):
        draft_codebook("Book", [first, second], mode="multi_label")
    with pytest.raises(ConfigError, match=told):
        load_codebook(write(tmp_path, GOOD.replace("order", first).replace("multipolarity", second)))


def test_a_table_in_place_of_the_yaml_is_told_how_to_become_one(tmp_path: Path) -> None:
    path = tmp_path / "frames.csv"
    path.write_text("id,name,definition\na,A,Says a.\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"YAML file; .*frames init FOLDER --codebook frames.csv"):
        load_codebook(path)


def of_table(path: Path, content: str, encoding: str = "utf-8") -> tuple[Codebook, list[str]]:
    path.write_text(content, encoding=encoding, newline="")
    return read_codebook_table(path, "Book", mode="multi_label", encoding="cp1251")


WHOLE = Frame(
    id="order",
    name="World order",
    definition="Speaks of the order.",
    include=("claims of change",),
    exclude=("mere mention",),
    examples=("The world changes.", "A new order."),
    parent="world",
)
WORLD = Frame(id="world", name="World", definition="All of them.")
HEADS = {
    "ours": ("id", "name", "definition", "include", "exclude", "examples", "parent"),
    "spaced": (
        "Frame ID",
        "Frame-Name",
        "DESCRIPTION",
        "Inclusion criteria",
        "when_not_to_use",
        "Example",
        "Parent ID",
    ),
    "MAXQDA": ("Code", "Title", "Code memo", "Include", "Exclude", "Anchor examples", "Parent code"),
    "German": (
        "Code",
        "Bezeichnung",
        "Beschreibung",
        "Einschluss",
        "Ausschluss",
        "Ankerbeispiele",
        "Oberkategorie",
    ),
    "Russian": ("Код", "Название", "Определение", "Включает", "Исключает", "Примеры", "Родитель"),
    "Ukrainian": ("Ідентифікатор", "Назва", "Визначення", "Включає", "Виключає", "Приклади", "Parent"),
}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("heads", "encoding"), [*((head, "utf-8-sig") for head in HEADS), ("Russian", "cp1251")]
)
def test_tables_become_codebooks_under_the_names_that_people_use(
    tmp_path: Path, heads: str, encoding: str, delimiter: str
) -> None:
    examples = '"- The world changes.\n- A new order."'
    rows = [
        HEADS[heads],
        ("world", "World", "All of them.", "", "", "", ""),
        ("", "", "", "", "", "", ""),
        (
            "order",
            "World order",
            "Speaks of the order.",
            "claims of change",
            "mere mention",
            examples,
            "World",
        ),
    ]
    content = "\r\n".join(delimiter.join(row) for row in rows)
    book, notes = of_table(tmp_path / "frames.csv", content, encoding)
    assert book.frames == (WORLD, WHOLE)
    assert not notes
    assert load_codebook(write(tmp_path, dump_codebook(book))) == book


def test_tables_of_other_shapes(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    book, _ = of_table(path, "Name,Description,Example 1,Example 2\nWar: now,Of war.,a;b,c | d\n")
    assert book.frames == (
        Frame(id="War: now", name="War: now", definition="Of war.", examples=("a;b", "c", "d")),
    )
    book, notes = of_table(path, "code,label,definition,weight\nw1,War,Of war.,3\n")
    assert (book.frames[0].id, book.frames[0].name) == ("w1", "War")
    assert notes == ["columns of f.csv that are not read: weight"]
    book, _ = of_table(path, "frame,title,definition\nwar,War,Of war.\n")
    assert (book.frames[0].id, book.frames[0].name) == ("war", "War")
    workbook = tmp_path / "f.xlsx"
    write_records(
        workbook, [{"id": 7, "definition": "Of seven.", "examples": None}], ["id", "definition", "examples"]
    )
    book, _ = read_codebook_table(workbook, "Book", mode="single_label")
    assert (book.frames[0].id, book.frames[0].name, book.mode) == ("7", "7", "single_label")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no column with the id of each frame; the table has: no columns; expected one called id or"),
        (
            "id,name\na,A\n",
            "line 1: no column with the definition .*has: id, name; expected .* or description",
        ),
        ("name,note\na,A\n", "no column with the definition"),
        ("id,definition\n", "no rows"),
        ("id,definition,id\na,b,c\n", "'id' stands more than once"),
        ("id,definition,memo\na,b,c\n", "definition, memo could each be the definition"),
        (
            'id,name,definition,parent\na,A,,\n,,Of b,\n"c;d",C,Of c,\na,A,Of a,\n',
            "line 2, column 'definition': expected the .*line 3, column 'id': expected .*line 4.* match pattern",
        ),
        ("id,definition\na,Of a\na,Of b\n", "line 3, column 'id': the id 'a' already stands at .*line 2"),
        ("id,definition\na,Of a,x\n", "line 2: expected 2 cells as in the header, got 3"),
        ("id,definition,parent\na,Of a,b\n", "frame 'a' names the parent 'b', which is not a frame here"),
        ("id,definition\na,Of a\nA,Of b\n", "must differ in more than upper and lower case"),
    ],
)
def test_faults_of_a_table_are_told_by_row_and_column(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=f"(?s){message}"):
        of_table(tmp_path / "frames.csv", content)


def test_the_docs_list_the_names_of_columns_that_are_read() -> None:
    text = (Path(__file__).parent.parent / "docs" / "codebook.md").read_text(encoding="utf-8")
    section = text.partition("## A codebook from a table")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| (\w+) \| (.*) \|$", section, re.MULTILINE))
    for field, names in NAMES.items():
        assert {fold_name(name) for name in listed[field].split(", ")} == set(names)
