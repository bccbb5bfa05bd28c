r"""Values that every reader of exports meets: text, times, whole numbers and the bytes of a text file.

Text is kept as it was written, with three exceptions, all deterministic: lone surrogates become U+FFFD
(they cannot be stored as UTF-8), NUL is dropped (databases and C tools end a text there), and "\r\n"
becomes "\n".
"""

import codecs
import os
import re
import reprlib
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Literal, TextIO

from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.errors import DataError, shorten

EXCERPT_CHARS: Final = 200
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
MAX_INT: Final = 2**63 - 1  # what a table column holds

_CHUNK_BYTES: Final = 1 << 20
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile("\\d{1,3}(?:[ \u00a0\u202f',]\\d{3})+", re.ASCII)
_ABBREVIATED = re.compile(r"(?P<number>\d{1,9}(?:[.,]\d{1,3})?)\s?(?P<unit>[kKmMкКмМ])", re.ASCII)
_ZONE = re.compile(
    r"\s*(?:(?P<utc>Z|UTC|GMT)|(?:UTC|GMT)?(?P<offset>[+-]\d{2}(?::?\d{2})?))$", re.ASCII | re.IGNORECASE
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
_DOTTED = re.compile(
    r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)  # day.month.year
_RFC822 = re.compile(
    r"(?:[a-z]{3,9},?\s+)?\d{1,2}\s+[a-z]{3,9}\s+\d{4}\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s+(?P<zone>\S.*))?",
    re.ASCII | re.IGNORECASE,
)
_NO_ZONE_REMEDY: Final = (
    "say how many hours ahead of UTC the source's times are with --utc-offset (utc_offset_hours in Python), "
    "for example 3 for Moscow, 0 for UTC"
)


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


def parse_int(value: object) -> int | None:
    """Read a whole number as tables and JSON state it: 12, "12", 12.0, "12.0", "1.2e3".

    None, "", "nan", "none" and "null" are None: writers of tables leave missing numbers so.

    Raises:
        ValueError: not a number, not whole, or beyond 64 bits.
    """
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise ValueError(f"expected a whole number, got {value}")
    if isinstance(value, int):
        number = Decimal(value)
    else:
        text = make_excerpt(value) if isinstance(value, dict | list) else str(value).strip()
        if text.lower() in {"", "nan", "none", "null"}:
            return None
        number = _parse_decimal(text)
    if abs(number) > MAX_INT:
        raise ValueError("expected a whole number of at most 64 bits, got a larger one")
    if number != number.to_integral_value():
        raise ValueError(f"expected a whole number, got {make_excerpt(value)}")
    return int(number)


def parse_count(value: object) -> int | None:
    """Read a count as pages and spreadsheets also write it, "1 200", "1,200" or "1.2K"; see `parse_int`.

    Raises:
        ValueError: see `parse_int`.
    """
    text = value.strip() if isinstance(value, str) else ""
    if _GROUPED.fullmatch(text):
        return parse_int(re.sub(r"\D", "", text))
    if match := _ABBREVIATED.fullmatch(text):
        scale = 1000 if match["unit"] in "kKкК" else 1_000_000
        return parse_int(round(Decimal(match["number"].replace(",", ".")) * scale))
    return parse_int(value)


def parse_time(value: object, options: ReadOptions) -> datetime:
    """Read a point in time as exports state it, as aware UTC.

    Accepted: ISO 8601 ("2023-04-24T09:30:05+00:00", "2023-04-24 09:30:05Z", "... UTC"), Telegram Desktop
    ("24.04.2023 12:30:05 UTC+03:00", day first), RFC 822 ("Mon, 24 Apr 2023 12:30:05 +0300"), a `datetime`,
    and seconds since 1970 as number or digits. Numbers between 10**12 and 5 * 10**12 are milliseconds, as
    pandas writes them: no time before 2100 is that many seconds.

    Args:
        value: the time as found.
        options: `utc_offset_hours` is the zone of times that name none.

    Raises:
        ValueError: not a time, outside 1990 to 2100, or without zone while `utc_offset_hours` is None.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        moment = _from_epoch(_parse_decimal(str(value)) if not isinstance(value, int) else value)
    else:
        text = make_excerpt(value) if isinstance(value, dict | list) else clean_text(value).strip()
        moment = _from_text(text, options)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone_of(options, value))
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(_out_of_range(value)) from None
    if not EARLIEST <= moment < LATEST:
        raise ValueError(_out_of_range(value))
    return moment


def _parse_decimal(text: str) -> Decimal:
    if len(text) > EXCERPT_CHARS or not _NUMBER.fullmatch(text):  # a million digits overflow even decimals
        raise ValueError(f"expected a number, got '{make_excerpt(text)}'")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"expected a number, got '{make_excerpt(text)}'") from None


def _out_of_range(value: object) -> str:
    return (
        f"expected a time from {EARLIEST.year} up to {LATEST.year}, got '{make_excerpt(value)}' "
        "(numbers are seconds since 1970)"
    )


def _from_epoch(number: Decimal | int) -> datetime:
    milliseconds = 10**12 <= number <= 5 * 10**12
    seconds = Decimal(number) / 1000 if milliseconds else Decimal(number)
    if not EARLIEST.timestamp() <= seconds < LATEST.timestamp():
        raise ValueError(_out_of_range(number))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(seconds * 1_000_000))


def _zone_of(options: ReadOptions, value: object) -> timezone:
    hours = options.utc_offset_hours
    if hours is None:
        raise ValueError(f"the time '{make_excerpt(value)}' names no zone; {_NO_ZONE_REMEDY}")
    if not -14 <= hours <= 14:  # noqa: PLR2004 - no place on earth lies outside
        raise ValueError(f"expected --utc-offset (utc_offset_hours) from -14 to 14, got {hours}")
    return timezone(timedelta(hours=hours))


def _from_text(text: str, options: ReadOptions) -> datetime:
    if not text:
        raise ValueError("expected a time, got nothing")
    if len(text) > EXCERPT_CHARS:
        raise ValueError(f"expected a time, got '{make_excerpt(text)}'")
    if _NUMBER.fullmatch(text) and not _DOTTED.fullmatch(text):
        return _from_epoch(_parse_decimal(text))
    try:
        if match := _RFC822.fullmatch(text):
            return _from_rfc822(text, match["zone"], options)
        return _from_clock(text)
    except ValueError as error:
        raise ValueError(
            f"expected a time such as 2023-04-24T09:30:05+00:00, 24.04.2023 12:30:05 UTC+03:00 or seconds "
            f"since 1970, got '{make_excerpt(text)}' ({error})"
        ) from None


def _from_rfc822(text: str, zone: str | None, options: ReadOptions) -> datetime:
    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None and zone is not None:
        # "-0000" is a UTC time of unknown place; any other zone that was not understood is a name.
        if zone.startswith("-0000"):
            return moment.replace(tzinfo=UTC)
        if options.utc_offset_hours is None:
            raise ValueError(f"the zone name '{shorten(zone, 60)}' is not known; {_NO_ZONE_REMEDY}")
    return moment


def _from_clock(text: str) -> datetime:
    """Read ISO or day-first dotted text; naive where no zone is named."""
    zone = _ZONE.search(text) if _CLOCK.search(text) else None
    clock = text[: zone.start()] if zone else text
    if match := _DOTTED.fullmatch(clock):
        day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone follows below
    else:
        moment = datetime.fromisoformat(clock)
    if zone is None:
        return moment
    if moment.tzinfo is not None:
        raise ValueError("it names two zones")
    return moment.replace(tzinfo=_read_zone(zone["offset"]))


def _read_zone(offset: str | None) -> timezone:
    if offset is None:
        return UTC
    digits = offset[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-span if offset[0] == "-" else span)


def decode_utf8_head(head: bytes, *, errors: Literal["strict", "replace"] = "strict") -> str | None:
    """Decode the first bytes of a file: UTF-8 with or without BOM, or UTF-16 with BOM; None for other bytes.

    A character cut by the end of `head` is left out; the BOM is not part of the result. With "replace" a
    format can still be told by its structure, so that reading reports the wrong encoding with its position.
    """
    encoding = _encoding_of(head)
    if encoding is None:
        return None
    try:
        return codecs.getincrementaldecoder(encoding)(errors).decode(head, final=False)
    except UnicodeDecodeError:
        return None


def check_encoding(path: Path, *, allow_cut_end: bool = False) -> str:
    """Read a text file once and name its encoding, for `open`: "utf-8-sig" or "utf-16".

    Args:
        path: the file.
        allow_cut_end: accept a last character that is cut off, for readers that notice truncation themselves.

    Raises:
        DataError: neither UTF-8 nor UTF-16 with BOM; names the byte position.
    """
    remedy = "save the file as UTF-8 (often it is windows-1251: iconv -f WINDOWS-1251 -t UTF-8 FILE > NEW)"
    with path.open("rb") as file:
        encoding = _encoding_of(file.read(4))
        if encoding is None:
            raise DataError(f"{path}: expected UTF-8, got UTF-32; {remedy}")
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        while True:
            position = file.tell()
            held = len(decoder.getstate()[0])
            chunk = file.read(_CHUNK_BYTES)
            try:
                decoder.decode(chunk, final=not chunk and not allow_cut_end)
            except UnicodeDecodeError as error:
                byte = position - held + error.start
                raise DataError(
                    f"{path}: expected UTF-8, got other bytes at position {byte:,}; {remedy}"
                ) from None
            if not chunk:
                return encoding


def open_text(path: Path, *, allow_cut_end: bool = False) -> TextIO:
    r"""Open a text file after checking all of it; line ends are kept as they are (newline="").

    Raises:
        DataError: neither UTF-8 nor UTF-16 with BOM.
    """
    encoding = check_encoding(path, allow_cut_end=allow_cut_end)
    # After the check only a cut last character can be replaced, and only where the caller allowed it.
    return path.open(encoding=encoding, errors="replace" if allow_cut_end else "strict", newline="")


def _encoding_of(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return None
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
