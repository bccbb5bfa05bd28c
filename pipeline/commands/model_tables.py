"""Slices, costs and promotions as tables at the terminal."""

from __future__ import annotations  # the types below are for the reader; loading them would load mlflow

from typing import TYPE_CHECKING, Any

from pipeline.commands.result_tables import plain_table, print_comparison, print_notes, print_test_use
from pipeline.errors import list_names
from pipeline.files.safe_text import safe_text
from pipeline.reporting.card_numbers import say_none_worse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pipeline.evaluation.model_costs import ModelCosts
    from pipeline.evaluation.slices import Slice, SliceReport
    from pipeline.measures.intervals import Estimate
    from pipeline.tracking.promotion import Promotion
    from pipeline.tracking.promotion_check import PromotionCheck
    from pipeline.training.recalibration import Recalibration

WORST = 5
_NAMED = 4  # frames that a slice leaves out, at the terminal; --json has all


def print_slices(screen: Console, report: SliceReport) -> None:
    """The slices furthest below the rest, those of unseen channels and later months, and how many say nothing."""
    novelty, languages = report.of("novelty"), report.of("language")
    worst = [entry for entry in report.worst(WORST) if entry not in novelty]
    tables = {"Slices below the rest, the worst first": worst, "What training has not seen": novelty}
    if len(languages) > 1:
        tables["Languages"] = languages
    for title, entries in tables.items():
        if entries:
            _print_slices(screen, title, entries)
    none_worse = say_none_worse([entry.to_json() for entry in report.slices])
    if none_worse:
        screen.print(none_worse, soft_wrap=True)
    if any(tables.values()):
        screen.print(
            "macro-F1: over the slice's frames with enough positives; overall: of all texts over the same frames; gap: "
            "the slice minus all other texts, over the frames with enough in both",
            soft_wrap=True,
        )
    few = sum(entry.too_few is not None for entry in report.slices)
    if report.slices:
        screen.print(
            f"{len(report.slices)} slices in all, {few} of them with too few texts or positives for figures; "
            "--json lists all",
            soft_wrap=True,
        )
    print_notes(screen, report.notes)


def print_recalibration(screen: Console, done: Recalibration) -> None:
    """What the new rule changed, how often frames are coded and found, and where the model lies."""
    print_comparison(
        screen, done.comparison, "the rule before", "the new rule, learnt without the row it decides"
    )
    rows = [
        (frame, *(f"{share:.1%}" for share in shares))
        for frame, shares in zip(done.bundle.frame_ids, done.shares, strict=True)
    ]
    screen.print(plain_table("Share of the rows", ("frame", "coded", "found before", "found now"), rows))
    print_notes(screen, done.notes)
    screen.print(f"bundle          {safe_text(str(done.bundle.folder))}", soft_wrap=True)
    screen.print(f"bundle hash     {done.bundle.bundle_hash[:16]}")


def print_costs(screen: Console, first: ModelCosts, second: ModelCosts) -> None:
    """What two models cost, where one of them is a language model."""
    if not (first.counts_tokens or second.counts_tokens):
        return
    rows = [
        ("training: seconds", *(_count(cost.training_seconds) for cost in (first, second))),
        ("1,000 texts: seconds", *(_count(cost.seconds) for cost in (first, second))),
        ("1,000 texts: tokens in", *(_count(cost.input_tokens) for cost in (first, second))),
        ("1,000 texts: tokens out", *(_count(cost.output_tokens) for cost in (first, second))),
        ("1,000 texts: money", *(_money(cost) for cost in (first, second))),
    ]
    screen.print(plain_table("What each costs", ("", "first", "second"), rows))


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"  # noqa: PLR2004 - three digits


def _money(cost: ModelCosts) -> str:
    return "" if cost.money is None else f"{cost.money:,.2f} {safe_text(cost.currency)}"


def print_promotion(screen: Console, promotion: Promotion) -> None:
    """The figures, where two versions were compared, and who is champion now."""
    if promotion.check is not None:
        _print_check(screen, promotion.check)
    print_notes(screen, (f"forced against: {refusal}" for refusal in promotion.refusals))
    held = "no champion before" if promotion.previous is None else f"before: version {promotion.previous}"
    screen.print(f"models:/{safe_text(promotion.name)}@champion is now version {promotion.version} ({held})")


def _print_check(screen: Console, check: PromotionCheck) -> None:
    overall = check.comparison.macro_f1
    rows = [("all texts", check.n, *_gain_cells(overall.first, overall.second, overall.gain))]
    rows += [
        (entry.name, entry.n, *_gain_cells(entry.first, entry.second, entry.gain)) for entry in check.slices
    ]
    columns = ("macro-F1", "texts", "champion", "candidate", "gain", "interval")
    screen.print(plain_table("Candidate against champion", columns, rows))
    screen.print(f"all texts: {check.comparison.macro_name}", soft_wrap=True)
    print_test_use(screen, check.comparison)
    screen.print(
        f"asked: lower bound of the gain above {check.settings.margin:+.3f}; no protected slice loses more than "
        f"{check.settings.largest_slice_loss:.3f}",
        soft_wrap=True,
    )
    print_notes(screen, check.notes)


def _print_slices(screen: Console, title: str, entries: Sequence[Slice]) -> None:
    """A table, and below it which frames its figures leave out; the frames themselves would not fit beside them."""
    columns = ("slice", "texts", "frames", "macro-F1", "overall", "gap", "interval of gap")
    screen.print(plain_table(title, columns, map(_slice_row, entries)))
    partial = [entry for entry in entries if entry.left_out]
    for entry in partial:
        screen.print(f"{_name(entry)}: not over {list_names(entry.left_out, _NAMED)}", soft_wrap=True)
    if partial:
        screen.print()


def _name(entry: Slice) -> str:
    return safe_text(entry.value if entry.dimension == "novelty" else f"{entry.dimension}: {entry.value}")


def _slice_row(entry: Slice) -> tuple[Any, ...]:
    if entry.too_few is not None:
        return (_name(entry), entry.n, "too few", "", "", "", "")
    return (
        _name(entry),
        entry.n,
        len(entry.frames),
        _figure(entry.macro_f1.value),
        _figure(entry.overall),
        _figure(entry.gap.value, "+"),
        _range(entry.gap, "+"),
    )


def _gain_cells(first: float | None, second: float | None, gain: Estimate) -> tuple[str, ...]:
    return _figure(first), _figure(second), _figure(gain.value, "+"), _range(gain, "+")


def _figure(value: float | None, sign: str = "") -> str:
    return "too few" if value is None else f"{value:{sign}.2f}"


def _range(estimate: Estimate, sign: str = "") -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{estimate.low:{sign}.2f} … {estimate.high:{sign}.2f}"
