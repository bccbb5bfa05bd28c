"""What it costs that one text lacks a word that another has: nothing for titles before a name, much for a negation."""

from collections.abc import Sequence
from typing import Final

from pipeline.data.copies.weighed_words import CONNECTIVES, PORTFOLIOS, TITLES
from pipeline.data.copies.wording import Unit, Weight

INFINITE: Final = float("inf")
_COSTS: Final[dict[Weight, float]] = {"colour": 0.5, "light": 1.0, "heavy": INFINITE}
_NATIONS: Final = ("an", "ish", "ese")  # endings of what is of a people
_GENITIVE: Final = frozenset("ыиіїая")  # letters at the end of names of states; й has become и
_VOWELS: Final = frozenset("аеиоуыэюяіє")


def find_costs(units: Sequence[Unit]) -> list[float]:
    """What it costs that the other text lacks each unit, in words; shape (n_units,)."""
    costs = [_COSTS[unit.weight] for unit in units]
    if costs and costs[-1] == 1:  # at the end, a part of what is said
        costs[-1] = INFINITE
    for place, unit in enumerate(units):
        if unit.is_joined and costs[place] == _COSTS["light"]:  # "long-suffering" is one word
            costs[place] = 0.0
        if unit.begins and unit.word in CONNECTIVES:
            costs[place] = _COSTS["colour"]
        if unit.is_name or (unit.may_be_name and place and not unit.begins):
            for before in range(place - 1, _find_title(units, place) - 1, -1):
                costs[before] = 0.0
    return costs


def _find_title(units: Sequence[Unit], name: int) -> int:
    """Where a title before a name begins, or initials; the name's own place if it has none."""
    start = place = name
    if not _may_have_title(units, name):
        return name
    while place > 0:
        unit = units[place - 1]
        is_title = unit.word in TITLES or (len(unit.word) == 1 and unit.has_stop and unit.may_be_name)
        # "президент Карвии Баровин"
        is_land = unit.is_name and place == name and unit.word[-1] in _GENITIVE and place > 1
        is_of_land = is_land and units[place - 2].word in TITLES
        if not (is_title or is_of_land or unit.word in PORTFOLIOS):
            break
        place -= 1
        # "министр иностранных дел" has its title before the rest, "foreign minister" after it
        if is_title or any(one.word in TITLES for one in units[place:start]) or start < name:
            start = place
    before = units[start - 1] if 0 < start < name else None
    is_nation = before is not None and before.may_be_name and before.word.endswith(_NATIONS)
    return start - is_nation  # "Ukrainian President Zelensky"


def _may_have_title(units: Sequence[Unit], name: int) -> bool:
    """Not so "of Karvia" in "the minister of Karvia", which Slavic names tell by their endings."""
    word, before = units[name].word, units[name - 1].word
    if word.isascii():
        return before != "of"
    return word[-1] not in "иыії" and not (before[-1] not in _VOWELS and word[-1] in "аяую")
