"""Small or simple files that ask for much time or memory; `size` is about how many bytes or elements they take."""

import io
import itertools
import zipfile
from collections.abc import Callable
from typing import Final

import fuzz_seeds as seeds
import pyarrow as pa
import pyarrow.parquet as pq

Bomb = tuple[str, Callable[[int], bytes]]  # the target, and what makes the file
_SHEET: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def _encoded(make: Callable[[int], str]) -> Callable[[int], bytes]:
    return lambda size: make(size).encode("utf-8", "surrogatepass")


def _nested(opening: str, closing: str, around: str = "%s") -> Callable[[int], bytes]:
    return _encoded(
        lambda size: around % (opening * (size // len(opening)) + closing * (size // len(opening)))
    )


def _entities(root: str) -> Callable[[int], bytes]:
    def make(_: int) -> bytes:
        entities = "".join(
            f'<!ENTITY {later} "{f"&{name};" * 10}">' for name, later in itertools.pairwise("abcdefghij")
        )
        return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{entities}]>{root}'.encode()

    return make


def workbook(sheet: str, *, plain: bool = False) -> bytes:
    """A workbook whose only sheet is this XML."""
    stream = io.BytesIO()
    kind = zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED
    with (
        zipfile.ZipFile(io.BytesIO(seeds.coded_workbook())) as given,
        zipfile.ZipFile(stream, "w", kind) as archive,
    ):
        for name in given.namelist():
            archive.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else given.read(name))
    return stream.getvalue()


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def sheet(rows: str, before: str = "") -> str:
    """Rows below a header of the columns text and labels."""
    header = f'<row r="1">{cell("A1", "text")}{cell("B1", "labels")}</row>'
    return f"<worksheet {_SHEET}>{before}<sheetData>{header}{rows}</sheetData></worksheet>"


def _dictionary(size: int) -> bytes:
    """A hundred thousand rows of one text, which the file holds once."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * size]))
    stream = io.BytesIO()
    pq.write_table(pa.table({"text": texts, "labels": texts}), stream, compression="zstd", store_schema=False)
    return stream.getvalue()


def _rows(size: int, row: str) -> str:
    return row * (size // len(row))


_post = '{"_":"Message","id":1,"peer_id":{"channel_id":5},"date":"2023-04-24T12:00:00Z","message":%s}'
_item = "<rss><channel><item><description>%s</description></item></channel></rss>"
_page = seeds.desktop_html()
_messages_at = _page.index('<div class="message ')
_text_at = _page.index("First")

BOMBS: Final[dict[str, Bomb]] = {
    "a chat nested in lists": (
        "telegram_desktop",
        _nested("[", "]", '{"name":"x","messages":[{"text_entities":1,"id":1,"text":%s}]}'),
    ),
    "a chat nested outside": ("telegram_desktop", _nested('{"a":', "}", '{"x":%s')),
    "a field of a chat without end": (
        "telegram_desktop",
        _encoded(lambda n: '{"name":"x","messages":[{"text":"' + "x" * n),
    ),
    "a chat of a million empty messages": (
        "telegram_desktop",
        _encoded(lambda n: '{"name":"x","messages":[' + "{}," * (n // 3) + "{}]}"),
    ),
    "a text of a million parts": (
        "telegram_desktop",
        _encoded(
            lambda n: (
                '{"name":"x","messages":[{"id":1,"date_unixtime":"1682337600","text":['
                + '"a",' * (n // 4)
                + '"a"]}]}'
            )
        ),
    ),
    "a number of a million digits": (
        "telegram_desktop",
        _encoded(lambda n: '{"name":"x","messages":[{"id":%s,"text":"x"}]}' % ("9" * n)),
    ),
    "a message nested in objects": (
        "telethon",
        _nested('{"a":', "}", "[" + _post.replace("%s", '"x","media":1%s') + "]"),
    ),
    "one line of messages": (
        "telethon_lines",
        _encoded(lambda n: _post % ('"' + "\\u0000" * (n // 6) + '"')),
    ),
    "a million of fields": (
        "telethon",
        _encoded(lambda n: "[{" + ",".join(f'"{k}":1' for k in range(n // 12)) + "}]"),
    ),
    "views of a million digits": (
        "plain_lines",
        _encoded(lambda n: '{"text":"x","id":1,"views":"%s"}\n' % ("9" * n)),
    ),
    "a million keys": (
        "plain_json",
        _encoded(lambda n: "[{" + ",".join(f'"{k}":1' for k in range(n // 12)) + ',"text":"x"}]'),
    ),
    "objects of ever other keys": (
        "plain_lines",
        _encoded(lambda n: '{"text":"x"}\n' + "".join(f'{{"text":"x","{k}":1}}\n' for k in range(n // 24))),
    ),
    "an array nested in arrays": ("plain_json", _nested("[", "]", '[{"text":%s}]')),
    "an infinite number": ("plain_json", _encoded(lambda n: '[{"text":"x","id":1e%s}]' % ("9" * n))),
    "a million columns": (
        "plain_csv",
        _encoded(
            lambda n: "text," + ",".join(f"c{k}" for k in range(n // 16)) + "\n" + "x," * (n // 16) + "x\n"
        ),
    ),
    "a quote that nothing closes": ("plain_csv", _encoded(lambda n: 'text;id\nx;1\n"' + "y;2\n" * (n // 4))),
    "a cell in quotes of quotes": ("plain_csv", _encoded(lambda n: 'text;id\nx;"' + '""' * (n // 2) + '"\n')),
    "a column name of megabytes": ("plain_csv", _encoded(lambda n: "text," + "n" * n + "\nx,y\n")),
    "a tracker's row of a million cells": ("tracker", _encoded(lambda n: seeds.TRACKER + "," * n + "\n")),
    "one line of ten megabytes": ("pasted", _encoded(lambda n: "word " * (n // 5))),
    "a line of spaces": ("pasted", _encoded(lambda n: "Forwarded from" + " " * n + "x\ny")),
    "a million openings": ("pasted", _encoded(lambda n: "Forwarded from X\n" * (n // 17))),
    "a body that repeats": ("pasted", _encoded(lambda n: "Forwarded from X\n" + "a\n" * (n // 2))),
    "entities of entities": ("rss", _entities(_item % "&j;")),
    "an entity from elsewhere": (
        "rss",
        _encoded(lambda _: '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + _item % "&a;"),
    ),
    "a feed nested in elements": ("rss", _nested("<a>", "</a>", "<rss>%s</rss>")),
    "an item nested in elements": ("rss", _nested("<a>", "</a>", _item)),
    "a description nested in markup": ("rss", _nested("&lt;b&gt;", "", _item)),
    "a description of spaces": ("rss", _encoded(lambda n: _item % ("&lt;b&gt;x" + " " * n + "y"))),
    "a description of empty lines of markup": (
        "rss",
        _encoded(lambda n: _item % ("&lt;i&gt;\n&lt;/i&gt;" * (n // 20))),
    ),
    "a forward from far away": ("rss", _encoded(lambda n: _item % ("Forwarded from" + " " * n + "x" * 300))),
    "an element of a million attributes": (
        "rss",
        _encoded(lambda n: "<rss " + " ".join(f'a{k}="1"' for k in range(n // 12)) + "/>"),
    ),
    "a feed of a million other elements": (
        "rss",
        _encoded(
            lambda n: (
                "<rss><channel>"
                + "<x/>" * (n // 4)
                + "<item><title>t</title></item>" * 9
                + "</channel></rss>"
            )
        ),
    ),
    "a page of a million open elements": (
        "telegram_pages",
        _encoded(lambda n: _page[:_messages_at] + "<div>" * (n // 5) + "</html>"),
    ),
    "a page of a million open signs": (
        "telegram_pages",
        _encoded(lambda n: _page[:_text_at] + "<" * n + _page[_text_at:]),
    ),
    "a message of spaces": (
        "telegram_pages",
        _encoded(lambda n: _page[:_text_at] + " " * n + _page[_text_at:]),
    ),
    "a message of line breaks": (
        "telegram_pages",
        _encoded(lambda n: _page[:_text_at] + "<br>\n" * (n // 5) + _page[_text_at:]),
    ),
    "a message of ten megabytes": (
        "telegram_pages",
        _encoded(lambda n: _page[:_text_at] + "x" * n + _page[_text_at:]),
    ),
    "labels of a million brackets": ("labelled_csv", _encoded(lambda n: "text,labels\nx," + "[" * n + "\n")),
    "labels that are a sum": (
        "labelled_csv",
        _encoded(lambda _: "text,labels\nx,[" + "1+" * 4990 + "1]\ny,order\n"),
    ),
    "labels that are signs": (
        "labelled_csv",
        _encoded(lambda _: "text,labels\nx,[" + "-" * 9900 + "1]\ny,order\n"),
    ),
    "a label of megabytes": (
        "labelled_lines",
        _encoded(lambda n: '{"text":"x","labels":["%s"]}' % ("o" * n)),
    ),
    "labels nested in lists": ("labelled_json", _nested("[", "]", '[{"text":"x","labels":%s}]')),
    "a million labels": (
        "labelled_json",
        _encoded(lambda n: '[{"text":"x","labels":[' + '"order",' * (n // 8) + '"order"]}]'),
    ),
    "one text for a hundred thousand rows, labelled": ("labelled_parquet", _dictionary),
    "one text for a hundred thousand rows, coded": ("coded_parquet", _dictionary),
    "one text for a hundred thousand rows, posts": ("plain_parquet", lambda n: _dictionary(20 * n)),
    "a task nested in lists": ("label_studio", _nested("[", "]", '[{"data":{"text":"x"},"annotations":%s}]')),
    "a million annotations": (
        "label_studio",
        _encoded(lambda n: '[{"data":{"text":"x"},"annotations":[' + "{}," * (n // 3) + "{}]}]"),
    ),
    "an answer of a million choices": (
        "prodigy",
        _encoded(lambda n: '{"text":"x","answer":"accept","accept":[' + '"order",' * (n // 8) + '"order"]}'),
    ),
    "a label like a frame, of megabytes": (
        "doccano",
        _encoded(lambda n: '{"text":"x","label":["%s"]}' % ("order" * (n // 5))),
    ),
    "a table of a million columns": (
        "coded_csv",
        _encoded(lambda n: "text,labels," + ",".join(f"c{k}" for k in range(n // 16)) + "\n"),
    ),
    "a sheet that claims billions of cells": (
        "coded_workbook",
        lambda _: workbook(sheet(f'<row r="2">{cell("A2", "x")}</row>', '<dimension ref="A1:XFD1048576"/>')),
    ),
    "a row far below": (
        "coded_workbook",
        lambda n: workbook(sheet(f'<row r="{min(n, 1_048_576)}">{cell("A1", "x")}</row>')),
    ),
    "a row beyond the last": (
        "coded_workbook",
        lambda _: workbook(sheet(f'<row r="1048576000">{cell("A1", "x")}</row>')),
    ),
    "cells far to the right": (
        "coded_workbook",
        lambda n: workbook(
            sheet("".join(f'<row r="{k}">{cell(f"XFD{k}", "x")}</row>' for k in range(2, n // 500)))
        ),
    ),
    "a sheet with entities of entities": (
        "coded_workbook",
        lambda n: workbook(_entities(sheet(f'<row r="2">{cell("A2", "&j;")}</row>'))(n).decode()),
    ),
    "a sheet of zeros that unpacks to a hundred times its size": (
        "coded_workbook",
        lambda n: workbook(sheet("<row>" + " " * (n * 50) + "</row>")),
    ),
    "an archive that says it is small": (
        "coded_workbook",
        lambda n: workbook(sheet(" " * n)).replace((n + 600).to_bytes(4, "little"), b"\1\0\0\0"),
    ),
    "aliases of aliases": (
        "codebook",
        _encoded(
            lambda _: (
                "a: &a [x, x]\n"
                + "".join(
                    f"{b}: &{b} [*{a}, *{a}]\n" for a, b in itertools.pairwise("abcdefghijklmnopqrstuvwxyz")
                )
            )
        ),
    ),
    "a config nested in lists": ("config", _nested("[", "]", "name: %s")),
    "a config of a million keys": (
        "config",
        _encoded(lambda n: "".join(f"k{k}: 1\n" for k in range(min(n, 900_000) // 12))),
    ),
    "a hexadecimal number of megabytes": (
        "config",
        _encoded(lambda n: "name: x\nseed: 0x" + "F" * min(n, 900_000)),
    ),
    "minutes of minutes": ("config", _encoded(lambda n: "name: x\nseed: 1" + ":10" * (min(n, 60_000) // 3))),
    "a codebook of questions": ("codebook", _encoded(lambda n: "? " * (min(n, 900_000) // 2))),
    "gzip in place of a chat": ("detected", lambda n: b"\x1f\x8b\x08" + b"\0" * n),
    "zeros": ("detected", lambda n: b"\0" * n),
    "sentences of decoration": ("sentences", _encoded(lambda n: "👉 " * (n // 5))),
    "sentences of letters": ("sentences", _encoded(lambda n: "x" * n)),
    "sentences of abbreviations": ("sentences", _encoded(lambda n: "U.S." * (n // 4))),
    "sentences of hidden ends": ("sentences", _encoded(lambda n: "A.B. " * (n // 5))),
    "sentences of links": ("sentences", _encoded(lambda n: ".ru/.ru-" * (n // 8))),
    "sentences of quotes": ("sentences", _encoded(lambda n: '"(«' * (n // 4))),
    "sentences of lines": ("sentences", _encoded(lambda n: "a,\n" * (n // 3))),
    "sentences of enumerators": ("sentences", _encoded(lambda n: "1. " * (n // 3) + " " * (n // 3))),
    "marks upon marks": (
        "near_duplicates",
        _encoded(lambda n: "a b c d e f g h i " + "\u0301\u0327" * (n // 4)),
    ),
    "marks of Japanese": ("near_duplicates", _encoded(lambda n: "a " + "\uff9e\u0301" * (n // 5))),
    "characters that expand": ("near_duplicates", _encoded(lambda n: "\ufdfa" * (n // 6))),
    "escape sequences without end": ("terminal", _encoded(lambda n: "\x1b]" * (n // 2))),
    "strings of the terminal": ("terminal", _encoded(lambda n: "\x90" * (n // 2))),
    "rejects on one line": ("rejects", _encoded(lambda n: '{"reason":"%s"' % ("x" * n))),
}
