from pathlib import Path

import pytest

from pipeline.data.codebook import draft_codebook, dump_codebook, load_codebook
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
