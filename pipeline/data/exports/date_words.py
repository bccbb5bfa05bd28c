"""Dates with words in them: names of months in many languages, days and clocks as East Asian languages write them."""

import re
from typing import Final

_MONTHS: Final = {  # by how their names begin; the fourth letter is asked where three mean two months
    stem: month
    for month, stems in enumerate(
        (
            "jan янв січ сту ene gen sty oca ينا جان ژان",
            "feb фев лют fév fev lut şub فبر شبا فیف فور فيف",
            "mar мар бер сак mär mrz مار آذا اذا",
            "apr апр кві кра abr avr kwi nis أبر ابر إبر نيس أفر آور",
            "may май мая мае тра mai maj mag ماي أيا ايا",
            "jun июн чер чэр juin giu cze haz يون حزي جوا ژوئن",
            "jul июл лип ліп juil lug lip tem يول تمو جوي ژوئی",
            "aug авг сер жні ago aoû aou sie ağu أغس اغس أوت اوت",
            "sep сен вер set wrz eyl سبت أيل ايل سپت",
            "oct окт жов кас okt out ott paź eki أكت اكت اکت",
            "nov ноя лис ліс lis kas نوف نوا",
            "dec дек гру сне dez dic déc gru ara ديس دسا",
        ),
        start=1,
    )
    for stem in stems.split()
}
_WHOLE_MONTHS: Final = {  # too short for a stem, or of two words
    "آب": 8,
    "مه": 5,
    "كانون الثاني": 1,
    "تشرين الأول": 10,
    "تشرين الاول": 10,
    "تشرين الثاني": 11,
    "كانون الأول": 12,
    "كانون الاول": 12,
}
MONTH_LANGUAGES: Final = (
    "English, Ukrainian, Russian, Belarusian, Polish, German, French, Spanish, Italian, Portuguese, Turkish, Arabic "
    "and Persian"
)
_LONGEST_MONTH: Final = 12  # letters: "października", "تشرين الثاني"
_EAST_ASIAN_DAY = re.compile(
    r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日号號일]"
    r"(?:\s?(?:[(（][^()（）]{1,4}[)）]|(?:星期|周|週)[一二三四五六日天]|[日月火水木金土]曜日|[월화수목금토일]요일))?"
)
_EAST_ASIAN_CLOCKS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:(上午|下午|午前|午後|오전|오후)\s?)(\d{1,2}):(\d{2})(?::(\d{2}))?",
        r"(?:(上午|下午|午前|午後|오전|오후)\s?)?(\d{1,2})\s?[时時点點시](?:\s?(\d{1,2})\s?[分분])?(?:\s?(\d{1,2})\s?[秒초])?",
    )
)
_MORNINGS: Final = frozenset(("上午", "午前", "오전"))
_ARABIC_HALF = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?)\s?([صم])(?!\w)")


def find_month(word: str) -> int | None:
    """The month that a name, in any case or cut, means in one of `MONTH_LANGUAGES`."""
    folded = word.casefold()
    if len(folded) > _LONGEST_MONTH:
        return None
    return _WHOLE_MONTHS.get(folded) or _MONTHS.get(folded[:4]) or _MONTHS.get(folded[:3])


def spell_as_iso(text: str) -> str:
    """Dates and clocks as Chinese, Japanese and Korean write them, and halves of the day, in signs that we read.

    "2024年3月12日下午3时05分" is "2024-3-12 3:05 PM". Years of eras ("令和6年") have no four digits and stay.
    """
    if text.isascii():
        return text
    text = _EAST_ASIAN_DAY.sub(r"\1-\2-\3 ", text.replace("،", ",").replace("：", ":"))
    for clock in _EAST_ASIAN_CLOCKS:
        text = clock.sub(_spell_clock, text)
    text = _ARABIC_HALF.sub(lambda found: f"{found[1]} {'AM' if found[2] == 'ص' else 'PM'}", text)
    return " ".join(text.split())


def _spell_clock(found: re.Match[str]) -> str:
    half, hour, minute, second = found.groups()
    counts_to_twelve = half is not None and 1 <= int(hour) <= 12  # noqa: PLR2004 - "下午15:00" is written too
    after = "" if not counts_to_twelve else " AM" if half in _MORNINGS else " PM"
    return f" {hour}:{minute or '0':0>2}{f':{second:0>2}' if second else ''}{after}"
