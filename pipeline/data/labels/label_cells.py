"""What the cells of a labelled row mean: text, labels, names and dates, read without guessing."""

import ast
import itertools
import json
import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from pipeline.data.exports.field_values import ascii_digits
from pipeline.data.tables.table_files import Record
from pipeline.errors import shorten, show_value

LONGEST_LABEL_LIST = 10_000  # characters; a longer cell is no list of labels
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_PRINTED = re.compile(
    r"(?:array|c)\((?P<list>\[.*\]|[^\[].*?)(?:, dtype=[\w<>']+)?\)", re.DOTALL
)  # numpy's, R's
_OPENS_LIST = ("[", '("', "('", "{", "array(", 'c("', "c('")
_LISTING_KEYS = (
    "choices",
    "taxonomy",
)  # of an object in a cell, as Label Studio writes several labels into CSV
NO_FRAME = "(no frame)"  # the mark that says: coded, and none of the frames is there
_YES = frozenset(  # \u0445: Cyrillic x
    (
        *(
            "x",
            "\u0445",
            "1",
            "1.0",
            "true",
            "yes",
            "y",
            "+",
            "✓",
            "✔",
            "✅",
            "☑",
            "√",
            "да",
            "так",
            "ja",
            "sí",
            "si",
        ),
        *("sì", "oui", "tak", "sim", "evet", "نعم", "بله", "是", "はい", "예", "네", "כן"),
    )
)
_NO = frozenset(
    (
        *(
            "0",
            "0.0",
            "false",
            "no",
            "n",
            "-",
            "нет",
            "ні",
            "не",
            "nein",
            "non",
            "nie",
            "não",
            "hayır",
            "لا",
            "نه",
        ),
        *("خیر", "否", "不", "いいえ", "아니요", "לא"),
    )
)
_CROSSES = frozenset("×✗✘✕✖❌☒⨯")  # a mark to some people, a no to others
PROPOSED = "proposed"  # a column of a first sample: frames by similarity, which nobody coded
LANGUAGE_MODEL = "llm"  # in a column `origin`: a language model labelled the row
PURPOSES = ("estimate", "test", "train")  # why a text was drawn for labelling
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


class RowError(Exception):
    """One row cannot be used; the caller decides whether that stops the reading."""


def read_row(raw: Record) -> tuple[dict[str, Any], bool]:
    """A row's typed values (and "where"), and whether its date states no time zone.

    Raises:
        RowError: names the field, what was expected and what stands there.
    """
    if raw.fault:
        raise RowError(raw.fault)
    for column in ("text", "labels"):
        if column not in raw.cells:
            raise RowError(f"field '{column}' is missing")
    row: dict[str, Any] = {
        column: _read_name(raw.cells.get(column), column) for column in ("id", "source", "group", "lang")
    }
    row["where"] = raw.where
    row["text"] = _read_text(raw.cells["text"])
    row["labels"] = read_labels(raw.cells["labels"])
    row["origin"] = read_origin(raw.cells.get("origin"))
    row["purpose"] = _read_purpose(raw.cells.get("purpose"))
    row["date"], is_zoneless = _read_date(raw.cells.get("date"))
    return row, is_zoneless


def _read_text(value: object) -> str:
    if value is None:
        raise RowError("field 'text': the text is empty")
    if not isinstance(value, str):
        raise RowError(f"field 'text': expected text, got {show_value(value)}")
    if not value.translate(INVISIBLE).strip():
        raise RowError("field 'text': the text is empty")
    return check_characters(value, "text").replace("\r\n", "\n")


def check_characters(value: str, column: str) -> str:
    """The text itself; JSON can spell half of a surrogate pair, which no file can hold.

    Raises:
        RowError: names the field and the place.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise RowError(f"field '{column}': broken character at position {error.start}") from None
    return value


def _read_name(value: object, column: str) -> str | None:
    """A short text; whole numbers are taken as their digits, as Parquet and JSON may hold ids as numbers."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowError(f"field '{column}': expected text, got {show_value(value)}")
    try:
        text = str(value)
    except ValueError:  # more digits than Python writes out, as of a hexadecimal number
        raise RowError(f"field '{column}': expected text, got {show_value(value)}") from None
    return check_characters(text.strip(), column) or None


def read_origin(value: object) -> str | None:
    """Who labelled a row, where that is not a person; other values of such a column say something else."""
    is_model = isinstance(value, str) and value.strip().casefold() == LANGUAGE_MODEL
    return LANGUAGE_MODEL if is_model else None


def _read_purpose(value: object) -> str | None:
    purpose = _read_name(value, "purpose")
    if purpose is not None and purpose not in PURPOSES:
        raise RowError(
            f"field 'purpose': expected {' or '.join(PURPOSES)} or nothing, got {show_value(purpose)}; rename the "
            "column if it says something else"
        )
    return purpose


def read_mark(value: object, column: str) -> bool | None:
    """Whether a cell says yes or no; None where it is blank.

    Raises:
        RowError: it says something else.
    """
    text = "" if value is None or value != value else str(value).strip().casefold()  # noqa: PLR0124 - NaN
    text = ascii_digits(unicodedata.normalize("NFC", text)).strip("\ufe0e\ufe0f")  # how emoji are drawn
    if not text or text in _NO:
        return False if text else None
    if text in _YES:
        return True
    field = f"field '{shorten(column, 60)}'"
    if text in _CROSSES:
        raise RowError(
            f"{field}: {text} is a mark to some and a no to others; write x, or leave the cell empty"
        )
    raise RowError(
        f"{field}: expected x, ✓, √, +, 1, true or yes (also in other languages), 0, - or no, or nothing, "
        f"got {value!r:.60}"
    )


def read_labels(value: object) -> tuple[str, ...]:
    """Distinct labels in the order in which they stand.

    Raises:
        RowError: neither a list nor text, or a list that cannot be told apart from text.
    """
    if isinstance(value, str):
        value = _split_labels(value.strip())
    elif value is None or value != value:  # noqa: PLR0124 - NaN is how Parquet from pandas spells empty
        value = []
    if not isinstance(value, list | tuple | set):
        raise RowError(f"field 'labels': expected a list, or text separated by ';', got {show_value(value)}")
    labels = [_read_name(label, "labels") for label in value]
    return tuple(dict.fromkeys(label for label in labels if label))


def _split_labels(text: str) -> object:
    """Labels separated by ";", or a list as JSON, Python, numpy or R prints it."""
    if not text.startswith(_OPENS_LIST):
        return text.split(";")
    found = _parse_list(text) if len(text) <= LONGEST_LABEL_LIST else None
    if found is None:
        raise RowError(f"""field 'labels': expected a list such as ["a", "b"], got {show_value(text)}""")
    return found


def _parse_list(text: str) -> object:
    """What a printed list holds; None where it is none, or where it is not clear where a label ends."""
    if printed := _PRINTED.fullmatch(text):
        inside = printed["list"]
        text = inside if inside.startswith("[") else f"[{inside}]"
    if (spaced := _read_spaced(text)) is not None:
        return spaced
    for parse in (json.loads, ast.literal_eval):  # literals only: nothing is executed
        try:
            found = parse(text)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, dict):
            return next((last_of_paths(found[key]) for key in _LISTING_KEYS if list(found) == [key]), None)
        texts = [found] if isinstance(found, str) else [item for item in found if isinstance(item, str)]
        # Python makes one text of two that stand side by side without a comma
        return found if parse is json.loads or len(_QUOTED.findall(text)) == len(texts) else None
    return None


def last_of_paths(values: object) -> object:
    """Labels of a list whose items may be paths from the root of a tree of labels: the last of each path."""
    if not isinstance(values, list):
        return values
    return [value[-1] if isinstance(value, list) and value else value for value in values]


def _read_spaced(text: str) -> list[object] | None:
    """The items of a list with blanks between, as numpy prints arrays; None for any other text."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    inside = text[1:-1]
    if re.fullmatch(r"\s*\d+\.?(?:\s+\d+\.?)*\s*", inside):
        return [number.rstrip(".") for number in inside.split()]
    items = list(_QUOTED.finditer(inside))
    between = [inside[a.end() : b.start()] for a, b in itertools.pairwise(items)]
    edges = inside[: items[0].start()] + inside[items[-1].end() :] if items else inside
    if edges.strip() or not between or not all(gap and gap.isspace() for gap in between):
        return None
    return [ast.literal_eval(item[0]) for item in items]


def _read_date(value: object) -> tuple[datetime | None, bool]:
    """An aware UTC time, and whether the zone had to be taken as UTC because a time of day states none."""
    if value is None or value is pd.NaT or value == "":
        return None, False
    if isinstance(value, datetime):
        moment = pd.Timestamp(value).as_unit("us").to_pydatetime()
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, str):
        moment = _parse_date(value.strip())
    else:
        raise RowError(f"field 'date': expected an ISO 8601 date as text, got {show_value(value)}")
    if moment.tzinfo is not None:
        try:
            return moment.astimezone(UTC), False
        except OverflowError:
            raise RowError(f"field 'date': {show_value(value)} is out of range") from None
    return moment.replace(tzinfo=UTC), True


def _parse_date(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), tzinfo=UTC)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise RowError(
            f"field 'date': expected ISO 8601 such as 2024-04-23 or 2024-04-23T10:30:00+00:00, "
            f"got {show_value(text)}"
        ) from None
