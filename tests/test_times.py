"""Times as people and programs write them: the moment meant, or a refusal; never a guess."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.exports.times import check_zone, parse_time
from pipeline.errors import DataError

NOON = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)  # in Moscow
MOSCOW = ReadOptions(utc_offset_hours=3)


@pytest.mark.parametrize(
    "text",
    [
        "1 марта 2024, 12:00",
        "1 марта 2024 г. 12:00",
        "1 марта 2024 года в 12:00",
        "пт, 1 мар. 2024 12:00:00",
        "1 березня 2024 р., 12:00",
        "1 March 2024 12:00",
        "March 1, 2024, 12:00 PM",
        "12:00 PM · Mar 1, 2024",
        "12:00, 01.03.2024",
        "1.3.2024 12:00",
        "01.03.2024 12:00:00 PM",
        "2024/03/01 12:00",
        "45352.5",
        45352.5,
        "Fri Mar 01 09:00:00 +0000 2024",
        "2024-03-01 12:00 MSK",
        "2024-03-01 12:00 мск",
        "2024-03-01 04:00:00 EST",
        "2024-03-01 11:00 EET",
        "2024-03-01 12:00 UTC+3",
        "Fri Mar 01 2024 12:00:00 GMT+0300 (Moscow Standard Time)",
        "13/3/2024",
        "2024年3月1日 12:00",
        "2024年3月1日（星期五）下午12时00分",
        "2024年3月1日(金) 午後12:00",
        "2024년 3월 1일 오후 12:00",
        "2024年03月01日12時00分00秒",
        "٢٠٢٤-٠٣-٠١ ١٢:٠٠",
        "1 مارس 2024، 12:00 م",
        "12:00 1 آذار 2024",
        "1er mars 2024 12:00",
        "1. März 2024, 12:00",
        "1 de marzo de 2024 12:00",
        "1 marca 2024 12:00",
        "1 сакавіка 2024 г. 12:00",
        "1 Mart 2024 12:00",
    ],
)
def test_spellings_of_one_moment(text: object) -> None:
    expected = datetime(2024, 3, 13, tzinfo=UTC) if text == "13/3/2024" else NOON
    assert parse_time(text, MOSCOW) == expected


@pytest.mark.parametrize(
    ("text", "month"),
    [
        *(
            ("12 juin 2024", 6),
            ("12 juillet 2024", 7),
            ("12 października 2024", 10),
            ("12 كانون الثاني 2024", 1),
        ),
        *(("12 آب 2024", 8), ("12 Ağustos 2024", 8), ("12 de outubro de 2024", 10), ("۱۲ ژوئیه ۲۰۲۴", 7)),
        *(("2024年12月12号", 12), ("12 липня 2024", 7), ("12 lipca 2024", 7), ("12 кастрычніка 2024", 10)),
    ],
)
def test_months_by_name_are_those_of_their_language(text: str, month: int) -> None:
    assert parse_time(text, ReadOptions()) == datetime(2024, month, 12, tzinfo=UTC)


def test_moscow_was_four_hours_ahead_for_three_years() -> None:
    assert parse_time("2013-03-01 12:00 MSK", ReadOptions()).hour == 8


@pytest.mark.parametrize(
    ("day", "hour"), [("2024-01-15", 10), ("2024-07-15", 9), ("2024-03-30", 10), ("2024-04-01", 9)]
)
def test_a_place_has_its_summer_time(day: str, hour: int) -> None:
    assert parse_time(f"{day} 12:00", ReadOptions(timezone="Europe/Kyiv")).hour == hour


@given(st.dates(date(1990, 1, 2), date(2099, 12, 30)), st.floats(-14, 14))
def test_a_date_without_a_clock_stays_on_its_day(day: date, offset: float) -> None:
    for text in (str(day), f"{day:%d.%m.%Y}", f"{day.day} {day:%B} {day.year}", f"{day:%Y%m%d}", day):
        moment = parse_time(text, ReadOptions(utc_offset_hours=offset))
        assert (moment.date(), moment.hour) == (day, 0)
    assert parse_time(day, ReadOptions()).date() == day


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("3/1/2024 12:00", MOSCOW, "--date-order"),
        ("3-1-2024 12:00", MOSCOW, "--date-order"),
        ("13/1/2024 12:00", ReadOptions(utc_offset_hours=0, date_order="mdy"), "month must be in 1..12"),
        ("13:00 PM 01.03.2024", MOSCOW, "an hour from 1 to 12"),
        ("2024-03-01 12:00", ReadOptions(), "--timezone"),
        ("2024-03-01 12:00 XYZT", ReadOptions(), "the zone name 'XYZT' is not known"),
        ("45352.5", ReadOptions(), "names no zone"),
        ("1 марта, 12:00", MOSCOW, "expected a time such as"),
        ("вчера в 12:00", MOSCOW, "expected a time such as"),
        ("12:00", MOSCOW, "expected a time such as"),
        ("12 foobar 2024 12:00", MOSCOW, "months by name are read in English, Ukrainian"),
        ("令和6年3月12日", MOSCOW, "expected a time such as"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(text: str, options: ReadOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_time(text, options)


def test_a_stated_order_is_followed() -> None:
    day_first = ReadOptions(utc_offset_hours=0, date_order="dmy")
    assert parse_time("3/1/2024 12:00", day_first) == datetime(2024, 1, 3, 12, tzinfo=UTC)
    month_first = ReadOptions(utc_offset_hours=0, date_order="mdy")
    assert parse_time("3/1/2024 12:00 AM", month_first) == datetime(2024, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Kyiv", "Europe/Kyiv"),
        ("europe/kyiv", "Europe/Kyiv"),
        ("Asia/Beijing", "Asia/Shanghai"),
        ("Mosow", "Europe/Moscow"),
    ],
)
def test_a_wrong_zone_is_answered_with_what_was_meant(name: str, meant: str) -> None:
    with pytest.raises(DataError, match=f"did you mean {meant}"):
        check_zone(ReadOptions(timezone=name))


def test_zones_are_checked_before_anything_is_read() -> None:
    check_zone(ReadOptions(timezone="Europe/Kyiv"))
    with pytest.raises(DataError, match="no such time zone; expected a name of the IANA data base"):
        check_zone(ReadOptions(timezone="Kiev time"))
    with pytest.raises(DataError, match="expected one of them, got both"):
        check_zone(ReadOptions(timezone="Europe/Kyiv", utc_offset_hours=2))
