"""Results as tables at the terminal. Everything that comes from data is made safe first."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.evaluation.comparison import Comparison, Difference
from pipeline.evaluation.report import EvaluationReport
from pipeline.terminal import safe_text


def plain_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table whose first column is text and whose other columns are figures."""
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for i, name in enumerate(columns):
        table.add_column(safe_text(name), justify="right" if i else "left", overflow="fold")
    for row in rows:
        table.add_row(*(safe_text(str(cell)) for cell in row))
    return table


def print_evaluation(screen: Console, report: EvaluationReport, title: str) -> None:
    """Overall figures, one line for each frame, and the notes."""
    level = f"{report.confidence:.0%} interval"
    rows = [
        (
            scores.frame,
            scores.positives,
            scores.predicted,
            scores.precision,
            scores.recall,
            scores.f1,
            scores.average_precision,
        )
        for scores in report.per_frame
    ]
    columns = ("frame", "coded", "predicted", "precision", "recall", "F1", "average precision")
    screen.print(plain_table(f"{title} ({level} over {report.n_clusters} clusters)", columns, rows))
    screen.print(f"macro-F1    {report.macro_f1}")
    screen.print(f"micro-F1    {report.micro_f1}")
    screen.print(f"samples-F1  {report.samples_f1}")
    screen.print(f"mean average precision {report.mean_average_precision}")
    screen.print(f"calibration error {report.calibration_error:.3f}, texts {report.n}")
    print_notes(screen, report.notes)


def print_comparison(screen: Console, comparison: Comparison, first: str, second: str) -> None:
    """Differences overall and for each frame, and what they allow to say."""

    def row(difference: Difference) -> tuple[Any, ...]:
        p_value = "" if difference.p_value is None else f"{difference.p_value:.4f}"
        return (
            difference.name,
            difference.positives,
            f"{difference.first:.3f}",
            f"{difference.second:.3f}",
            difference.gain,
            p_value,
        )

    columns = ("", "coded", first, second, "gain of the second", "p")
    overall = [row(comparison.macro_f1), row(comparison.micro_f1)]
    title = "F1 on the same test rows (p: paired cluster permutation, frames corrected by Holm)"
    screen.print(plain_table(title, columns, [*overall, *(row(d) for d in comparison.per_frame)]))
    screen.print(f"First: {safe_text(first)}. Second: {safe_text(second)}.")
    screen.print(f"Macro-F1: {comparison.verdict}.")


def print_notes(screen: Console, notes: Iterable[str]) -> None:
    """Notes to the reader, one a line."""
    for note in notes:
        screen.print(f"Note: {safe_text(note)}", soft_wrap=True)
