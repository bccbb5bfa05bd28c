"""For which units of an output a sample speaks: those that could have been drawn, and what lies outside."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.annotation.sampling_frame import RULES, TOLERANCE, DrawnFrame
from pipeline.prevalence.score_totals import SCORED
from pipeline.scoring.read_scores import open_scores

Span = tuple[str | None, str | None]  # days


@dataclass(frozen=True, slots=True)
class DrawnUnits:
    """How an output divides.

    Attributes:
        condition: SQL over the columns of the scores that holds for the units that could have been drawn.
        inside: how many these are; outside: the others.
        inside_span: days of the first and the last post of each; None where none has a time.
        expected: how many there were when the sample was drawn.
    """

    condition: str
    inside: int
    outside: int
    inside_span: Span
    outside_span: Span
    expected: int

    @property
    def is_found(self) -> bool:
        """Whether their number is that of the draw, or nearly."""
        return abs(self.inside - self.expected) <= TOLERANCE * self.expected


def find_drawn_units(out: Path, unit: str, frame: DrawnFrame) -> DrawnUnits:
    """Find the units that could have been drawn, see `pipeline.annotation.sampling_frame`."""
    has_text = "n_sentences > 0" if unit == "post" else "true"
    with open_scores(out) as connection:
        source = f"(FROM {SCORED[unit]} WHERE {has_text})"
        counts = ", ".join(f"count(*) FILTER ({frame.express(rule)})" for rule in RULES)
        found = connection.sql(f"SELECT {counts} FROM {source}").fetchall()[0]  # noqa: S608 - times and names of ours
        rule = frame.choose_rule(dict(zip(RULES, found, strict=True)))
        condition = frame.express(rule)
        rows = connection.sql(
            f"SELECT ({condition}) AS inside, count(*), strftime(min(published_at), '%Y-%m-%d'), "  # noqa: S608 - as above
            f"strftime(max(published_at), '%Y-%m-%d') FROM {source} GROUP BY 1"
        ).fetchall()
    by_side = {bool(side): (int(n), (first, last)) for side, n, first, last in rows}
    nothing: tuple[int, Span] = (0, (None, None))
    (inside, inside_span), (outside, outside_span) = by_side.get(True, nothing), by_side.get(False, nothing)
    return DrawnUnits(condition, inside, outside, inside_span, outside_span, frame.units)


def say_span(span: Span) -> str:
    """First and last day, after " of "; nothing where no post has a time."""
    return f" of {span[0]} to {span[1]}" if span[0] is not None else ""
