"""How many records a file has, counted without the readers that are under test; None where it is not of the form."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from lxml import html as lxml_html  # type: ignore[import-untyped]


def read_json(data: bytes) -> Any:
    """The value, or None where it is no JSON, has a key twice or holds what only Python takes for JSON."""

    def refuse(_: object) -> None:
        raise ValueError

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None


def count_chat(data: bytes) -> int | None:
    chat = read_json(data)
    if not isinstance(chat, dict) or not isinstance(chat.get("messages"), list):
        return None
    return None if {"chats", "left_chats"} & chat.keys() else len(chat["messages"])


def count_list(data: bytes) -> int | None:
    value = read_json(data)
    return len(value) if isinstance(value, list) else None


def count_lines(data: bytes) -> int | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\r" in text or not text.lstrip().startswith("{"):
        return None
    return sum(bool(line.strip()) for line in text.split("\n"))


def count_items(data: bytes) -> int | None:
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, LookupError, ValueError):
        return None
    return sum(node.tag.rpartition("}")[2] in {"item", "entry"} for node in root.iter())


def count_rows(delimiter: str, *, blank_too: bool = False) -> Callable[[bytes], int | None]:
    def count(data: bytes) -> int | None:
        try:
            text = data.decode("utf-8-sig")
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        except (UnicodeDecodeError, csv.Error):
            return None
        rows = [row for row in rows if (row if blank_too else any(row))]
        header = next(iter(rows), [])
        others = [d for d in ",;\t|" if d != delimiter and d in "".join(text.split("\n", 1)[:1])]
        return None if others or len(header) < 3 else len(rows) - 1

    return count


def count_pages(data: bytes) -> int | None:
    """Messages of a page that ends once and nests none of them in another."""
    text = data.decode("utf-8", "replace").replace("\0", "")
    if not text.rstrip().endswith("</html>") or any(
        text.count(tag) > 1 for tag in ("</html", "<body", "</body")
    ):
        return None
    root = lxml_html.document_fromstring(text.encode(), parser=lxml_html.HTMLParser(encoding="utf-8"))
    messages = [div for div in root.iter("div") if "message" in div.get("class", "").split()]
    if any(inner is not div and inner in messages for div in messages for inner in div.iter("div")):
        return None
    return len(messages)


def count_annotations(data: bytes) -> int | None:
    tasks = read_json(data)
    if not isinstance(tasks, list):
        return None
    total = 0
    for task in tasks:
        found = task.get("annotations", task.get("completions")) if isinstance(task, dict) else None
        is_usable = isinstance(task, dict) and isinstance(task.get("data"), dict) and isinstance(found, list)
        total += max(1, len(found)) if is_usable and found is not None else 1
    return total


def count_text_lines(data: bytes) -> int:
    return sum(1 for _ in io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="replace"))
