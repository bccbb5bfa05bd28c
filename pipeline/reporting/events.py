"""Events that a reader should see in plots over time: a small table of days and labels."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from pipeline.data.tables.table_files import Record, read_records
from pipeline.errors import DataError, list_names, shorten
from pipeline.files.safe_text import safe_text

_MOST: Final = 30  # lines in a plot; more are a wall
_LONGEST: Final = 120  # characters of a label


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """What happened on a day."""

    day: date
    label: str


def read_events(path: Path) -> tuple[Event, ...]:
    """Events of a table (CSV, XLSX, JSON lines) with the columns `date` and `label`, earliest first.

    Raises:
        DataError: names file, line and column of what is missing or wrong, or too many events.
    """
    events = sorted(_read_event(record) for record in read_records(path))
    if not events:
        raise DataError(f"{path}: holds no event; expected rows with the columns date and label")
    if len(events) > _MOST:
        raise DataError(
            f"{path}: {len(events):,} events; expected at most {_MOST}, more cannot be told apart"
        )
    return tuple(events)


def _read_event(record: Record) -> Event:
    for column in ("date", "label"):
        if column not in record.cells:
            raise DataError(
                f"{record.where}: no column '{column}'; expected date and label, got "
                f"{list_names(map(str, record.cells))}"
            )
    day, label = (str(record.cells[column] or "").strip() for column in ("date", "label"))
    try:
        found = date.fromisoformat(day[:10]) if day[10:].strip(" 0:TZ") == "" else None
    except ValueError:
        found = None
    if found is None:
        raise DataError(
            f"{record.where}, column date: expected a day such as 2024-02-24, got {shorten(day, 40)!r}"
        )
    if not label or len(label) > _LONGEST:
        raise DataError(
            f"{record.where}, column label: expected a name of 1 to {_LONGEST} characters, got {len(label)}"
        )
    return Event(found, safe_text(label))
