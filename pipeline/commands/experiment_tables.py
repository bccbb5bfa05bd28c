"""Learning curves and sweeps as tables at the terminal."""

from __future__ import annotations  # the types below are for the reader; loading them would load mlflow

from typing import TYPE_CHECKING

from pipeline.printing import plain_table, print_notes
from pipeline.terminal import safe_text

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.evaluation.learning_curve import SizeSummary
    from pipeline.tracked_curve import RecordedCurve


def print_curve(screen: Console, recorded: RecordedCurve) -> None:
    """One line for each size, what more labels would buy, and the notes."""
    from pipeline.tracked_curve import ON_TEST

    curve = recorded.curve
    columns = ("sentences", "draws", "macro-F1", "range", "seconds")
    title = f"{curve.name} ({curve.kind}) on {curve.n_test} test texts"
    screen.print(plain_table(title, columns, map(_size_row, curve.sizes)))
    screen.print(f"{recorded.outlook}", soft_wrap=True)
    print_notes(screen, (ON_TEST, *curve.notes))
    for path in recorded.files:
        screen.print(f"wrote {safe_text(str(path))}", soft_wrap=True)
    screen.print(f"run {recorded.run_id} in {safe_text(recorded.tracking_uri)}", soft_wrap=True)


def _size_row(summary: SizeSummary) -> tuple[str, ...]:
    estimate = summary.macro_f1
    mean = "too few" if estimate.value is None else f"{estimate.value:.3f}"
    spread = "" if estimate.low is None else f"{estimate.low:.3f} … {estimate.high:.3f}"
    return str(summary.size), str(summary.draws), mean, spread, f"{summary.seconds:.1f}"
