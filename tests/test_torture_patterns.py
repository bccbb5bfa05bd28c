"""Regular expressions take time in proportion to the text, whatever it holds; a few are only ever given short texts."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from pattern_audit import Found, find_patterns, make_inputs, seconds_of

pytestmark = pytest.mark.fault

# Given nothing longer by the code that uses them, so that the square of it does not matter.
BOUNDED = {
    "pasted_text.py:_FORWARD": 160,
    "pasted_text.py:_COPIED": 192,
    "times.py:_ZONE": 200,
    "times.py:_RFC822": 200,
    "times.py:_COMMENT": 200,
    "times.py:_DATE_TIME": 200,
    "times.py:_TIME_DATE": 200,
    "boilerplate.py:_TRAILER": 80,
    "sentence_patterns.py:LAST_WORD": 24,
    "sentence_patterns.py:ACRONYM": 24,
}
OURS = {"reference.py", "checkpoints.py"}  # read what this program wrote itself
TINY, SHORT, LONG = (
    18,
    1_000,
    8_000,
)  # characters; eight times as long takes 8 times as long, or 64 times where it is the square
NOTICED = 0.004  # seconds, below which nothing is told apart
TURNS = 3  # of which the quickest counts
PATTERNS, FOUND_UNREAD = find_patterns()


def find_slowest(found: Found, length: int) -> float:
    """Seconds for the dearest of the inputs; the search ends where one is dear beyond doubt."""
    slowest = 0.0
    for text in make_inputs(found.pattern, length):
        seconds = seconds_of(found, text)
        if seconds > max(slowest, NOTICED):  # not because the machine paused
            seconds = seconds_of(found, text, TURNS)
        slowest = max(slowest, seconds)
        if slowest > 10 * NOTICED:
            break
    return slowest


def is_superlinear(found: Found) -> bool:
    """Whether eight times the text takes more than 24 times as long: it takes 8 times, or 64 times if squared.

    Each input that takes long enough to be measured is judged, by the quickest of several turns, so that a pause of the
    machine on one of them neither passes for a slow pattern nor hides one.
    """
    for length, too_long in ((TINY, NOTICED), (SHORT, 10 * NOTICED)):  # longer texts would never end
        if find_slowest(found, length) > too_long:
            return True
    texts = zip(make_inputs(found.pattern, SHORT), make_inputs(found.pattern, LONG), strict=True)
    return any(
        seconds_of(found, long) > NOTICED and _is_out_of_proportion(found, short, long)
        for short, long in texts
    )


def _is_out_of_proportion(found: Found, short: Any, long: Any) -> bool:
    return seconds_of(found, long, TURNS) > 24 * max(seconds_of(found, short, TURNS), NOTICED / 100)


def test_every_pattern_is_read() -> None:
    assert len(PATTERNS) > 60
    assert set(BOUNDED) <= {found.name for found in PATTERNS}


@pytest.mark.parametrize(
    "found",
    [found for found in PATTERNS if found.name.split(":")[0] not in OURS],
    ids=lambda found: found.name,
)
def test_the_time_of_a_pattern_grows_with_the_text(found: Found) -> None:
    if limit := BOUNDED.get(found.name):
        assert find_slowest(found, limit) < 0.05
    else:
        assert not is_superlinear(found)


def test_the_audit_is_counted(print_figure: Callable[[str], None]) -> None:
    inputs = sum(1 for found in PATTERNS for _ in make_inputs(found.pattern, 10))
    print_figure(
        f"regular expressions: {len(PATTERNS)} audited on {inputs:,} inputs made from their parts, {len(BOUNDED)} of "
        f"them on the longest text that they are given, {len(FOUND_UNREAD)} not read"
    )


@pytest.mark.parametrize(
    "pattern",
    [r"\s*:?\s+\S.*y", r"x*\n", r"\d+\.\d+\.\d+x", r"\0*\n\0*", r"(a+)+b", r"(?:\w+\s?)*!$"],
)
def test_the_audit_notices_patterns_of_the_square_and_worse(pattern: str) -> None:
    assert is_superlinear(Found("planted", re.compile(pattern)))
