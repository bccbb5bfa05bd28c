"""Time zones by their names in the IANA data base, and what was probably meant by a name that is not there."""

import difflib
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pipeline.errors import DataError, shorten

_SUGGESTIONS: Final = 3
_OTHERS: Final = {  # cities after which people call a clock, and the place that the data base names it after
    "abu dhabi": "Asia/Dubai",
    "ankara": "Europe/Istanbul",
    "beijing": "Asia/Shanghai",
    "delhi": "Asia/Kolkata",
    "hanoi": "Asia/Bangkok",
    "islamabad": "Asia/Karachi",
    "kharkiv": "Europe/Kyiv",
    "lviv": "Europe/Kyiv",
    "mumbai": "Asia/Kolkata",
    "odesa": "Europe/Kyiv",
    "peking": "Asia/Shanghai",
    "st petersburg": "Europe/Moscow",
    "tel aviv": "Asia/Jerusalem",
    "washington": "America/New_York",
}


def read_zone(name: str, option: str = "--timezone") -> ZoneInfo:
    """The zone of a name.

    Raises:
        DataError: no such zone; names those that are alike.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found = suggest_zones(name)
        remedy = (
            f"; did you mean {' or '.join(found)}?" if found else ", such as Europe/Kyiv or America/New_York"
        )
        raise DataError(
            f"{option} {shorten(name, 60)}: no such time zone; expected a name of the IANA data base{remedy}"
        ) from None


def suggest_zones(name: str) -> list[str]:
    """Zones that a wrong name may mean: its city's, else those whose names are alike; the likeliest first."""
    city = name.replace("_", " ").rpartition("/")[2].strip().casefold()
    if city in _OTHERS:
        return [_OTHERS[city]]
    zones = {
        zone
        for zone in available_timezones()
        if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
    }
    cities = {zone: zone.replace("_", " ").rpartition("/")[2].casefold() for zone in sorted(zones)}
    if same := [zone for zone, its in cities.items() if its == city]:
        return same[:_SUGGESTIONS]
    close = difflib.get_close_matches(city, set(cities.values()), _SUGGESTIONS, cutoff=0.75)
    return [zone for near in close for zone, its in cities.items() if its == near][:_SUGGESTIONS]
