"""Hostile input: texts, and damage done to valid files, from a number, so that each can be made again."""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st

# What breaks readers, terminals, spreadsheets or pages; each is valid text but for the halves of surrogate pairs.
TEXTS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\ufeff",
        "\ufffe\uffff",
        "\ud800",
        "x\udfffy",
        "\u2028\u2029\x85",
        "\r",
        "\r\n\r\n",
    ),
    *("\u202eevil\u202c", "\u2066a\u2069\u200f\u061c", "\u200b\u200c\u200d\u2060", "a" + "\u0301\u0327" * 60),
    *("\uff9e\u0301" * 40, "\ufdfa" * 20, "🏴\U000e0067\U000e0062\U000e007f", "👨‍👩‍👧‍👦" * 5, "ﷺ𒐫꧅"),
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-1", "\n=1", "＝1", "＠x"),
    *(
        "\x1b[2J\x1b[31mred",
        "\x9b31m",
        "\x1b]0;title\x07",
        "\x1b]8;;http://x\x1b\\",
        "\x1bP+q\x1b\\",
        "\x07\x08\x7f",
    ),
    *(
        "<script>alert(1)</script>",
        "</script><svg/onload=alert(2)>",
        "<img src=x onerror=alert(3)>",
        "<!--",
        "]]>",
    ),
    *(
        '" onmouseover="alert(4)',
        "' autofocus onfocus='alert(5)",
        "javascript:alert(6)",
        "{{7*7}}",
        "{% raw %}",
    ),
    *("&lt;b&gt;", "&#0;&#xD800;&#x110000;", "&amp" * 20, "&a;", "<![CDATA[x]]>", "<?xml version='1.0'?>"),
    *(
        "../../etc/passwd",
        "..\\..\\x",
        "/dev/null",
        "file:///etc/passwd",
        "C:\\x",
        "nul",
        "a/b/../c",
        "t.me/c/1/2",
    ),
    *(
        "null",
        "NaN",
        "-Infinity",
        "1e999",
        "-0",
        "0x" + "F" * 4000,
        "9" * 4500,
        "1" * 19,
        "1e-400",
        "٣",
        "½",
        "1_000",
    ),
    *(
        "true",
        "2024-02-30",
        "0000-00-00",
        "9999-12-31T23:59:59-23:59",
        "24.04.2023 12:30:05 UTC+99:99",
        "12:60",
    ),
    *(
        "Forwarded from \u202eX",
        "Переслано из: Y",
        "N, [24.04.2023 12:30]",
        "---",
        "A\nA\nA",
        "no. The U.S. The ",
    ),
    *(
        "[" * 200,
        "{" * 200,
        '{"a":' * 50,
        "(no frame)",
        "order;order",
        "[{[]}]",
        "['a', *b]",
        "u-0123456789ab",
    ),
    *(
        "a b " * 50,
        ". " * 50,
        "👉 " * 50,
        "1. " * 50,
        "www." * 50,
        "#@" * 50,
        "\\ud83d",
        "%s%n",
        "$(id)",
        "`id`",
    ),
)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|<[^>]*>|[{}\[\]:,;|\t\n]|[^"<{}\[\]:,;|\t\n]+|.', re.DOTALL)
_JUNK = (
    *(
        b"",
        b"\0",
        b'"',
        b"'",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"\n",
        b"\r",
        b"\r\n",
        b",",
        b";",
        b"\t",
        b"|",
        b"{}",
    ),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b"[]",
        b"null",
        b"true",
        b"-1",
        b"1.5",
        b"1e400",
        b"NaN",
        b"Infinity",
        b"<",
        b">",
    ),
    *(
        b"<a>",
        b"</a>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"<div>",
        b"</div>",
        b"<br>",
        b"&#0;",
        b"&x;",
        b"%",
        b"*a",
    ),
    *(
        b"&a ",
        b"- ",
        b"? ",
        b": ",
        b"!!int ",
        b"!!timestamp x",
        b"<<: ",
        b"#",
        b"---\n",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
    ),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xf4\x90\x80\x80",
        b"0x" + b"f" * 4000,
        b"1:" * 300,
        b"9" * 5000,
        b"[" * 2000,
    ),
    *(
        b'{"":' * 500,
        b"(" * 300,
        b"\x1b[31m",
        b'"text":',
        b'"messages":[',
        b"0001-01-01T00:00:00+23:00",
        b" " * 3000,
    ),
)


def make_text(random: Random) -> str:
    """A text of hostile pieces and of characters from all of Unicode."""
    pieces = [
        random.choice(TEXTS) if random.random() < 0.6 else _characters(random)
        for _ in range(random.randint(1, 4))
    ]
    return random.choice(("", " ", "\n", "they threaten our borders ")).join(pieces)


def _characters(random: Random) -> str:
    limits = (0x7F, 0x7F, 0x4FF, 0xFFFF, 0x10FFFF)
    return "".join(chr(random.randint(0, random.choice(limits))) for _ in range(random.randint(0, 30)))


def encode(text: str) -> bytes:
    """UTF-8, with what is no character as the bytes that UTF-8 forbids."""
    return text.encode("utf-8", "surrogatepass")


def storable(text: str) -> str:
    """The text without the halves of surrogate pairs, for formats that cannot spell them."""
    return text.encode("utf-8", "replace").decode()


def damage(data: bytes, seeds: Sequence[bytes], number: int) -> bytes:
    """One to four changes to the tokens or bytes of a file, now and then bytes or a text of no form at all.

    `seeds` are what is spliced in.
    """
    random = Random(number)
    if random.random() < 0.03:
        return random.choice((random.randbytes(random.randint(0, 400)), encode(make_text(random))))
    if data.startswith(b"PK\x03\x04") and random.random() < 0.8:
        try:
            return _damage_member(data, random)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
            pass  # it is damaged already: bytes only
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        change = random.choice(_BYTE_CHANGES if random.random() < 0.25 else _TOKEN_CHANGES)
        data = change(data, seeds, random)
    return data


def damaged(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Damaged copies of the seeds; the number is drawn as bytes, as hypothesis draws small integers again and again."""
    numbers = st.binary(min_size=8, max_size=8).map(int.from_bytes)
    return st.builds(lambda data, number: damage(data, seeds, number), st.sampled_from(seeds), numbers)


def _damage_member(data: bytes, random: Random) -> bytes:
    """The same inside one file of a zip archive."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        names = archive.namelist()
        if not names:
            raise zipfile.BadZipFile("no files in it")
        sheets = [name for name in names if "sheet" in name]
        chosen = random.choice(sheets if sheets and random.random() < 0.7 else names)
        for name in names:
            content = archive.read(name)
            if name == chosen:
                content = random.choice(_TOKEN_CHANGES)(content, [content], random)
            changed.writestr(name, content)
    return stream.getvalue()


Change = Callable[[bytes, Sequence[bytes], Random], bytes]


def _on_tokens(change: Callable[[list[bytes], Sequence[bytes], Random], object]) -> Change:
    def changed(data: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
        tokens = _TOKEN.findall(data) or [b""]
        change(tokens, seeds, random)
        return b"".join(tokens)

    return changed


def _span(tokens: list[bytes], random: Random) -> slice:
    at = random.randrange(len(tokens))
    return slice(at, at + random.choice((1, 1, 1, 2, 5, 20, 100)))


def _delete(tokens: list[bytes], _: Sequence[bytes], random: Random) -> None:
    del tokens[_span(tokens, random)]


def _duplicate(tokens: list[bytes], _: Sequence[bytes], random: Random) -> None:
    span = _span(tokens, random)
    tokens[span] = tokens[span] * random.choice((2, 2, 3, 40))


def _swap(tokens: list[bytes], _: Sequence[bytes], random: Random) -> None:
    a, b = random.randrange(len(tokens)), random.randrange(len(tokens))
    tokens[a], tokens[b] = tokens[b], tokens[a]


def _insert(tokens: list[bytes], _: Sequence[bytes], random: Random) -> None:
    tokens.insert(random.randint(0, len(tokens)), random.choice(_JUNK))


def _replace(tokens: list[bytes], _: Sequence[bytes], random: Random) -> None:
    """Put a hostile text or value in the place of a token, quoted where the token was."""
    at = random.randrange(len(tokens))
    text = make_text(random)
    tokens[at] = json.dumps(text).encode() if tokens[at].startswith(b'"') else encode(text)


def _revalue(tokens: list[bytes], _: Sequence[bytes], random: Random) -> None:
    at = random.randrange(len(tokens))
    deep = random.choice((3, 50, 900, 960, 985, 3000))
    tokens[at] = random.choice((*_JUNK, b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep))


def _splice(tokens: list[bytes], seeds: Sequence[bytes], random: Random) -> None:
    other = _TOKEN.findall(random.choice(seeds)) or [b""]
    at = random.randint(0, len(tokens))
    tokens[at:at] = other[_span(other, random)]


def _flip(data: bytes, _: Sequence[bytes], random: Random) -> bytes:
    changed = bytearray(data or b"\0")
    for _n in range(random.choice((1, 1, 2, 8))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(data: bytes, _: Sequence[bytes], random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def _overwrite(data: bytes, _: Sequence[bytes], random: Random) -> bytes:
    at = random.randint(0, len(data))
    junk = random.choice((*_JUNK, random.randbytes(8), b"\xff" * 8, b"\0" * 8))
    return data[:at] + junk + data[at + len(junk) :]


_TOKEN_CHANGES: tuple[Change, ...] = tuple(
    map(_on_tokens, (_delete, _duplicate, _swap, _insert, _replace, _replace, _revalue, _splice))
)
_BYTE_CHANGES: tuple[Change, ...] = (_flip, _cut, _overwrite)


def make_json(value: Any) -> bytes:
    """JSON as ASCII, so that any text can be spelt."""
    return json.dumps(value).encode()
