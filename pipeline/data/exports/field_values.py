r"""Values that every reader of exports meets: text and whole numbers.

Text is kept as it was written, with three exceptions, all deterministic: lone surrogates become U+FFFD
(they cannot be stored as UTF-8), NUL is dropped (databases and C tools end a text there), and "\r\n"
becomes "\n".
"""

import os
import re
import reprlib
import unicodedata
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

EXCERPT_CHARS: Final = 200
MAX_INT: Final = 2**63 - 1  # what a table column holds

_TOO_LARGE: Final = "expected a whole number of at most 64 bits, got a larger one"
_SURROGATE = re.compile("[\ud800-\udfff]")
NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile("\\d{1,3}(?:[ \u00a0\u202f',]\\d{3})+", re.ASCII)
_ABBREVIATED = re.compile(r"(?P<number>\d{1,9}(?:[.,]\d{1,3})?)\s?(?P<unit>[kKmMкКмМ])", re.ASCII)


def clean_text(value: object) -> str:
    r"""Return a text that can be stored: "\r\n" as "\n", no NUL, lone surrogates as U+FFFD; None is ""."""
    if value is None:
        return ""
    text = str(value).replace("\r\n", "\n").replace("\0", "")
    return _SURROGATE.sub("�", text)


def name_of_file(path: Path) -> str:
    r"""The file's name without its ending, as a text that can be stored: bytes that are no UTF-8 as "\xff"."""
    return os.fsencode(path.stem).decode("utf-8", errors="backslashreplace")


def make_excerpt(value: object) -> str:
    """Cut a value to what a person needs to find it again, on one line."""
    if isinstance(value, int) and abs(value) > MAX_INT:
        return "a number beyond 64 bits"  # Python refuses to write out the longest ones
    if isinstance(value, dict | list):
        value = reprlib.repr(value)  # bounded in depth, unlike str()
    text = " ".join(clean_text(value)[: EXCERPT_CHARS * 4].split())
    return text if len(text) <= EXCERPT_CHARS else text[: EXCERPT_CHARS - 1] + "…"


def ascii_digits(text: str) -> str:
    """The text with the decimal digits of every script as 0 to 9: tables in Arabic or Hindi count with their own."""
    if text.isascii():
        return text
    return "".join(_ascii_digit(character) for character in text)


def _ascii_digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def parse_int(value: object) -> int | None:
    """Read a whole number as tables and JSON state it: 12, "12", 12.0, "12.0", "1.2e3", digits of any script.

    None, "", "nan", "none" and "null" are None: writers of tables leave missing numbers so.

    Raises:
        ValueError: not a number, not whole, or beyond 64 bits.
    """
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise ValueError(f"expected a whole number, got {value}")
    if isinstance(value, int):
        if abs(value) > MAX_INT:
            raise ValueError(_TOO_LARGE)
        return value
    text = make_excerpt(value) if isinstance(value, dict | list) else ascii_digits(str(value).strip())
    if text.lower() in {"", "nan", "none", "null"}:
        return None
    number = parse_decimal(text)
    if abs(number) > MAX_INT:
        raise ValueError(_TOO_LARGE)
    if number != number.to_integral_value():
        raise ValueError(f"expected a whole number, got {make_excerpt(value)}")
    return int(number)


def parse_count(value: object) -> int | None:
    """Read a count as pages and spreadsheets also write it, "1 200", "1,200" or "1.2K"; see `parse_int`.

    Raises:
        ValueError: see `parse_int`.
    """
    text = ascii_digits(value.strip()).replace("٬", ",") if isinstance(value, str) else ""
    if _GROUPED.fullmatch(text):
        return parse_int(re.sub(r"\D", "", text))
    if match := _ABBREVIATED.fullmatch(text):
        scale = 1000 if match["unit"] in "kKкК" else 1_000_000
        return parse_int(round(Decimal(match["number"].replace(",", ".")) * scale))
    return parse_int(value)


def parse_decimal(text: str) -> Decimal:
    """Read a number of any size.

    Raises:
        ValueError: no number.
    """
    if len(text) > EXCERPT_CHARS or not NUMBER.fullmatch(text):  # a million digits overflow even decimals
        raise ValueError(f"expected a number, got '{make_excerpt(text)}'")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"expected a number, got '{make_excerpt(text)}'") from None
