"""What the commands on labels show at the terminal."""

from __future__ import annotations  # the types below are for the reader; loading them would load more

import shlex
from typing import TYPE_CHECKING, Any, Final

from pipeline.annotation.coded_table import say_count
from pipeline.annotation.label_exchange import list_rejects
from pipeline.commands.result_tables import plain_table, print_notes
from pipeline.data.exports.field_values import make_excerpt
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from pipeline.annotation.agreement import AgreementReport, FrameAgreement
    from pipeline.annotation.suspects import Suspect
    from pipeline.data.labels.labelled_rows import Reject
    from pipeline.measures.intervals import Estimate

_CONFUSIONS = 10  # shown; --json has all
_SUSPECTS = 20  # shown; the output file and --json have all


_HOW_TO_CODE: Final = {
    ("table", "frames"): "mark with x each frame that a text carries, or (no frame) where it carries none",
    ("table", "labels"): "write frame ids into labels, ';' between, or (no frame) where a text carries none",
    "doccano": "give each frame that a text carries, or (no frame) where it carries none",
    "prodigy": "choose the frames and accept; accept without a choice where a text carries none",
    "label-studio": "choose the frames and submit; submit without a choice where a text carries none",
}


def print_how_to_code(screen: Console, tool: str, layout: str, sample: Path, codebook: Path) -> None:
    """What to tell the coders, and what is needed to read their work back."""
    how = _HOW_TO_CODE[(tool, layout) if tool == "table" else tool]
    untouched = "a row left empty" if tool == "table" else "a text that nobody opened"
    place = " (also in the panel Codebook of the configuration)" if tool == "label-studio" else ""
    lines = [
        f"Coders: {how}; {untouched} counts as not coded. Leave id and text as they are.",
        f"Definitions of the frames stand in {codebook}{place}: give them to the coders.",
        f"Ids are codes that do not tell the channel; {sample} is the key: keep it for label-import, as --sample.",
    ]
    for line in lines:
        screen.print(safe_text(line), soft_wrap=True, markup=False)


def print_imported(
    screen: Console, result: dict[str, Any], paths: dict[str, str], rejects: Sequence[Reject]
) -> None:
    """Counts of codings, the files that were written, the notes, and the first rejects."""
    rows = [("units", result["units"]), ("codings", result["codings"])]
    rows += [(f"  {status}", n) for status, n in result["status"].items()]
    rows += [("ground truth", result["ground_truth"]), ("rejected rows", result["rejects"])]
    rows += [(f"by {name}", n) for name, n in result["annotators"].items()]
    combined = result.get("combined", {})
    rows += [("units with combined labels", combined["labelled"])] if combined else []
    screen.print(plain_table("Codings", ("", "count"), rows))
    for name, path in paths.items():
        screen.print(f"{name:10} {safe_text(path)}", soft_wrap=True)
    print_notes(screen, [*result["notes"], *combined.get("notes", ())])
    if rejects:
        rejected = say_count(len(rejects), "row was", "rows were")
        print_notes(screen, [f"{rejected} rejected: {list_rejects(rejects)}"])


def print_agreement(screen: Console, report: AgreementReport) -> None:
    """Coefficients of each frame and overall, confusions, and the notes."""
    is_pair = report.label_sets.figures["cohen"].value is not None

    def row(entry: FrameAgreement) -> tuple[Any, ...]:
        figures = entry.figures
        kappa = figures["cohen" if is_pair else "fleiss"]
        return (
            entry.name,
            "" if entry.coded is None else entry.coded,
            _figure(figures["alpha"]),
            _interval(figures["alpha"]),
            _figure(kappa),
            _figure(figures["ac1"]),
            _percent(figures["percent"]),
        )

    columns = ("frame", "coded", "alpha", "interval", "kappa", "AC1", "agree")
    entries = (*report.frames, report.decisions, report.label_sets)
    masi = ("label sets, MASI", "", _figure(report.masi), _interval(report.masi), "", "", "")
    screen.print(plain_table("Agreement of annotators", columns, [*map(row, entries), masi]))
    screen.print(
        "alpha: Krippendorff's, nominal; with MASI sets that share frames agree in part; "
        f"kappa: {'Cohen' if is_pair else 'Fleiss'}'s; AC1: Gwet's. "
        f"{report.n_units} texts in {report.n_clusters} clusters; "
        f"annotators: {safe_text(', '.join(report.annotators))}; "
        f"intervals: {report.confidence:.0%}, bootstrap over clusters",
        soft_wrap=True,
    )
    if report.confusions:
        title = f"What stands against what, in {len(report.disputed)} texts on which annotators differ"
        screen.print(
            plain_table(title, ("frame", "other annotator", "pairs"), report.confusions[:_CONFUSIONS])
        )
    print_notes(screen, report.notes)


def print_how_to_settle(screen: Console, discuss: Path, inputs: Sequence[Path], n_disputed: int) -> None:
    """What to do with the table of disputed units."""
    screen.print(
        f"to settle   {safe_text(str(discuss))} ({say_count(n_disputed, 'text', 'texts')})", soft_wrap=True
    )
    if not n_disputed:
        return
    names = " ".join(shlex.quote(str(path)) for path in (*inputs, discuss))
    screen.print(
        "Write what you settled on into its column labels (frame ids, ';' between; (no frame) where there is none; "
        "empty: still open), then read all together:",
        soft_wrap=True,
        markup=False,
    )
    command = f"frames label-import {names} --codebook CODEBOOK --sample SAMPLE -o settled.jsonl"
    screen.print(safe_text(command), soft_wrap=True, markup=False)


def print_suspects(
    screen: Console, found: Sequence[Suspect], notes: Sequence[str], output: Path | None
) -> None:
    """The least believed labels, how many there are, and the notes."""
    rows = [
        (
            f"{suspect.where.rpartition('/')[2] or suspect.id}: {make_excerpt(suspect.text)}",
            suspect.frame,
            suspect.coded,
            f"{suspect.probability:.3f}",
        )
        for suspect in found[:_SUSPECTS]
    ]
    if rows:
        screen.print(plain_table("Labels to look at again", ("text", "frame", "coded", "probability"), rows))
    screen.print(f"{say_count(len(found), 'label is', 'labels are')} suspect, {len(rows)} shown")
    if output:
        screen.print(f"whole list  {safe_text(str(output))}", soft_wrap=True)
    print_notes(screen, notes)


def _figure(estimate: Estimate) -> str:
    return "-" if estimate.value is None else f"{estimate.value:.3f}"


def _percent(estimate: Estimate) -> str:
    return "-" if estimate.value is None else f"{estimate.value:.1%}"


def _interval(estimate: Estimate) -> str:
    return (
        "" if estimate.low is None or estimate.high is None else f"{estimate.low:.2f} … {estimate.high:.2f}"
    )
