"""Points in time as exports and spreadsheets state them, read by a strict grammar: what it does not know is refused.

Written by hand because dateutil and dateparser fill what a text does not say from today's date and guess the order of
day and month; a wrong month in a trend is worse than a rejected record.

A date without a clock names a day, not a moment: it is kept as midnight UTC of that day, whatever the zone of the
other times, so that no post moves into the day or the month before.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from email.utils import parsedate, parsedate_to_datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pipeline.config.time_zones import read_zone
from pipeline.data.exports.date_words import MONTH_LANGUAGES, find_month, spell_as_iso
from pipeline.data.exports.field_values import (
    EXCERPT_CHARS,
    NUMBER,
    ascii_digits,
    clean_text,
    make_excerpt,
    parse_decimal,
)
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.errors import DataError, shorten

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)

_EXCEL_DAY_0: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - local, as all days of spreadsheets
_EXCEL_DAYS: Final = range(32874, 73051)  # 1990 to 2099; as seconds since 1970 they would be of its first day
_DATE_DIGITS: Final = range(19900101, 21000101)  # 20240301
_HOURS: Final = {
    "utc": 0,
    "gmt": 0,
    "z": 0,
    "wet": 0,
    "west": 1,
    "cet": 1,
    "cest": 2,
    "eet": 2,
    "eest": 3,
    "msd": 4,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,  # as RFC 822
}
_PLACES: Final = {"msk": "Europe/Moscow", "мск": "Europe/Moscow"}  # Moscow was at +04:00 from 2011 to 2014

_CLOCK = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
_ZONE = re.compile(
    r"(?:\s*(?P<utc>Z|UTC|GMT)|\s*(?:UTC|GMT)?(?P<offset>[+-]\d{2}(?::?\d{2})?)|\s*(?:UTC|GMT)(?P<short>[+-]\d)"
    r"|\s(?P<name>[^\W\d_]{3,5}))$",
    re.IGNORECASE,
)
_NO_ZONES: Final = frozenset(("год", "года", "року"))  # "12:00, 1 марта 2024 года"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}", re.ASCII)
_COMMENT = re.compile(r"\s*\([^()]*\)$")  # "GMT+0300 (Moscow Standard Time)"
_RFC822 = re.compile(
    r"(?:[a-z]{3,9},?\s+)?\d{1,2}\s+[a-z]{3,9}\s+\d{4}\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s+(?P<zone>\S.*))?",
    re.ASCII | re.IGNORECASE,
)
_TWITTER = re.compile(  # Fri Mar 01 12:00:00 +0000 2024
    r"(?:[a-z]{3} )?(?P<month>[a-z]{3}) (?P<day>\d{1,2}) (?P<clock>\d{1,2}:\d{2}:\d{2}) (?P<zone>\S+) (?P<year>\d{4})",
    re.ASCII | re.IGNORECASE,
)
_DAY_AND_MONTH: Final = (
    r"(?:[^\W\d_]{2,12}\.?,? )?(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|°)?[ .-]{1,2}(?:de )?"
    r"(?P<name>[^\W\d_]{2,12}(?: ال(?:أول|اول|ثاني))?)\.?"
)
_DATES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<first>\d{1,2})(?P<sign>[/-])(?P<second>\d{1,2})(?P=sign)(?P<year>\d{4})",
        rf"{_DAY_AND_MONTH}[ ,-]{{1,2}}(?:del? )?(?P<year>\d{{4}})(?:\s?(?:г|р|года|року)\b\.?)?",
        r"(?:[^\W\d_]{2,12}\.?,? )?(?P<name>[^\W\d_]{3,12})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
    )
)
_TIME: Final = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<sec>\d{2})(?:[.,]\d{1,9})?)?(?:\s?(?P<half>[ap])\.?m\.?)?"
)
_DATE_TIME = re.compile(rf"(?P<date>.+?)(?:T|,?\s+(?:(?:в|о|об|at|·|•|-|–)\s+)?){_TIME}", re.IGNORECASE)
_TIME_DATE = re.compile(rf"{_TIME}(?:,?\s+(?:(?:·|•|-|–)\s+)?)(?P<date>.+)", re.IGNORECASE)
_ORDERED = re.compile(r"(?<![\d/-])(\d{1,2})([/-])(\d{1,2})\2\d{4}(?![\d/-])", re.ASCII)
_NO_ZONE_REMEDY: Final = (
    "say where its clock is with --timezone, for example Europe/Kyiv, or how many hours ahead of UTC with "
    "--utc-offset (timezone and utc_offset_hours in Python), for example 3 for Moscow, 0 for UTC"
)


_FIRST_SECOND, _LAST_SECOND = int(EARLIEST.timestamp()), int(LATEST.timestamp())
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_time(value: object, options: ReadOptions) -> datetime:
    """Read a point in time as exports state it, as aware UTC.

    Accepted: ISO 8601 ("2023-04-24T09:30:05+00:00", "2023-04-24 09:30:05Z", "... UTC"), Telegram Desktop
    ("24.04.2023 12:30:05 UTC+03:00", day first), RFC 822 ("Mon, 24 Apr 2023 12:30:05 +0300"), Twitter ("Fri Mar 01
    12:00:00 +0000 2024"), months by name in the languages of `MONTH_LANGUAGES` ("1 марта 2024, 12:00"), days as
    Chinese, Japanese and Korean write them, digits of any script, clocks with AM and PM, "3/13/2024" where the day
    shows or `options.date_order` says what comes first, zones by the names of RFC 822, "MSK", "EET" and "CET", a
    `datetime`, a `date`, and seconds since 1970 as number or digits. Numbers between 10**12 and 5 * 10**12 are
    milliseconds, as pandas writes them: no time before 2100 is that many seconds. Numbers from 32874 to 73050 are the
    days of a spreadsheet, 20240301 is a date, for the same reason.

    Args:
        value: the time as found.
        options: `timezone` or `utc_offset_hours` is the zone of times that name none; of an hour that the end of
            summer time repeats, the first is taken.

    Raises:
        ValueError: not a time, outside 1990 to 2100, or without zone while the options name none.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        moment = _from_number(parse_decimal(str(value)) if not isinstance(value, int) else value)
    else:
        text = make_excerpt(value) if isinstance(value, dict | list) else clean_text(value).strip()
        moment = _from_text(ascii_digits(unicodedata.normalize("NFC", text)), options)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone_of(options, value))
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(_out_of_range(value)) from None
    if not EARLIEST <= moment < LATEST:
        raise ValueError(_out_of_range(value))
    return moment


def check_zone(options: ReadOptions) -> None:
    """Refuse options that name no zone, or two, before anything is read.

    Raises:
        DataError: says what is expected.
    """
    if options.timezone is None:
        return
    if options.utc_offset_hours is not None:
        raise DataError("--timezone and --utc-offset: expected one of them, got both")
    read_zone(options.timezone)


def tell_date_order(value: object) -> Literal["", "any", "dmy", "mdy"]:
    """What a date such as "3/13/2024" says of the order of day and month: "any" if nothing, "" for other dates."""
    match = _ORDERED.search(ascii_digits(value[:EXCERPT_CHARS])) if isinstance(value, str) else None
    if match is None:
        return ""
    first, second = int(match[1]), int(match[3])
    if first > 12 or second > 12:  # noqa: PLR2004 - months
        return "dmy" if second <= 12 else "mdy"  # noqa: PLR2004 - months
    return "any"


def _out_of_range(value: object) -> str:
    return (
        f"expected a time from {EARLIEST.year} up to {LATEST.year}, got '{make_excerpt(value)}' "
        "(numbers are seconds since 1970)"
    )


def _from_number(number: Decimal | int) -> datetime:
    if _DATE_DIGITS.start <= number < _DATE_DIGITS.stop:  # "in" would try each, for a number that is no int
        digits = str(int(number))
        return datetime(int(digits[:4]), int(digits[4:6]), int(digits[6:]), tzinfo=UTC)
    if _EXCEL_DAYS.start <= number < _EXCEL_DAYS.stop:
        return _EXCEL_DAY_0 + timedelta(seconds=round(Decimal(number) * 86400))
    milliseconds = 10**12 <= number <= 5 * 10**12
    seconds = Decimal(number) / 1000 if milliseconds else Decimal(number)
    if not _FIRST_SECOND <= seconds < _LAST_SECOND:
        raise ValueError(_out_of_range(number))
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))


def _zone_of(options: ReadOptions, value: object) -> tzinfo:
    if options.timezone is not None:
        check_zone(options)
        return read_zone(options.timezone)
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
    try:
        if NUMBER.fullmatch(text):
            return _from_number(parse_decimal(text))
        return _from_words(" ".join(text.split()), options)
    except ValueError as error:
        if str(error).startswith("expected a time from"):
            raise
        raise ValueError(
            "expected a time such as 2023-04-24T09:30:05+00:00, 24.04.2023 12:30:05 UTC+03:00, 24 April 2023 12:30, "
            f"2023年4月24日 12:30 or seconds since 1970, got '{make_excerpt(text)}' ({error})"
        ) from None


def _from_words(text: str, options: ReadOptions) -> datetime:
    text = spell_as_iso(_COMMENT.sub("", text))
    if match := _TWITTER.fullmatch(text):
        text = "{day} {month} {year} {clock} {zone}".format(**match.groupdict())
    if (match := _RFC822.fullmatch(text)) and parsedate(text) is not None:
        try:
            return _from_rfc822(text, match["zone"], options)
        except ValueError:
            if match["zone"] is None or not _find_zone(text):
                raise
    if (match := _TIME_DATE.fullmatch(text)) and _find_date(match["date"], options):
        return _from_clock(text, options)  # the year at its end is no zone
    zone = _find_zone(text) if _CLOCK.search(text) else None
    moment = _from_clock(text[: zone.start()] if zone else text, options)
    if zone is None:
        return moment
    if moment.tzinfo is not None:
        raise ValueError("it names two zones")
    return _in_zone(moment, zone, options)


def _from_rfc822(text: str, zone: str | None, options: ReadOptions) -> datetime:
    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None and zone is not None:
        # "-0000" is a UTC time of unknown place; any other zone that was not understood is a name.
        if zone.startswith("-0000"):
            return moment.replace(tzinfo=UTC)
        found = _find_zone(text)
        return _in_zone(moment, found, options) if found else _without_zone(moment, zone, options)
    return moment


def _find_zone(text: str) -> re.Match[str] | None:
    zone = _ZONE.search(text)
    return None if zone is None or (zone["name"] or "").casefold() in _NO_ZONES else zone


def _in_zone(moment: datetime, zone: re.Match[str], options: ReadOptions) -> datetime:
    """The moment in the zone that a text ends with."""
    if zone["name"] is not None:
        name = zone["name"].casefold()
        if name in _PLACES:
            return moment.replace(tzinfo=ZoneInfo(_PLACES[name]))
        if name not in _HOURS:
            return _without_zone(moment, zone["name"], options)
        return moment.replace(tzinfo=timezone(timedelta(hours=_HOURS[name])))
    if zone["utc"]:
        return moment.replace(tzinfo=UTC)
    offset = zone["offset"] or zone["short"]
    digits = offset[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return moment.replace(tzinfo=timezone(-span if offset[0] == "-" else span))


def _without_zone(moment: datetime, zone: str, options: ReadOptions) -> datetime:
    if options.utc_offset_hours is None and options.timezone is None:
        raise ValueError(f"the zone name '{shorten(zone, 60)}' is not known; {_NO_ZONE_REMEDY}")
    return moment


def _from_clock(text: str, options: ReadOptions) -> datetime:
    """Read date and clock without zone: naive; a date alone is midnight UTC."""
    if _ISO.match(text):
        return datetime.fromisoformat(text)
    if match := _DATE_TIME.fullmatch(text) or _TIME_DATE.fullmatch(text):
        day = _find_date(match["date"], options)
        if day is not None:
            hour = _find_hour(int(match["hour"]), match["half"])
            return day.replace(hour=hour, minute=int(match["minute"]), second=int(match["sec"] or 0))
    day = _find_date(text, options)
    if day is not None:
        return day.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"a spelling that is not known; months by name are read in {MONTH_LANGUAGES}"
        ) from None
    return moment if any(sign in text for sign in "T: ") else moment.replace(tzinfo=UTC)


def _find_hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:  # noqa: PLR2004 - a clock of twelve hours
        raise ValueError(f"expected an hour from 1 to 12 before AM or PM, got {hour}")
    return hour % 12 + (12 if half in "pP" else 0)


def _find_date(text: str, options: ReadOptions) -> datetime | None:
    """Midnight of the day, naive; None for what is no date in one of our spellings."""
    for pattern in _DATES:
        if match := pattern.fullmatch(text):
            parts = match.groupdict()
            if "name" in parts:
                month = find_month(parts["name"])
                if month is None:
                    continue
            elif "first" in parts:
                return _find_ordered(int(parts["first"]), int(parts["second"]), int(parts["year"]), options)
            else:
                month = int(parts["month"])
            return datetime(int(parts["year"]), month, int(parts["day"]))  # noqa: DTZ001 - the zone follows
    return None


def _find_ordered(first: int, second: int, year: int, options: ReadOptions) -> datetime:
    order = options.date_order
    if order is None:
        if first != second and first <= 12 and second <= 12:  # noqa: PLR2004 - months
            raise ValueError(
                "whether day or month comes first is not known; say it with --date-order dmy or --date-order mdy"
            )
        order = "dmy" if second <= 12 else "mdy"  # noqa: PLR2004 - months
    day, month = (first, second) if order == "dmy" else (second, first)
    return datetime(year, month, day)  # noqa: DTZ001 - the zone follows
