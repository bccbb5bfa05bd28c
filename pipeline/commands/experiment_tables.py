"""Learning curves and sweeps as tables at the terminal."""

from __future__ import annotations  # the types below are for the reader; loading them would load mlflow

from typing import TYPE_CHECKING

from pipeline.commands.result_tables import plain_table, print_notes
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.config.sweep import SweepSettings
    from pipeline.evaluation.learning_curve_record import SizeSummary
    from pipeline.training.sweep.records import SweepResult, TrialRecord
    from pipeline.training.teacher_curve import TeacherCurve
    from pipeline.training.tracked_curve import RecordedCurve

TOP = 10


def print_curve(screen: Console, recorded: RecordedCurve) -> None:
    """One line for each size, what more labels would buy, and the notes."""
    from pipeline.training.tracked_curve import ON_TEST

    curve = recorded.curve
    columns = ("sentences", "draws", "macro-F1", "range", "seconds")
    title = f"{curve.name} ({curve.kind}) on {curve.n_test} test texts"
    screen.print(plain_table(title, columns, map(_size_row, curve.sizes)))
    screen.print(f"macro-F1: {curve.macro_name}", soft_wrap=True)
    screen.print(f"{recorded.outlook}", soft_wrap=True)
    print_notes(screen, (ON_TEST, *curve.notes))
    for path in recorded.files:
        screen.print(f"wrote {safe_text(str(path))}", soft_wrap=True)
    screen.print(f"run {recorded.run_id} in {safe_text(recorded.tracking_uri)}", soft_wrap=True)


def print_teacher_curve(screen: Console, curve: TeacherCurve) -> None:
    """One line for each number of the teacher's rows, what all of them bought, and the notes."""
    from pipeline.commands.result_tables import format_interval
    from pipeline.training.tracked_curve import ON_TEST

    rows = [
        (
            *_size_row(summary),
            _signed(curve.gain_per_hundred(summary)),
            _signed(curve.gain_per_money(summary)),
        )
        for summary in curve.sizes
    ]
    columns = ("teacher's rows", "draws", "macro-F1", "range", "seconds", "gain per 100", "per unit of money")
    title = f"{curve.name} ({curve.kind}), {curve.n_people} rows of people, on {curve.n_test} test texts"
    shown = len(columns) if curve.cost_per_hundred else len(columns) - 1
    screen.print(plain_table(title, columns[:shown], [row[:shown] for row in rows]))
    screen.print(f"macro-F1: {curve.macro_name}", soft_wrap=True)
    if curve.gain.value is not None:
        screen.print(
            f"all {curve.sizes[-1].size} rows changed macro-F1 by {curve.gain.value:+.3f} "
            f"({curve.confidence:.0%} interval {format_interval(curve.gain, 3, sign='+')})",
            soft_wrap=True,
        )
    print_notes(screen, (ON_TEST, *curve.notes))


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}"


def _size_row(summary: SizeSummary) -> tuple[str, ...]:
    estimate = summary.macro_f1
    mean = "too few" if estimate.value is None else f"{estimate.value:.3f}"
    spread = "" if estimate.low is None else f"{estimate.low:.3f} … {estimate.high:.3f}"
    return str(summary.size), str(summary.draws), mean, spread, f"{summary.seconds:.1f}"


def describe_trial(
    record: TrialRecord, best: TrialRecord | None, finished: int, settings: SweepSettings | None
) -> str:
    """One line on a trial that has just finished, and the best so far."""
    wanted, metric = (settings.trials, settings.metric) if settings else (finished, "metric")
    outcome = (
        f"{metric} {record.value:.4f}" if record.value is not None else f"{record.state}: {record.reason}"
    )
    so_far = (
        f"best {best.value:.4f}, trial {best.number}" if best and best.value is not None else "no best yet"
    )
    return safe_text(f"trial {record.number} ({finished} of {wanted}): {outcome} ({so_far})")


def print_sweep(screen: Console, result: SweepResult) -> None:
    """The ten best trials, what mattered, how many did not come to their end, and where the best config is."""
    ranked = result.ranked
    columns = ("trial", result.metric, "seconds", "settings")
    rows = [
        (str(r.number), f"{r.value:.4f}", f"{r.figures['seconds']:.1f}", _settings_text(r))
        for r in ranked[:TOP]
    ]
    screen.print(plain_table(f"The best of {len(result.records)} trials", columns, rows))
    screen.print(f"{result.metric}: {result.metric_name}, without the test fold", soft_wrap=True)
    for state in ("pruned", "failed"):
        reasons = [record.reason for record in result.records if record.state == state]
        if reasons:
            screen.print(safe_text(f"{len(reasons)} {state}, the last: {reasons[-1]}"), soft_wrap=True)
    if result.importances:
        shares = ", ".join(f"{key} {share:.2f}" for key, share in result.importances.items())
        screen.print(safe_text(f"importance: {shares}"), soft_wrap=True)
    print_notes(screen, result.notes)
    screen.print(f"run {result.run_id} in {safe_text(result.tracking_uri)}", soft_wrap=True)
    if result.best_config is not None:
        screen.print(f"best settings: frames train {safe_text(str(result.best_config))}", soft_wrap=True)


def _settings_text(record: TrialRecord) -> str:
    """For example "min_df=2, decisions.calibration=none"."""
    shown = {
        key.removeprefix("model."): f"{value:.4g}" if isinstance(value, float) else str(value)
        for key, value in record.tried.items()
    }
    return ", ".join(f"{key}={value}" for key, value in shown.items())
